package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a spec file. Line and Column count from 1; 0 means the file as a whole.
type Problem struct {
	File    string
	Line    int
	Column  int
	Message string
	Hint    string // what to do about it; empty when the message says it all
}

// String is `file:line:column: message (hint)`.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if p.Column > 0 {
		fmt.Fprintf(&b, ":%d", p.Column)
	}
	b.WriteString(": " + p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Problems is everything that is wrong with a spec file, in the file's order. It is the error that Load returns for
// content it cannot accept.
type Problems []Problem

// Error is one problem on a line of its own each.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// sorted is p by line and column, without repetitions.
func (p Problems) sorted() Problems {
	out := slices.Clone(p)
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(out)
}

// Position is a place in a spec file; Line and Column count from 1.
type Position struct {
	File   string
	Line   int
	Column int
}

// String is `file:line`.
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }
