package skeleton

import (
	"reflect"
	"strings"
	"text/template/parse"
)

// pipe is one command: `a | f` says the same as `f a` and is refused, so that a skeleton has one way to say it.
func (c *compiler) pipe(p *parse.PipeNode, s scope) (value, error) {
	v, err := c.command(p.Cmds[0], nil, s)
	for _, cmd := range p.Cmds[1:] {
		if err != nil {
			return value{}, err
		}
		v, err = c.command(cmd, []value{v}, s)
	}
	return v, err
}

// command is a function with its arguments, the last of them from the pipe, or one operand.
func (c *compiler) command(cmd *parse.CommandNode, piped []value, s scope) (value, error) {
	id, ok := cmd.Args[0].(*parse.IdentifierNode)
	if !ok {
		if len(cmd.Args) > 1 || len(piped) > 0 {
			return value{}, c.errorf(cmd, "%s is no function", cmd.Args[0])
		}
		return c.operand(cmd.Args[0], s)
	}
	var args []value
	for _, n := range cmd.Args[1:] {
		v, err := c.operand(n, s)
		if err != nil {
			return value{}, err
		}
		args = append(args, v)
	}
	v, problem := call(id.Ident, append(args, piped...))
	if problem != "" {
		return value{}, c.errorf(cmd, "%s: %s", id.Ident, problem)
	}
	return v, nil
}

func (c *compiler) operand(n parse.Node, s scope) (value, error) {
	switch n := n.(type) {
	case *parse.DotNode:
		return s.dot, nil
	case *parse.FieldNode:
		return c.fields(n, s, s.dot, n.Ident)
	case *parse.VariableNode:
		return c.variable(n, s)
	case *parse.StringNode:
		return value{literal(n.Text), stringType(), true}, nil
	case *parse.BoolNode:
		return value{n.String(), boolType(), true}, nil
	case *parse.NumberNode:
		if n.IsInt {
			return value{n.Text, intType(), true}, nil
		}
	case *parse.PipeNode:
		return c.pipe(n, s)
	case *parse.IdentifierNode:
		return value{}, c.errorf(n, "%s needs arguments", n.Ident)
	}
	return value{}, c.errorf(n, "%s cannot be said in Nunjucks", n)
}

func (c *compiler) variable(n *parse.VariableNode, s scope) (value, error) {
	if n.Ident[0] == "$" {
		return c.fields(n, s, s.root, n.Ident[1:])
	}
	v, ok := s.vars[n.Ident[0]]
	if !ok {
		return value{}, c.errorf(n, "%s is not set", n.Ident[0])
	}
	return c.fields(n, s, v, n.Ident[1:])
}

func (c *compiler) fields(n parse.Node, s scope, v value, path []string) (value, error) {
	for _, field := range path {
		next, ok := v.member(field)
		if s.inline != nil && v == s.root {
			next, ok = s.inline(field)
		}
		if !ok {
			return value{}, c.errorf(n, "%s has no field %s", v.describe(), field)
		}
		v = next
	}
	return v, nil
}

// comparison maps the names of text/template to operators.
func comparison(name string) (operator string, ok bool) {
	operators := map[string]string{"eq": "===", "ne": "!==", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
	operator, ok = operators[name]
	return operator, ok
}

// call is a function of Functions or of text/template in Nunjucks. problem says why it cannot be written.
func call(name string, args []value) (v value, problem string) {
	if operator, ok := comparison(name); ok {
		return compare(operator, args)
	}
	switch name {
	case "and", "or":
		return logic(name, args)
	case "not":
		return not(args)
	case "len":
		return length(args)
	case "join":
		return join(args)
	}
	return text(name, args)
}

// compare compares two values of one type, and with eq the first with each of the others. Order is for numbers: JavaScript
// orders strings by UTF-16.
func compare(operator string, args []value) (value, string) {
	if len(args) < 2 || len(args) > 2 && operator != "===" {
		return value{}, "takes two arguments"
	}
	kinds := []reflect.Kind{reflect.Int}
	if strings.HasSuffix(operator, "==") {
		kinds = append(kinds, reflect.String, reflect.Bool)
	}
	first := args[0]
	var terms []string
	for _, other := range args[1:] {
		if first.typ == nil || other.typ == nil || !oneOf(first, kinds) || first.typ.Kind() != other.typ.Kind() {
			return value{}, "cannot compare " + first.describe() + " with " + other.describe()
		}
		terms = append(terms, first.argument()+" "+operator+" "+other.argument())
	}
	return computed(strings.Join(terms, " or "), boolType()), ""
}

func oneOf(v value, kinds []reflect.Kind) bool {
	for _, k := range kinds {
		if v.is(k) {
			return true
		}
	}
	return false
}

// logic yields one of its arguments, in Go as in JavaScript, where all are of one type whose truth is the same in both.
func logic(operator string, args []value) (value, string) {
	if len(args) == 0 {
		return value{}, "takes arguments"
	}
	terms := make([]string, len(args))
	typ := args[0].typ
	for i, a := range args {
		if terms[i] = a.truth(); terms[i] == "" {
			return value{}, a.describe() + " is neither true nor false in both engines"
		}
		if a.typ != typ || a.is(reflect.Slice) {
			typ = nil
		}
	}
	return computed(strings.Join(terms, " "+operator+" "), typ), ""
}

func not(args []value) (value, string) {
	if len(args) != 1 || args[0].truth() == "" {
		return value{}, "takes one bool, string or list"
	}
	return computed("not "+args[0].truth(), boolType()), ""
}

func length(args []value) (value, string) {
	if len(args) != 1 || !args[0].is(reflect.Slice) {
		return value{}, "takes one list: the length of a string is in bytes in Go and in UTF-16 in JavaScript"
	}
	return computed(args[0].code+" | length", intType()), ""
}

func join(args []value) (value, string) {
	if len(args) != 2 || args[0].typ != stringType() || !args[1].is(reflect.Slice) || args[1].typ.Elem() != stringType() {
		return value{}, "takes a separator and a list of strings"
	}
	return computed(args[1].code+" | join("+args[0].argument()+")", stringType()), ""
}

// text is a function from strings to a string.
func text(name string, args []value) (value, string) {
	for _, a := range args {
		if a.typ != stringType() { // text/template converts no named type
			return value{}, "takes strings, not " + a.describe()
		}
	}
	filters := map[string]string{"lower": "lower", "upper": "upper", "title": "title", "quote": "dump"}
	switch filter, simple := filters[name]; {
	case simple && len(args) == 1:
		return computed(args[0].argument()+" | "+filter, stringType()), ""
	case name == "untitle" && len(args) == 1:
		s := args[0].argument()
		return computed("("+s+"[0] | lower) ~ "+s+".slice(1)", stringType()), ""
	case name == "replace" && len(args) == 3:
		if args[0].code == `""` || !strings.HasPrefix(args[0].code, `"`) {
			return value{}, "what is replaced must be written out and not be empty"
		}
		return computed(args[2].argument()+" | replace("+args[0].code+", "+args[1].argument()+")", stringType()), ""
	}
	return value{}, "is not a function of both engines, or has the wrong number of arguments"
}
