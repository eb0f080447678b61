package appset

import (
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strconv"
)

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

func problemf(pos Position, format string, args ...any) *Problem {
	return &Problem{Position: pos, Message: fmt.Sprintf(format, args...)}
}

// yamlProblem moves the line that the YAML library writes into its message to the position.
func yamlProblem(file string, err error) *Problem {
	pos, msg := Position{File: file}, err.Error()
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		pos.Line, _ = strconv.Atoi(m[1])
		msg = "yaml: " + msg[len(m[0]):]
	}
	return &Problem{Position: pos, Message: msg}
}

// problems collects what is wrong with a tree.
type problems struct {
	overlay string
	list    []Problem
}

func (p *problems) add(err error) {
	var one *Problem
	if !errors.As(err, &one) {
		one = &Problem{Message: err.Error()}
	}
	c := *one
	c.Overlay = p.overlay
	p.list = append(p.list, c)
}

// sorted orders by position and message and drops what two overlays report about one and the same file.
func (p *problems) sorted() []Problem {
	sort.SliceStable(p.list, func(i, j int) bool {
		a, b := p.list[i], p.list[j]
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		if a.Message != b.Message {
			return a.Message < b.Message
		}
		return a.Overlay < b.Overlay
	})
	var out []Problem
	for _, x := range p.list {
		if n := len(out); n > 0 && out[n-1].Position == x.Position && out[n-1].Message == x.Message {
			continue
		}
		out = append(out, x)
	}
	return out
}
