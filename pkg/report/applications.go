package report

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"

	"github.com/ameideio/ameide/pkg/verify"
)

// applications writes what Argo CD will deploy, as a table.
func (p *printer) applications(apps []verify.Application) {
	if len(apps) == 0 {
		return
	}
	t := table.New().Border(lipgloss.HiddenBorder()).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderHeader(false).BorderColumn(false).
		Headers("APPLICATION", "NAMESPACE", "PHASE", "ENVIRONMENT").
		StyleFunc(func(row, column int) lipgloss.Style {
			style := p.title.UnsetBold()
			if row == table.HeaderRow {
				style = p.dim
			}
			if column < 3 {
				style = style.PaddingRight(2)
			}
			return style
		})
	for _, a := range apps {
		t.Row(clean(a.Name), clean(a.Namespace), clean(a.Phase), clean(a.Env))
	}
	for _, line := range strings.Split(t.Render(), "\n") {
		p.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	p.WriteString("\n")
}
