package skeleton

import (
	"reflect"
	"strings"
	"text/template/parse"
)

// Fields gives the expression that stands for a field of the values, by its name in Go; ok is false where there is none.
type Fields func(field string) (expression string, ok bool)

// Expression writes a skeleton without loops as one expression of Nunjucks, for the input of a step of a Software Template,
// where the values do not exist yet: fields says what stands for each. A skeleton that is one action alone keeps the type
// of what it yields.
func Expression(name, text string, values reflect.Type, fields Fields) (string, error) {
	c, err := newCompiler(name, text)
	if err != nil {
		return "", err
	}
	if c.tree == nil {
		return literal(""), nil
	}
	root := access("", values)
	s := scope{dot: root, root: root, inline: func(field string) (value, bool) {
		f, ok := values.FieldByName(field)
		if !ok {
			return value{}, false
		}
		code, ok := fields(field)
		return access(code, f.Type), ok
	}}
	return c.concatenation(c.tree.Root, s)
}

func (c *compiler) concatenation(l *parse.ListNode, s scope) (string, error) {
	if l == nil {
		return literal(""), nil
	}
	var terms []string
	for _, n := range l.Nodes {
		term, err := c.term(n, s)
		if err != nil {
			return "", err
		}
		terms = append(terms, term)
	}
	switch len(terms) {
	case 0:
		return literal(""), nil
	case 1:
		return terms[0], nil
	}
	return "(" + strings.Join(terms, " ~ ") + ")", nil
}

func (c *compiler) term(n parse.Node, s scope) (string, error) {
	switch n := n.(type) {
	case *parse.TextNode:
		return literal(string(n.Text)), nil
	case *parse.ActionNode:
		v, err := c.pipe(n.Pipe, s)
		return v.code, err
	case *parse.IfNode:
		return c.choice(n, s)
	}
	return "", c.errorf(n, "%s cannot be said in one expression", n)
}

// choice is an inline if.
func (c *compiler) choice(n *parse.IfNode, s scope) (string, error) {
	cond, err := c.condition(n.Pipe, s)
	if err != nil {
		return "", err
	}
	yes, err := c.concatenation(n.List, s)
	if err != nil {
		return "", err
	}
	no, err := c.concatenation(n.ElseList, s)
	if err != nil {
		return "", err
	}
	return "(" + yes + " if " + cond + " else " + no + ")", nil
}
