package helmtext

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/ameideio/ameide/pkg/yamledit"
)

// Branch is a branch of an if … else if … chain that compares one variable
// with strings: {{- else if eq $template "backstage" }}.
type Branch struct {
	Variable string // as it stands in the condition, for example "$template"
	Value    string // the string it is compared with
	Body     string // the lines of the branch; their indentation becomes that of the chain's last branch
}

// chain is an if with its else-ifs that compares the variable.
type chain struct {
	values []string // that the variable is compared with, in order
	heads  int      // how many of its conditions compare the variable
	last   action   // the last if or else if
	tail   action   // the plain else, or the end
	start  int
}

// InsertBranch adds a branch behind the last one of the only chain that
// compares the variable, before its final else or end. The text is returned as
// it is if a chain already has a branch for the value. Without a chain the
// error is ErrNotFound, with several ErrAmbiguous, with a chain that is
// written on one line ErrUnsafe.
func InsertBranch(name, text string, b Branch) (string, error) {
	chains, err := findChains(name, text, b.Variable)
	if err != nil {
		return "", err
	}
	for _, c := range chains {
		if slices.Contains(c.values, b.Value) {
			return text, nil
		}
	}
	c, err := chooseChain(name, text, b, chains)
	if err != nil {
		return "", err
	}
	in, err := c.insertion(name, text, b)
	if err != nil {
		return "", err
	}
	next, err := in.apply(name, text)
	if err != nil {
		return "", err
	}
	after, err := findChains(name, next, b.Variable)
	if err != nil || !grew(chains, after, c, b.Value) {
		return "", refuse(name, text, in.at, yamledit.ErrUnsafe, "the result would not be the old chain plus one branch", handEdit)
	}
	return next, nil
}

// grew reports whether the chain has the value as its last one, all else equal.
func grew(before, after []chain, c chain, value string) bool {
	return slices.EqualFunc(before, after, func(x, y chain) bool {
		if x.start == c.start {
			return slices.Equal(append(slices.Clone(x.values), value), y.values)
		}
		return slices.Equal(x.values, y.values)
	})
}

// chooseChain prefers the one chain with several branches to single ifs.
func chooseChain(name, text string, b Branch, chains []chain) (chain, error) {
	several := slices.DeleteFunc(slices.Clone(chains), func(c chain) bool { return c.heads < 2 })
	if len(several) == 0 {
		several = chains
	}
	if len(several) == 1 {
		return several[0], nil
	}
	if len(several) == 0 {
		return chain{}, &yamledit.Error{File: name, Kind: yamledit.ErrNotFound,
			Problem: fmt.Sprintf("no condition compares %s with a string", b.Variable),
			Hint:    fmt.Sprintf("add a branch {{- if eq %s %q }} by hand", b.Variable, b.Value)}
	}
	var at []string
	for _, c := range several {
		at = append(at, strconv.Itoa(lineOf(text, c.start)))
	}
	return chain{}, refuse(name, text, several[1].start, yamledit.ErrAmbiguous,
		fmt.Sprintf("the chains on lines %s all compare %s", strings.Join(at, ", "), b.Variable),
		fmt.Sprintf("add the branch for %q by hand to the right one", b.Value))
}

func (c chain) insertion(name, text string, b Branch) (insertion, error) {
	if !blankBefore(text, c.last.start) || !blankBefore(text, c.tail.start) || lineOf(text, c.last.start) == lineOf(text, c.tail.start) {
		return insertion{}, refuse(name, text, c.tail.start, yamledit.ErrUnsafe, "the chain's actions do not stand on lines of their own", handEdit)
	}
	indent := indentAt(text, c.last.start)
	body := indent
	for at := nextLine(text, c.last.end); at < c.tail.start; at = nextLine(text, at) {
		if strings.TrimSpace(text[at:nextLine(text, at)]) != "" && at != lineStart(text, c.tail.start) {
			body = indentAt(text, at)
			break
		}
	}
	left, right := "{{", "}}"
	if c.last.trimLeft {
		left = "{{-"
	}
	if c.last.trimRight {
		right = "-}}"
	}
	head := fmt.Sprintf("%s%s else if eq %s %q %s", indent, left, b.Variable, b.Value, right)
	return insertion{lineStart(text, c.tail.start), append([]string{head}, indented(b.Body, body)...)}, nil
}

// findChains lists the chains that compare the variable, in order.
func findChains(name, text, variable string) ([]chain, error) {
	trees, err := parseTemplate(name, text)
	if err != nil {
		return nil, err
	}
	conditions := map[int][]string{}
	for _, t := range trees {
		if t.Root != nil {
			collect(t.Root, variable, conditions)
		}
	}
	all := actions(text)
	var out []chain
	for i, a := range all {
		if a.keyword != "if" {
			continue
		}
		if c := readChain(all[i:], conditions); c.heads > 0 {
			out = append(out, c)
		}
	}
	return out, nil
}

// readChain follows the if that all begins with to its end.
func readChain(all []action, conditions map[int][]string) chain {
	c := chain{start: all[0].start}
	depth := 0
	for _, a := range all {
		if a.opens() {
			depth++
		}
		if depth == 1 && (a.keyword == "if" || a.keyword == "else if") {
			c.last = a
			if values := valuesOf(a, conditions); values != nil {
				c.heads++
				c.values = append(c.values, values...)
			}
		}
		if depth == 1 && (a.keyword == "else" || a.keyword == "end") {
			c.tail = a
			return c
		}
		if a.keyword == "end" {
			depth--
		}
	}
	return c
}

func valuesOf(a action, conditions map[int][]string) []string {
	for pos, values := range conditions {
		if pos >= a.start && pos < a.end {
			return values
		}
	}
	return nil
}

// collect maps the offset of every if's condition to the strings it compares
// the variable with.
func collect(n parse.Node, variable string, out map[int][]string) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, c := range n.Nodes {
			collect(c, variable, out)
		}
	case *parse.IfNode:
		if values, ok := compared(n.Pipe, variable); ok {
			out[int(n.Pipe.Position())] = values
		}
		collect(n.List, variable, out)
		collect(n.ElseList, variable, out)
	case *parse.RangeNode:
		collect(n.List, variable, out)
		collect(n.ElseList, variable, out)
	case *parse.WithNode:
		collect(n.List, variable, out)
		collect(n.ElseList, variable, out)
	}
}

// compared reads eq VARIABLE "a" "b", in either order and in parentheses, and
// an or of several.
func compared(pipe *parse.PipeNode, variable string) ([]string, bool) {
	if len(pipe.Cmds) != 1 || len(pipe.Decl) > 0 {
		return nil, false
	}
	args := pipe.Cmds[0].Args
	if inner, ok := args[0].(*parse.PipeNode); ok && len(args) == 1 {
		return compared(inner, variable)
	}
	var values []string
	found := false
	for _, arg := range args[1:] {
		switch a := arg.(type) {
		case *parse.StringNode:
			values = append(values, a.Text)
		case *parse.PipeNode:
			inner, ok := compared(a, variable)
			if !ok || args[0].String() != "or" {
				return nil, false
			}
			values, found = append(values, inner...), true
		default:
			if arg.String() != variable {
				return nil, false
			}
			found = true
		}
	}
	name := args[0].String()
	return values, found && len(values) > 0 && (name == "eq" || name == "or")
}
