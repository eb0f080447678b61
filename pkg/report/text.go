package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"github.com/ameideio/ameide/pkg/verify"
)

// maxIssues is how many issues of one check the text shows unless it is verbose; more of one kind tell nothing new.
const maxIssues = 10

// styles are the colours of the text format. A status is never told by colour alone.
type styles struct {
	fail, warn, pass, skip, rule, place, dim, title lipgloss.Style
}

func newStyles(r *lipgloss.Renderer) styles {
	if r == nil {
		r = lipgloss.NewRenderer(io.Discard)
		r.SetColorProfile(termenv.Ascii)
	}
	s := r.NewStyle
	return styles{
		fail: s().Bold(true).Foreground(lipgloss.Color("1")), warn: s().Bold(true).Foreground(lipgloss.Color("3")),
		pass: s().Foreground(lipgloss.Color("2")), skip: s().Foreground(lipgloss.Color("8")),
		rule: s().Bold(true), place: s().Foreground(lipgloss.Color("6")), dim: s().Foreground(lipgloss.Color("8")), title: s().Bold(true),
	}
}

func (s styles) status(status verify.Status) string {
	style := map[verify.Status]lipgloss.Style{verify.Fail: s.fail, verify.Warn: s.warn, verify.Pass: s.pass, verify.Skip: s.skip}[status]
	return style.Render(fmt.Sprintf("%-4s", status))
}

// printer collects the text; it is written at once.
type printer struct {
	strings.Builder
	styles
	opts    Options
	sources *sources
}

// Text writes the report for people: the Applications, then every environment with its failed, warned and skipped
// checks and the lines that cause them, then the counts and what to do next. It is plain without a Renderer.
func Text(w io.Writer, r verify.Report, o Options) error {
	p := &printer{styles: newStyles(o.Renderer), opts: o, sources: newSources(o.FS)}
	p.applications(r.Applications)
	all := groups(r)
	width := 0
	for _, g := range all {
		width = max(width, len(g.name()))
	}
	for i, g := range all {
		p.group(g, width, i)
	}
	p.environments(r.Environments)
	p.closing(r, all)
	_, err := io.WriteString(w, p.String())
	return err
}

// group writes one line for an environment where there is nothing to tell, and a block otherwise.
func (p *printer) group(g group, width, index int) {
	worst := verdict(verify.Report{Checks: g.checks}, p.opts)
	told := 0
	for _, c := range g.checks {
		if c.Status != verify.Pass || p.opts.Verbose {
			told++
		}
	}
	if told > 0 && index > 0 && !strings.HasSuffix(p.String(), "\n\n") {
		p.WriteString("\n")
	}
	fmt.Fprintf(p, "%s  %s  %s\n", p.title.Render(fmt.Sprintf("%-*s", width, g.name())), p.status(worst), tally(g.checks))
	if told == 0 {
		return
	}
	column := ruleWidth(g.checks, p.opts.Verbose)
	detailed := true
	for _, c := range g.checks {
		if c.Status == verify.Pass && !p.opts.Verbose {
			continue
		}
		hasDetail := len(c.Issues) > 0 && c.Status != verify.Pass
		if hasDetail || detailed {
			p.WriteString("\n")
		}
		detailed = hasDetail
		p.check(c, column)
	}
	p.WriteString("\n")
}

// ruleWidth aligns the messages of the checks that are listed.
func ruleWidth(checks []verify.Check, verbose bool) int {
	width := 0
	for _, c := range checks {
		if c.Status != verify.Pass || verbose {
			width = max(width, len(c.Rule))
		}
	}
	return width
}

func (p *printer) check(c verify.Check, column int) {
	head := fmt.Sprintf("  %s  %s  ", p.status(c.Status), p.rule.Render(fmt.Sprintf("%-*s", column, c.Rule)))
	took := ""
	if c.Millis != nil {
		took = p.dim.Render(fmt.Sprintf(" (%d ms)", *c.Millis))
	}
	p.hanging(head, column+10, clean(c.Message)+took)
	if c.Status == verify.Pass {
		return
	}
	issues := c.Issues
	if len(issues) > maxIssues && !p.opts.Verbose {
		issues = issues[:maxIssues]
	}
	for i, issue := range issues {
		if i+1 < len(issues) && issues[i+1].Hint == issue.Hint {
			issue.Hint = "" // said once, below the last issue that it helps with
		}
		p.issue(c.Rule, issue)
	}
	if left := len(c.Issues) - len(issues); left > 0 {
		fmt.Fprintf(p, "        %s\n", p.dim.Render(fmt.Sprintf("… and %d more (--verbose lists them)", left)))
	}
}

func (p *printer) issue(rule string, issue verify.Issue) {
	if issue.File != "" {
		fmt.Fprintf(p, "        %s\n", p.place.Render(clean(place(issue))))
	}
	if e, ok := p.sources.excerpt(issue, p.opts.sensitive(rule)); ok {
		p.excerpt(issue.Line, e)
	}
	for _, f := range facts(issue) {
		p.fact(f)
	}
}

// excerpt writes the line behind its number, and marks what is to blame. A long line is cut around the mark.
func (p *printer) excerpt(number int, e excerpt) {
	const limit = 140
	line := []rune(e.line)
	if from := max(0, e.start-limit/2); len(line) > limit && from > 0 {
		line = append([]rune("…"), line[from:]...)
		e.start, e.end = e.start-from+1, e.end-from+1
	}
	if len(line) > limit {
		line = append(line[:limit:limit], '…')
	}
	e.end = min(e.end, len(line))
	gutter := fmt.Sprintf("%5d", number)
	fmt.Fprintf(p, "        %s %s\n", p.dim.Render(gutter+" |"), string(line))
	before := strings.Repeat(" ", ansi.StringWidth(string(line[:e.start])))
	mark := strings.Repeat("^", max(1, ansi.StringWidth(string(line[e.start:e.end]))))
	fmt.Fprintf(p, "        %s %s%s\n", p.dim.Render(strings.Repeat(" ", len(gutter))+" |"), before, p.fail.Render(mark))
}

// fact writes a labelled value, its further lines indented below the first.
func (p *printer) fact(f fact) {
	label := p.dim.Render(fmt.Sprintf("%-8s", f.label))
	for i, line := range strings.Split(strings.TrimRight(f.value, "\n"), "\n") {
		if i > 0 {
			label = strings.Repeat(" ", 8)
		}
		p.hanging("        "+label+"  ", 18, clean(line))
	}
}

// hanging writes text behind a head of some columns, wrapped to the terminal under its own beginning.
func (p *printer) hanging(head string, columns int, text string) {
	if room := p.opts.Width - columns; room >= 30 {
		text = strings.ReplaceAll(wrapWords(text, room), "\n", "\n"+strings.Repeat(" ", columns))
	}
	p.WriteString(strings.TrimRight(head+text, " ") + "\n")
}

// wrapWords breaks lines between words alone: a flag, path or URL that is cut at its hyphen cannot be copied.
func wrapWords(text string, width int) string {
	const hyphen, kept = "-", "\u2011" // ansi.Wordwrap breaks at the first and not at the second
	return strings.ReplaceAll(ansi.Wordwrap(strings.ReplaceAll(text, hyphen, kept), width, ""), kept, hyphen)
}

// closing writes the counts of the whole run and what to do next.
func (p *printer) closing(r verify.Report, all []group) {
	if !strings.HasSuffix(p.String(), "\n\n") {
		p.WriteString("\n")
	}
	environments := 0
	for _, g := range all {
		if g.env != "" {
			environments++
		}
	}
	fmt.Fprintf(p, "%s  %s in %s\n", p.status(verdict(r, p.opts)), tally(r.Checks), count(environments, "environment"))
	for i, step := range r.NextSteps {
		label := "      "
		if i == 0 {
			label = p.dim.Render("next") + "  "
		}
		p.hanging(label, 6, clean(step))
	}
}
