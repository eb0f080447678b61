package verify

import (
	"fmt"
	"slices"

	"github.com/ameideio/ameide/pkg/spec"
)

func waiverRules() []Rule {
	return []Rule{
		{RuleInfo: rule("waiver/expired", "no waiver is past its day", "mend what it waives, or give it a new day and a reason for it"), Tree: waiversValid},
		{RuleInfo: advice(unusedWaiver, "every waiver accepts a finding", "remove the waiver"), Tree: waiversKnown},
	}
}

const unusedWaiver = "waiver/unused"

// place is where ameide.yaml says a field of a waiver.
func (t *Tree) waiverPlace(n int, field string) Issue {
	pos, _ := t.Spec.Pos(fmt.Sprintf("waivers[%d].%s", n, field))
	return Issue{File: pos.File, Line: pos.Line}
}

func waiversValid(t *Tree) ([]Issue, error) {
	if len(t.Spec.Waivers) == 0 {
		return nil, nil
	}
	var issues []Issue
	for n, w := range t.Spec.Waivers {
		if w.Expires >= t.Today {
			continue
		}
		i := t.waiverPlace(n, "expires")
		i.Resource, i.Field, i.Expected, i.Actual = w.Rule, fmt.Sprintf("waivers[%d].expires", n), t.Today+" or later", w.Expires
		issues = append(issues, i)
	}
	return issues, nil
}

// waiversKnown finds waivers that can never accept anything: no rule has that id. What the others accept is known after
// every rule was asked; see unusedWaivers.
func waiversKnown(t *Tree) ([]Issue, error) {
	var ids []string
	for _, info := range RuleInfos() {
		ids = append(ids, info.ID)
	}
	var issues []Issue
	for n, w := range t.Spec.Waivers {
		if w.Expires >= t.Today && !slices.Contains(ids, w.Rule) {
			issues = append(issues, t.unused(n, w, "no rule has this id"))
		}
	}
	return issues, nil
}

func (t *Tree) unused(n int, w spec.Waiver, why string) Issue {
	i := t.waiverPlace(n, "rule")
	i.Resource, i.Field, i.Expected, i.Actual = w.Rule, fmt.Sprintf("waivers[%d]", n), "a finding to accept", why
	return i
}

// judgeWaivers completes the check waiver/unused with what a run found, before anything is waived.
func judgeWaivers(t *Tree, checks []Check) {
	for i, c := range checks {
		if c.Rule != unusedWaiver {
			continue
		}
		for _, r := range waiverRules() {
			if r.ID == unusedWaiver {
				checks[i] = judged(c, append(c.Issues, unusedWaivers(t, checks)...), nil, r)
			}
		}
	}
}

// unusedWaivers are the valid waivers that accept none of the findings of a run, as they were before waiving. A waiver
// whose rule was not asked everywhere that it speaks of is not judged.
func unusedWaivers(t *Tree, checks []Check) []Issue {
	var issues []Issue
	for n, w := range t.Spec.Waivers {
		asked, used := false, false
		for _, c := range checks {
			if c.Rule != w.Rule || w.Env != "" && c.Env != w.Env {
				continue
			}
			asked = asked || c.Status != Skip
			for _, i := range c.Issues {
				used = used || w.File == "" || w.File == i.File
			}
		}
		if asked && !used && w.Expires >= t.Today {
			issues = append(issues, t.unused(n, w, "nothing is found"))
		}
	}
	return issues
}
