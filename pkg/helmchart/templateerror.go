package helmchart

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	// templatePlace is where the engine's texts say a template is: chart/templates/x.yaml:12:20, also in parentheses.
	templatePlace = regexp.MustCompile(`(?m)(?:^|[\s(])([^\s():]+/templates/[^\s():]+):(\d+)(?::(\d+))?`)
	// reportedAt is the form of a parse error and of the functions required and fail.
	reportedAt = regexp.MustCompile(`(?s)^(?:parse|execution) error at \([^)]*\): (.*)$`)
	// evaluated is the expression that failed: at <.Values.typo>: message.
	evaluated = regexp.MustCompile(`(?s)at <([^\n]*?)>:\s*(.*)$`)
)

// templateError reads place, message and cause out of the engine's error texts, which have no typed form (the texts:
// helm.sh/helm/v4/pkg/engine, cleanupParseError and reformatExecErrorMsg). The innermost place is blamed; those that
// included it are told in the hint.
func (c *Chart) templateError(err error) *Error {
	text := strings.TrimSpace(err.Error())
	e := &Error{Pos: Pos{File: c.dir}, Message: text}
	places := templatePlace.FindAllStringSubmatch(text, -1)
	if len(places) == 0 {
		return e
	}
	inner := places[len(places)-1]
	e.Pos = c.posOf(inner)
	switch m := reportedAt.FindStringSubmatch(text); {
	case m != nil:
		e.Message = oneLine(m[1])
	default:
		tail := text[strings.LastIndex(text, inner[0])+len(inner[0]):]
		if m := evaluated.FindStringSubmatch(tail); m != nil {
			e.Message = m[1] + ": " + oneLine(m[2])
		} else {
			e.Message = oneLine(strings.TrimLeft(tail, ": \n"))
		}
	}
	e.Hint = templateHint(e.Message)
	if outer := places[0]; len(places) > 1 && outer[1] != inner[1] {
		e.Hint = strings.TrimPrefix(e.Hint+fmt.Sprintf("; included from %s", c.posOf(outer)), "; ")
	}
	return e
}

func (c *Chart) posOf(m []string) Pos {
	line, _ := strconv.Atoi(m[2])
	column, err := strconv.Atoi(m[3])
	if err == nil {
		column++ // text/template counts columns from 0
	}
	return Pos{File: c.templatePath(m[1]), Line: line, Column: column}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func templateHint(message string) string {
	switch {
	case strings.Contains(message, "map has no entry for key"):
		return "a misspelt key, or one without a default: set it in the chart's values.yaml (null there counts as not set)"
	case strings.Contains(message, "nil pointer evaluating"):
		return "the parent of this key is not set: give it a default in the chart's values.yaml"
	}
	return ""
}
