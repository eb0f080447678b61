package helmtext

import (
	"regexp"
	"slices"
	"strings"
)

// action is one {{ … }} of a template.
type action struct {
	start, end          int    // byte offsets, delimiters included
	keyword             string // "if", "else", "else if", "end", …; empty for output and comments
	body                string // without delimiters and trim markers
	trimLeft, trimRight bool
}

var keywords = regexp.MustCompile(`^(if|range|with|block|define|end|else(\s+(if|with))?|break|continue|template)\b`)

// actions finds the actions of a text that text/template can parse.
func actions(text string) []action {
	var out []action
	for at := 0; ; {
		i := strings.Index(text[at:], "{{")
		if i < 0 {
			return out
		}
		a := readAction(text, at+i)
		out = append(out, a)
		at = a.end
	}
}

func readAction(text string, start int) action {
	a := action{start: start}
	i := start + 2
	if strings.HasPrefix(text[i:], "-") && i+1 < len(text) && strings.ContainsRune(" \t\r\n", rune(text[i+1])) {
		a.trimLeft = true
		i++
	}
	a.end = actionEnd(text, i)
	body := strings.TrimSuffix(text[i:a.end], "}}")
	if t := strings.TrimSuffix(body, "-"); t != body && strings.TrimRight(t, " \t\r\n") != t {
		a.trimRight = true
		body = t
	}
	a.body = strings.TrimSpace(body)
	a.keyword = strings.Join(strings.Fields(keywords.FindString(a.body)), " ")
	return a
}

// actionEnd is the offset behind the closing delimiter. Delimiters inside
// strings and comments do not count.
func actionEnd(text string, i int) int {
	if rest := strings.TrimLeft(text[i:], " \t\r\n"); strings.HasPrefix(rest, "/*") {
		if j := strings.Index(rest, "*/"); j >= 0 {
			i = len(text) - len(rest) + j + 2
		}
	}
	for i < len(text) {
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], "}}"):
			return i + 2
		case c == '"' || c == '\'' || c == '`':
			i = stringEnd(text, i)
		default:
			i++
		}
	}
	return len(text)
}

func stringEnd(text string, i int) int {
	quote := text[i]
	for i++; i < len(text); i++ {
		if text[i] == '\\' && quote != '`' {
			i++
		} else if text[i] == quote {
			return i + 1
		}
	}
	return len(text)
}

// opens reports whether the action starts a block that an "end" closes.
func (a action) opens() bool {
	return slices.Contains([]string{"if", "range", "with", "block", "define"}, a.keyword)
}

// output reports whether the action writes something by itself.
func (a action) output() bool {
	return a.keyword == "template" || a.keyword == "" && !strings.HasPrefix(a.body, "/*") && !assignment.MatchString(a.body)
}

var assignment = regexp.MustCompile(`^\$\w*(\s*,\s*\$\w*)?\s*:?=`)

// stack is the open blocks at an offset: the offset of the action that opened
// each, or of the else that began its current branch.
func stack(all []action, offset int) []int {
	var open []int
	for _, a := range all {
		if a.end > offset {
			break
		}
		switch {
		case a.opens():
			open = append(open, a.start)
		case len(open) > 0 && strings.HasPrefix(a.keyword, "else"):
			open[len(open)-1] = a.start
		case len(open) > 0 && a.keyword == "end":
			open = open[:len(open)-1]
		}
	}
	return open
}
