package verify

import (
	"context"
	"errors"
	"strings"

	"github.com/ameideio/ameide/pkg/helmchart"
)

func chartRules() []Rule {
	return []Rule{
		{RuleInfo: rule("chart/render", "the chart renders with the environment's six value layers", "give the value that the template asks for"), Env: chartRenders},
		{RuleInfo: rule("chart/lint", "helm lint --strict has nothing to say", "mend the chart"), Env: chartLints},
		{RuleInfo: rule("chart/schema", "every object is what the cluster's API accepts", "mend the template or the value behind the field"), Env: objectsValid},
		{RuleInfo: rule("chart/unittest", "the chart's own unit tests pass", "run helm unittest on the chart"), Tree: suitesPass, Slow: true},
	}
}

func chartRenders(e *Env) ([]Issue, error) {
	c := e.Portal()
	if c == nil {
		return nil, notApplicable("no Application is generated, see appset/application")
	}
	return chartIssues(c.Err), nil
}

// chartIssues are the places that an error of package helmchart names.
func chartIssues(err error) []Issue {
	if err == nil {
		return nil
	}
	var all helmchart.Errors
	if !errors.As(err, &all) {
		return []Issue{{Actual: err.Error()}}
	}
	var issues []Issue
	for _, one := range all {
		issues = append(issues, at(one.Pos, Issue{Actual: one.Message, Hint: one.Hint}))
	}
	return issues
}

func chartLints(e *Env) ([]Issue, error) {
	c, err := e.rendered()
	if err != nil {
		return nil, err
	}
	messages, err := helmchart.Lint(c.Chart, e.tree.Scratch, c.Values, c.release(), e.caps())
	if err != nil {
		return nil, err
	}
	var issues []Issue
	for _, m := range messages {
		if m.Severity != helmchart.SeverityInfo {
			issues = append(issues, at(m.Pos, Issue{Actual: m.Text}))
		}
	}
	return issues, nil
}

func objectsValid(e *Env) ([]Issue, error) {
	c, err := e.rendered()
	if err != nil {
		return nil, err
	}
	var issues []Issue
	for _, m := range c.Manifests {
		issues = append(issues, e.objectIssues(m)...)
	}
	return issues, nil
}

// objectIssues is what the API server would say about one object. The place is the template; the line of its output
// stands in the field, since a template's own line cannot be told from a rendered field.
func (e *Env) objectIssues(m *helmchart.Manifest) []Issue {
	var issues []Issue
	for _, d := range m.Duplicates() {
		issues = append(issues, Issue{File: m.Template, Resource: m.ID(), Actual: d.Message})
	}
	for _, v := range e.tree.Schemas.Validate(m.Object) {
		issues = append(issues, Issue{File: m.Template, Resource: m.ID(), Field: v.Path, Actual: v.Message, Hint: v.Hint})
	}
	return issues
}

// suitesPass runs the suites of every chart that an environment deploys as the portal, each once. It waits for no
// rendering: nothing takes longer than the suites.
func suitesPass(t *Tree) ([]Issue, error) {
	done := map[string]bool{}
	var issues []Issue
	for _, e := range t.Envs {
		if e.chart == nil {
			continue
		}
		chart, err := e.chart()
		if err != nil || done[chart.Dir()] {
			continue
		}
		done[chart.Dir()] = true
		results, err := helmchart.Unittest(context.Background(), chart, t.Scratch)
		if err != nil {
			return nil, err
		}
		if len(results) == 0 {
			issues = append(issues, Issue{File: chart.Dir() + "/tests", Actual: "the chart has no unit tests"})
		}
		for _, r := range results {
			issues = append(issues, suiteIssues(r)...)
		}
	}
	if len(done) == 0 {
		return nil, notApplicable("no chart could be loaded")
	}
	return issues, nil
}

func suiteIssues(r helmchart.SuiteResult) []Issue {
	var issues []Issue
	if r.Problem != "" {
		issues = append(issues, Issue{File: r.File, Resource: r.Name, Actual: r.Problem})
	}
	for _, test := range r.Tests {
		if !test.Passed && !test.Skipped {
			issues = append(issues, Issue{File: r.File, Line: test.Line, Resource: test.Name, Actual: strings.Join(test.Messages, "; ")})
		}
	}
	return issues
}
