package helmtext

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/ameideio/ameide/pkg/yamledit"
)

var templateLine = regexp.MustCompile(`^template: .*?:(\d+)(?::\d+)?: `)

// parseTemplate parses a template and the templates it defines, by name.
func parseTemplate(name, text string) (map[string]*parse.Tree, error) {
	if err := yamledit.CheckText(name, []byte(text)); err != nil {
		return nil, err
	}
	set := map[string]*parse.Tree{}
	tree := parse.New("template")
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(text, "", "", set); err != nil {
		e := &yamledit.Error{File: name, Line: 1, Column: 1, Problem: err.Error(), Kind: yamledit.ErrSyntax,
			Hint: "correct the template by hand and run again"}
		if m := templateLine.FindStringSubmatch(err.Error()); m != nil {
			e.Line, _ = strconv.Atoi(m[1])
			e.Problem = strings.TrimPrefix(err.Error(), m[0])
		}
		return nil, e
	}
	return set, nil
}

// insertion is lines that go in at the start of a line.
type insertion struct {
	at    int
	lines []string
}

// apply inserts the lines with the line ending of the line before, and parses
// the result.
func (in insertion) apply(name, text string) (string, error) {
	eol := eolBefore(text, in.at)
	block := strings.Join(in.lines, eol)
	if in.at == len(text) && in.at > 0 && text[in.at-1] != '\n' {
		block = eol + block
	} else {
		block += eol
	}
	next := text[:in.at] + block + text[in.at:]
	if _, err := parseTemplate(name, next); err != nil {
		return "", refuse(name, text, in.at, yamledit.ErrUnsafe, fmt.Sprintf("the result would not parse (%v)", err), handEdit)
	}
	return next, nil
}

const handEdit = "make this edit by hand, then run again"

func eolBefore(text string, at int) string {
	before := text[:at]
	if i := strings.LastIndexByte(before, '\n'); i < 0 {
		before = text
	}
	if i := strings.LastIndexByte(before, '\n'); i > 0 && before[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

func lineStart(text string, at int) int { return strings.LastIndexByte(text[:at], '\n') + 1 }

func nextLine(text string, at int) int {
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}

// indentAt is the white space that the line of offset at begins with.
func indentAt(text string, at int) string {
	line := text[lineStart(text, at):nextLine(text, at)]
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

func blankBefore(text string, at int) bool {
	return strings.Trim(text[lineStart(text, at):at], " \t") == ""
}

func lineOf(text string, at int) int { return 1 + strings.Count(text[:at], "\n") }

func refuse(name, text string, at int, kind error, problem, hint string) error {
	return &yamledit.Error{File: name, Line: lineOf(text, at), Column: 1 + len([]rune(text[lineStart(text, at):at])),
		Problem: problem, Hint: hint, Kind: kind}
}

// indented is the lines of a block, its own common indentation replaced.
func indented(block, indent string) []string {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(block, "\r\n", "\n"), "\n"), "\n")
	common := -1
	for _, l := range lines {
		if n := len(l) - len(strings.TrimLeft(l, " ")); strings.TrimSpace(l) != "" && (common < 0 || n < common) {
			common = n
		}
	}
	for i, l := range lines {
		if strings.TrimSpace(l) == "" {
			lines[i] = ""
			continue
		}
		lines[i] = indent + l[max(common, 0):]
	}
	return lines
}
