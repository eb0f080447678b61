package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/verify"
)

const rulesIntro = `# Rules of verify

` + "`ameide platform backstage verify`" + ` asks these rules. An error fails the run; a warning fails it with ` + "`--strict`" + `.
Ask a single rule with ` + "`--rule ID`" + `, leave one out with ` + "`--skip ID`" + `, or accept a finding for a while with a waiver in
` + "`ameide.yaml`" + `: it has a reason and an end, and fails after it.

This page is generated from the rules (` + "`make docs`" + `).
`

// rulesPage lists every rule by area, in the order in which they are asked.
func rulesPage(rules []verify.RuleInfo) []byte {
	var b bytes.Buffer
	b.WriteString(rulesIntro)
	for _, area := range areas(rules) {
		fmt.Fprintf(&b, "\n## %s\n\n| rule | severity | what must be true | when it is not |\n|---|---|---|---|\n", area)
		for _, r := range rules {
			if areaOf(r) == area {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.ID, r.Severity, cell(r.Summary), cell(r.Hint))
			}
		}
	}
	return b.Bytes()
}

// areas lists the first parts of the rules' ids in order of appearance.
func areas(rules []verify.RuleInfo) []string {
	var out []string
	for _, r := range rules {
		if a := areaOf(r); !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

func areaOf(r verify.RuleInfo) string {
	area, _, _ := strings.Cut(r.ID, "/")
	return area
}

// cell makes text safe for a table cell.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s)
}
