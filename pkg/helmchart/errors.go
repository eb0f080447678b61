package helmchart

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Pos is a place in a file of the checkout.
type Pos struct {
	File   string // slash-separated, relative to the file system's root; empty when nothing is known
	Line   int    // from 1; 0 when only the file is known
	Column int    // from 1; 0 when only the line is known
}

// String is file, file:line or file:line:column, as far as known.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Error is one thing that is wrong with a chart, a value file or a rendering.
type Error struct {
	Pos
	Message string
	Hint    string // what to do; empty when the message says it
}

func (e *Error) Error() string {
	if e.File == "" {
		return e.Message
	}
	return e.Pos.String() + ": " + e.Message
}

// Errors is every problem of one call, in the order of the files and lines. The functions of this package that fail
// because of a file's content return it.
type Errors []*Error

func (l Errors) Error() string {
	lines := make([]string, len(l))
	for i, e := range l {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives errors.As access to each problem.
func (l Errors) Unwrap() []error {
	out := make([]error, len(l))
	for i, e := range l {
		out[i] = e
	}
	return out
}

// yamlLine finds the line in an error text of the YAML libraries, which have no typed one.
var yamlLine = regexp.MustCompile(`(?s)(?:^|\s)yaml: (?:unmarshal errors:\s*)?(?:line (\d+): )?(.*)$`)

// yamlError turns a parser's error into one with a place.
func yamlError(file string, err error) *Error {
	e := &Error{Pos: Pos{File: file}, Message: err.Error()}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Message = m[2]
	}
	switch {
	case strings.Contains(e.Message, "character that cannot start any token"), strings.Contains(e.Message, "tab character"):
		e.Hint = "YAML is indented with spaces, never with tabs; a value that starts with @, ` or % needs quotes"
	case strings.Contains(e.Message, "mapping values are not allowed"):
		e.Hint = "quote a value that holds a colon, or check the indentation of this line and the one above"
	}
	return e
}
