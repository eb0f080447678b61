package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/ameideio/ameide/internal/mutations"
	"github.com/ameideio/ameide/pkg/verify"
)

const rulesIntro = `# Rules of verify

` + "`ameide platform backstage verify`" + ` asks these rules. An error fails the run; a warning fails it with ` + "`--strict`" + `.
Those of area ` + "`live`" + ` are asked with ` + "`--live`" + `, of a running environment ([what runs](live.md)).
Ask a single rule with ` + "`--rule ID`" + `, leave one out with ` + "`--skip ID`" + `, or accept a finding for a while with a waiver in
` + "`ameide.yaml`" + `: it has a reason and an end, and fails after it.

This page is generated from the rules (` + "`make docs`" + `).
`

// rulesPage lists every rule by area, in the order in which they are asked.
func rulesPage(rules []verify.RuleInfo, broken []mutations.Mutation) []byte {
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
	b.WriteString(mutationsIntro)
	for _, m := range broken {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", m.Rule, m.File, before(m), code(m.Becomes))
	}
	return b.Bytes()
}

const mutationsIntro = `
## Evidence

A test starts from a correct tree, makes one of these changes at a time, and asserts that the named rule fires and that no
other does. (The chart's own unit tests are left out there: they fire on every change of a template, which is their job.)

| rule that fires | file | this | becomes |
|---|---|---|---|
`

// before is what a mutation takes away.
func before(m mutations.Mutation) string {
	if m.Delete {
		return "the whole file"
	}
	return code(m.Line)
}

// code is text of a file in a table cell, one line after the other; nothing where a file is new or a line goes.
func code(s string) string {
	var lines []string
	for l := range strings.SplitSeq(strings.TrimRight(s, "\n"), "\n") {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, "`"+strings.ReplaceAll(l, "|", `\|`)+"`")
		}
	}
	if len(lines) == 0 {
		return "nothing"
	}
	return strings.Join(lines, "<br>")
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
