package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/ameideio/ameide/pkg/verify"
)

// GitHub writes one workflow command for each issue of a check that failed, warned or could not look, which GitHub Actions shows beside the
// line in a pull request, and a closing line with the counts. GitHub shows ten errors and ten warnings of a step; the log
// has them all.
// Source: docs.github.com, "Workflow commands for GitHub Actions"; the escapes are those of @actions/core.
func GitHub(w io.Writer, r verify.Report, o Options) error {
	var b strings.Builder
	for _, g := range groups(r) {
		for _, c := range g.checks {
			if c.Status != verify.Fail && c.Status != verify.Warn && !c.Unseen {
				continue
			}
			for _, issue := range located(c) {
				writeAnnotation(&b, c, issue, o)
			}
		}
	}
	fmt.Fprintf(&b, "%s: %s\n", verdict(r, o), tally(r.Checks))
	_, err := io.WriteString(w, b.String())
	return err
}

func writeAnnotation(b *strings.Builder, c verify.Check, issue verify.Issue, o Options) {
	level := "warning"
	if o.fails(c) || c.Unseen {
		level = "error"
	}
	var properties []string
	if issue.File != "" {
		properties = append(properties, "file="+escapeProperty(o.repoPath(issue.File)))
	}
	if issue.Line > 0 {
		properties = append(properties, fmt.Sprintf("line=%d", issue.Line))
	}
	properties = append(properties, "title="+escapeProperty(c.Rule))
	fmt.Fprintf(b, "::%s %s::%s\n", level, strings.Join(properties, ","), escapeData(strings.Join(describe(c, issue), "\n")))
}

// describe tells one issue in lines of text, without its place and its rule.
func describe(c verify.Check, issue verify.Issue) []string {
	lines := []string{c.Message}
	if c.Env != "" {
		lines[0] = c.Env + ": " + c.Message
	}
	for _, fact := range facts(issue) {
		lines = append(lines, fact.label+": "+fact.value)
	}
	return lines
}

// fact is one labelled property of an issue.
type fact struct{ label, value string }

// facts lists what is known of an issue besides its place.
func facts(issue verify.Issue) []fact {
	var out []fact
	for _, f := range []fact{
		{"resource", issue.Resource}, {"field", issue.Field}, {"expected", issue.Expected}, {"actual", issue.Actual}, {"hint", issue.Hint},
	} {
		if f.value != "" {
			out = append(out, f)
		}
	}
	return out
}

func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
