package skeleton

import (
	"fmt"
	"maps"
	"reflect"
	"sync"
	"text/template/parse"
)

// Compile writes a skeleton out as Nunjucks, which finds the values under the name values. The error is an *Error, or the
// parser's.
func Compile(name, text string, values reflect.Type) (string, error) {
	c, err := newCompiler(name, text)
	if err != nil || c.tree == nil {
		return "", err
	}
	root := access("values", values)
	if err := c.list(c.tree.Root, scope{dot: root, root: root}); err != nil {
		return "", err
	}
	return c.out.String(), nil
}

// compiler turns one parse tree into Nunjucks. tree is nil when the skeleton is empty.
type compiler struct {
	tree  *parse.Tree
	out   source
	loops int
}

// scope is what names mean at one place of a skeleton. inline gives the expression of a field of the root where the root
// itself is no object; see Expression.
type scope struct {
	dot, root value
	vars      map[string]value
	inline    func(field string) (value, bool)
}

func newCompiler(name, text string) (*compiler, error) {
	trees, err := parse.Parse(name, text, left, right, known())
	if err != nil {
		return nil, err
	}
	c := &compiler{tree: trees[name]}
	for other, tree := range trees {
		if other != name {
			where, _ := tree.ErrorContext(tree.Root)
			return nil, &Error{where, fmt.Sprintf("template %q is defined: Nunjucks has no such thing", other)}
		}
	}
	return c, nil
}

// known tells the parser every name that a skeleton may call; text/template adds its own by itself, its parser does not.
var known = sync.OnceValue(func() map[string]any {
	all := map[string]any(Functions())
	for _, name := range []string{"eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "len"} {
		all[name] = true
	}
	return all
})

func (c *compiler) list(l *parse.ListNode, s scope) error {
	if l == nil {
		return nil
	}
	for _, n := range l.Nodes {
		if err := c.node(n, s); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) node(n parse.Node, s scope) error {
	switch n := n.(type) {
	case *parse.TextNode:
		c.out.literal(string(n.Text))
		return nil
	case *parse.CommentNode:
		return nil
	case *parse.ActionNode:
		return c.action(n, s)
	case *parse.IfNode:
		return c.branch(n, s, "{% if ")
	case *parse.RangeNode:
		return c.loop(n, s)
	}
	return c.errorf(n, "%s cannot be said in Nunjucks", n)
}

func (c *compiler) action(n *parse.ActionNode, s scope) error {
	if len(n.Pipe.Decl) > 0 {
		return c.errorf(n, "a variable is set: give the values one more field instead")
	}
	v, err := c.pipe(n.Pipe, s)
	if err != nil {
		return err
	}
	if !v.is(reflect.String) && !v.is(reflect.Int) {
		return c.errorf(n, "%s is printed, which the two engines do in different ways: print its parts", v.describe())
	}
	c.out.code(output(v.code))
	return nil
}

// branch writes if, and else if as elif.
func (c *compiler) branch(n *parse.IfNode, s scope, open string) error {
	cond, err := c.condition(n.Pipe, s)
	if err != nil {
		return err
	}
	c.out.code(open + cond + " %}")
	if err := c.list(n.List, s); err != nil {
		return err
	}
	if next := elseIf(n.ElseList); next != nil {
		return c.branch(next, s, "{% elif ")
	}
	if n.ElseList != nil {
		c.out.code("{% else %}")
		if err := c.list(n.ElseList, s); err != nil {
			return err
		}
	}
	c.out.code("{% endif %}")
	return nil
}

func elseIf(l *parse.ListNode) *parse.IfNode {
	if l == nil || len(l.Nodes) != 1 {
		return nil
	}
	n, _ := l.Nodes[0].(*parse.IfNode)
	return n
}

func (c *compiler) condition(p *parse.PipeNode, s scope) (string, error) {
	if len(p.Decl) > 0 {
		return "", c.errorf(p, "a variable is set in a condition: give the values one more field instead")
	}
	v, err := c.pipe(p, s)
	if err != nil {
		return "", err
	}
	if v.truth() == "" {
		return "", c.errorf(p, "%s as a condition: only a bool, a string and a list are", v.describe())
	}
	return v.truth(), nil
}

func (c *compiler) loop(n *parse.RangeNode, s scope) error {
	list, err := c.pipe(&parse.PipeNode{NodeType: parse.NodePipe, Pos: n.Pipe.Pos, Line: n.Pipe.Line, Cmds: n.Pipe.Cmds}, s)
	if err != nil {
		return err
	}
	if !list.is(reflect.Slice) {
		return c.errorf(n.Pipe, "range over %s: only over a list", list.describe())
	}
	c.loops++
	element := access(fmt.Sprintf("v%d", c.loops), list.typ.Elem())
	c.out.code("{% for " + element.code + " in " + list.code + " %}")
	if err := c.list(n.List, c.inside(n, s, element)); err != nil {
		return err
	}
	if n.ElseList != nil {
		c.out.code("{% else %}")
		if err := c.list(n.ElseList, s); err != nil {
			return err
		}
	}
	c.out.code("{% endfor %}")
	return nil
}

// inside is the scope of a loop's body. An index gets a name of its own: loop.index0 means the innermost loop.
func (c *compiler) inside(n *parse.RangeNode, s scope, element value) scope {
	s.dot = element
	s.vars = maps.Clone(s.vars)
	if s.vars == nil {
		s.vars = map[string]value{}
	}
	decl := n.Pipe.Decl
	if len(decl) == 2 {
		index := fmt.Sprintf("i%d", c.loops)
		c.out.code("{% set " + index + " = loop.index0 %}")
		s.vars[decl[0].Ident[0]] = value{index, intType(), true}
	}
	if len(decl) > 0 {
		s.vars[decl[len(decl)-1].Ident[0]] = element
	}
	return s
}
