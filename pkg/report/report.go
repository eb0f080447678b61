package report

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/ameideio/ameide/pkg/verify"
)

// Format is the name of an output format, as --format takes it.
type Format string

// The formats of the command line contract.
const (
	FormatText   Format = "text"
	FormatJSON   Format = "json"
	FormatJUnit  Format = "junit"
	FormatSARIF  Format = "sarif"
	FormatGitHub Format = "github"
)

// Formats lists every format, the default first.
func Formats() []Format {
	return []Format{FormatText, FormatJSON, FormatJUnit, FormatSARIF, FormatGitHub}
}

// Options says how a report is written. The zero value is plain text without source lines.
type Options struct {
	FS         fs.FS              // the checkout, to show offending lines; nil shows none
	Rules      []verify.RuleInfo  // what is known about the rules: help texts, and which lines must not be shown
	Renderer   *lipgloss.Renderer // colours of the text format; nil or an Ascii profile is plain
	Width      int                // columns of the terminal; 0 never wraps
	Verbose    bool               // list passed checks too, and every issue of a check
	Strict     bool               // a warning fails the run
	PathPrefix string             // path of the checkout inside its repository, slash-separated; empty is the root
	Build      string             // version of ameide, for formats that name their tool
}

// Write writes the report in the named format. An unknown format is an error that lists the known ones.
func Write(w io.Writer, f Format, r verify.Report, o Options) error {
	switch f {
	case FormatText:
		return Text(w, r, o)
	case FormatJSON:
		return JSON(w, r, o)
	case FormatJUnit:
		return JUnit(w, r, o)
	case FormatSARIF:
		return SARIF(w, r, o)
	case FormatGitHub:
		return GitHub(w, r, o)
	}
	return fmt.Errorf("unknown format %q, want one of %v", f, Formats())
}

// JSON writes the report as one indented document with the keys of the command line contract. Lists are never null.
func JSON(w io.Writer, r verify.Report, _ Options) error {
	if r.Checks == nil {
		r.Checks = []verify.Check{}
	}
	if r.NextSteps == nil {
		r.NextSteps = []string{}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// sensitive tells whether the lines that a rule blames may hold a secret. Those of the area secret always may, so that a
// rule which is not described leaks nothing.
func (o Options) sensitive(rule string) bool {
	return strings.HasPrefix(rule, "secret/") || slices.ContainsFunc(o.Rules, func(r verify.RuleInfo) bool { return r.ID == rule && r.Sensitive })
}

// repoPath is a file of the checkout as its repository names it.
func (o Options) repoPath(file string) string {
	if file == "" {
		return ""
	}
	return path.Join(o.PathPrefix, file)
}

// fails tells whether a check makes the run fail.
func (o Options) fails(c verify.Check) bool {
	return c.Status == verify.Fail || o.Strict && c.Status == verify.Warn
}

// group is the checks of one environment, in the report's order.
type group struct {
	env    string // empty is the whole tree
	checks []verify.Check
}

// name is what people call the group.
func (g group) name() string {
	if g.env == "" {
		return "whole tree"
	}
	return g.env
}

// groups splits a report by environment: the whole tree first, because what is wrong there shows up in every
// environment, then the environments in order of appearance.
func groups(r verify.Report) []group {
	var out []group
	index := map[string]int{}
	for _, c := range r.Checks {
		i, ok := index[c.Env]
		if !ok {
			i = len(out)
			index[c.Env] = i
			out = append(out, group{env: c.Env})
		}
		out[i].checks = append(out[i].checks, c)
	}
	slices.SortStableFunc(out, func(a, b group) int {
		switch {
		case a.env == "" && b.env != "":
			return -1
		case a.env != "" && b.env == "":
			return 1
		}
		return 0
	})
	return out
}

// located is one issue of a check; a check without issues is one issue without a place.
func located(c verify.Check) []verify.Issue {
	if len(c.Issues) == 0 {
		return []verify.Issue{{}}
	}
	return c.Issues
}
