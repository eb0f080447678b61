package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/appset"
)

func stepNamed(t *Tree) ([]Issue, error) {
	if issues, err := componentPhase(t); err != nil || len(issues) > 0 {
		return nil, notApplicable("the phase is not in order, see component/rollout-phase")
	}
	var issues []Issue
	asked := 0
	for _, e := range t.Envs {
		app := e.app(ComponentName)
		set := setOf(t, app)
		if set == nil || !set.Rolling {
			continue
		}
		asked++
		if i, ok := stepIssue(e, app, set); ok && !slices.Contains(issues, i) {
			issues = append(issues, i)
		}
	}
	if asked == 0 {
		return nil, notApplicable("no Application of the portal is rolled out in steps")
	}
	return issues, nil
}

func stepIssue(e *Env, app *appset.Application, set *appset.Set) (Issue, bool) {
	phase := app.Labels["rollout-phase"]
	if app.Step < 0 {
		return Issue{
			File: set.StepsAt.File, Line: set.StepsAt.Line, Resource: "ApplicationSet/" + set.Name, Field: "spec.strategy.rollingSync.steps",
			Expected: "a step with rollout-phase " + phase, Actual: "nothing",
		}, true
	}
	for _, name := range dependencies() {
		if d := e.app(name); d != nil && d.Set == app.Set && d.Overlay == app.Overlay && d.Step >= app.Step {
			at := set.Steps[app.Step].Position
			return Issue{
				File: at.File, Line: at.Line, Resource: "ApplicationSet/" + set.Name, Field: fmt.Sprintf("spec.strategy.rollingSync.steps[%d]", app.Step),
				Expected: "a step behind that of " + name, Actual: "rollout-phase " + phase,
			}, true
		}
	}
	return Issue{}, false
}

// setOf is the ApplicationSet that generates an Application.
func setOf(t *Tree, app *appset.Application) *appset.Set {
	if app == nil {
		return nil
	}
	for i := range t.Sets.Sets {
		if s := &t.Sets.Sets[i]; s.Name == app.Set && s.Overlay == app.Overlay {
			return s
		}
	}
	return nil
}

func applicationsValid(e *Env) ([]Issue, error) {
	t, overlay := e.tree, e.overlay()
	var issues []Issue
	for _, p := range t.Sets.Problems {
		if p.Overlay != "" && overlay != "" && p.Overlay != overlay || portalsFault(t, p) {
			continue
		}
		issues = append(issues, Issue{File: p.File, Line: p.Line, Actual: p.Message})
	}
	for _, s := range t.Sets.Sets {
		if overlay != "" && overlay != s.Overlay {
			continue
		}
		for _, v := range t.Schemas.Validate(s.Object) {
			line := t.fieldLine(s.Position.File, s.Position.Line, v.Path)
			issues = append(issues, Issue{File: s.Position.File, Line: line, Resource: "ApplicationSet/" + s.Name, Field: v.Path, Actual: v.Message, Hint: v.Hint})
		}
	}
	app := e.app(ComponentName)
	if app == nil || len(issues) > 0 { // an Application repeats the mistakes of its set
		return once(issues), nil
	}
	for _, v := range t.Schemas.Validate(app.Object) {
		issues = append(issues, Issue{File: app.Template.File, Line: app.Template.Line, Resource: "Application/" + app.Name, Field: v.Path, Actual: v.Message, Hint: v.Hint})
	}
	return sorted(issues), nil
}

// overlay is the one that generates the environment's Applications, empty when nothing does.
func (e *Env) overlay() string {
	for _, app := range e.tree.Sets.Applications {
		if app.Param("env") == e.Name {
			return app.Overlay
		}
	}
	return ""
}

// portalsFault tells whether a problem comes of the portal's component.yaml and a component rule names the cause.
func portalsFault(t *Tree, p appset.Problem) bool {
	for _, file := range componentPaths(t) {
		if p.File == file || strings.Contains(p.Message, "(for "+file+":") {
			return portalBroken(t)
		}
	}
	return false
}
