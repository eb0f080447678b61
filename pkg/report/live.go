package report

import (
	"fmt"

	"github.com/ameideio/ameide/pkg/verify"
)

// environments writes, for each running environment, what is declared beside what runs, the known incidents, and the
// success criteria. Each line begins with both verdicts: of what Git says, and of what runs.
func (p *printer) environments(all []verify.Environment) {
	for _, e := range all {
		p.blankLine()
		fmt.Fprintf(p, "%s  %s\n", p.title.Render(e.Name+", declared and running"),
			p.dim.Render(count(e.Requests, "request")+" to the Kubernetes API"))
		fmt.Fprintf(p, "  %s\n", p.dim.Render("OFFLINE  LIVE"))
		p.facts(e.Facts)
		p.incidents(e.Incidents)
		p.criteria(e.Criteria)
	}
}

// blankLine ends a block, once.
func (p *printer) blankLine() {
	text := p.String()
	if len(text) > 1 && text[len(text)-2:] != "\n\n" {
		p.WriteString("\n")
	}
}

// verdicts are both statuses, aligned below their heads.
func (p *printer) verdicts(offline, live verify.Status) string {
	return fmt.Sprintf("  %s     %s  ", p.status(offline), p.status(live))
}

// verdictColumns is how wide verdicts is.
const verdictColumns = 17

func (p *printer) facts(facts []verify.Fact) {
	width := 0
	for _, f := range facts {
		width = max(width, len(f.Subject))
	}
	const label = 10
	for _, f := range facts {
		head := p.verdicts(f.Offline, f.Live) + p.rule.Render(fmt.Sprintf("%-*s", width, f.Subject)) + "  "
		columns := verdictColumns + width + 2 + label
		p.hanging(head+p.dim.Render("declared  "), columns, clean(f.Declared))
		p.hanging(fmt.Sprintf("%*s", verdictColumns+width+2, "")+p.dim.Render("running   "), columns, clean(f.Running))
	}
}

func (p *printer) incidents(incidents []verify.Incident) {
	for _, i := range incidents {
		p.blankLine()
		p.hanging("  "+p.fail.Render("incident")+"  ", 12, clean(i.Name)+" "+p.dim.Render("("+clean(i.ID)+")"))
		p.hanging("            ", 12, p.place.Render(clean(i.Where)))
		p.hanging("            "+p.dim.Render("says")+"      ", 22, clean(i.Line))
		p.hanging("            "+p.dim.Render("way out")+"   ", 22, clean(i.WayOut))
	}
}

func (p *printer) criteria(criteria []verify.Criterion) {
	if len(criteria) == 0 {
		return
	}
	p.blankLine()
	fmt.Fprintf(p, "  %s\n", p.dim.Render("OFFLINE  LIVE  SUCCESS CRITERION"))
	for _, c := range criteria {
		p.hanging(p.verdicts(c.Offline, c.Live), verdictColumns, clean(c.Text)+": "+p.dim.Render(clean(c.Evidence)))
	}
}
