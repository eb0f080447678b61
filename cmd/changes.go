package cmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/ameideio/ameide/pkg/checkout"
)

// changesReport is the document that generate and scaffold print with --json.
type changesReport struct {
	Summary   string       `json:"summary"`
	Files     []changeLine `json:"files"`
	NextSteps []string     `json:"next_steps"`
}

type changeLine struct {
	Path   string          `json:"path"`
	Action checkout.Action `json:"action"`
	Reason string          `json:"reason,omitempty"`
}

func newChangesReport(c *checkout.Changes, next []string) changesReport {
	r := changesReport{Summary: c.Summary(), Files: []changeLine{}, NextSteps: next}
	for _, f := range c.Files {
		r.Files = append(r.Files, changeLine{f.Path, f.Action, f.Reason})
	}
	return r
}

func printChanges(env Env, o generateOptions, c *checkout.Changes) error {
	next := generateNextSteps(o, c)
	if o.json {
		return printJSON(env.Out, newChangesReport(c, next))
	}
	p := newPrinter(env)
	p.changes(c)
	if o.diff {
		p.diffs(c)
	}
	p.line("")
	p.line("%s", p.verdict(o, c))
	for _, step := range next {
		p.line("next: %s", step)
	}
	return p.err
}

func generateNextSteps(o generateOptions, c *checkout.Changes) []string {
	switch {
	case c.Count(checkout.Collide) > 0:
		return []string{}
	case !c.Pending():
		return []string{"ameide platform backstage verify"}
	case o.dryRun || o.check:
		return []string{"run it without --dry-run or --check to write the files"}
	}
	return []string{"ameide platform backstage verify", "commit the change, ameide.lock included, and open a pull request"}
}

// printer writes lines for people; the first error stays.
type printer struct {
	w     io.Writer
	style *lipgloss.Renderer
	err   error
}

func newPrinter(env Env) *printer {
	return &printer{w: env.Out, style: newRenderer(env.Out, env.color(env.OutTTY))}
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) color(name, text string) string {
	return p.style.NewStyle().Foreground(lipgloss.Color(name)).Render(text)
}

// The colours of a terminal's own palette.
const (
	red    = "1"
	green  = "2"
	yellow = "3"
	cyan   = "6"
	grey   = "8"
)

// changes lists what is not unchanged, and every conflict with its lines.
func (p *printer) changes(c *checkout.Changes) {
	for _, f := range c.Files {
		if f.Action == checkout.Unchanged && f.Reason == "" {
			continue
		}
		reason := ""
		if f.Reason != "" {
			reason = p.color(grey, "  ("+f.Reason+")")
		}
		p.line("%s  %s%s", p.color(actionColor(f.Action), fmt.Sprintf("%-9s", f.Action)), f.Path, reason)
		for _, conflict := range f.Conflicts {
			p.line("%s", indent(conflict.String()))
		}
	}
}

func actionColor(a checkout.Action) string {
	switch a {
	case checkout.Create:
		return green
	case checkout.Update:
		return yellow
	case checkout.Collide:
		return red
	}
	return grey
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ")
}

func (p *printer) diffs(c *checkout.Changes) {
	for _, f := range c.Files {
		for _, l := range f.DiffLines() {
			p.line("%s", p.diffLine(l))
		}
	}
}

func (p *printer) diffLine(l checkout.DiffLine) string {
	switch l.Kind {
	case checkout.Hunk:
		return p.color(cyan, l.Text)
	case checkout.Added:
		return p.color(green, l.Text)
	case checkout.Removed:
		return p.color(red, l.Text)
	}
	return l.Text
}

func (p *printer) verdict(o generateOptions, c *checkout.Changes) string {
	if o.dryRun || o.check {
		return c.Summary() + " (nothing was written)"
	}
	return c.Summary()
}
