package appset

import "fmt"

// set evaluates one ApplicationSet. A generator or Application that fails is a Problem; the others go on.
func (l *loader) set(o *node) (Set, []Application) {
	set := Set{Name: nameOf(o), Namespace: o.get("metadata", "namespace").text(), Position: o.pos, Object: o.object()}
	l.steps(&set, o)
	if enabled, _ := o.get("spec", "goTemplate").value().(bool); !enabled {
		l.problems.add(problemf(at(o.get("spec", "goTemplate"), o), "ApplicationSet %q does not set goTemplate: true; its templates are not evaluated offline", set.Name))
		return set, nil
	}
	renderer, err := newRenderer(o.get("spec", "goTemplateOptions"))
	if err != nil {
		l.problems.add(err)
		return set, nil
	}
	m := maker{set: &set, object: o, renderer: renderer, repoURL: l.opts.RepoURL, problems: l.problems}
	g := generator{tree: l.tree, opts: l.opts, renderer: renderer, files: l.files}
	var apps []Application
	generators := o.get("spec", "generators")
	if generators == nil || !generators.list {
		l.problems.add(problemf(o.pos, "ApplicationSet %q has no generators", set.Name))
		return set, nil
	}
	for _, n := range generators.items {
		sets, err := g.params(n, nil)
		if err != nil {
			l.problems.add(err)
			continue
		}
		apps = append(apps, m.makeAll(sets)...)
	}
	return set, apps
}

// steps reads the RollingSync steps; every other strategy has none.
func (l *loader) steps(set *Set, o *node) {
	strategy := o.get("spec", "strategy")
	set.Rolling = strategy.get("type").text() == "RollingSync"
	set.StepsAt = set.Position
	steps := strategy.get("rollingSync", "steps")
	if !set.Rolling || steps == nil {
		return
	}
	set.StepsAt = steps.pos
	for _, s := range steps.items {
		step := Step{Position: s.pos}
		if max := s.get("maxUpdate"); max != nil {
			step.MaxUpdate = fmt.Sprint(max.value())
		}
		if expressions := s.get("matchExpressions"); expressions != nil {
			for _, e := range expressions.items {
				step.Expressions = append(step.Expressions, MatchExpression{e.get("key").text(), e.get("operator").text(), texts(e.get("values"))})
			}
		}
		set.Steps = append(set.Steps, step)
	}
}

// StepOf returns the index of the first step that selects an Application with these labels, or -1. Argo CD's rule: In
// needs the label; NotIn also holds without it; any other operator selects nothing.
func (s Set) StepOf(labels map[string]string) int {
	for i, step := range s.Steps {
		if step.selects(labels) {
			return i
		}
	}
	return -1
}

func (s Step) selects(labels map[string]string) bool {
	for _, e := range s.Expressions {
		value, ok := labels[e.Key]
		listed := false
		for _, v := range e.Values {
			listed = listed || v == value
		}
		switch {
		case e.Operator == "In" && ok && listed:
		case e.Operator == "NotIn" && !(ok && listed):
		case e.Operator != "In" && e.Operator != "NotIn" && !ok: // the controller does not look at the operator without the label
		default:
			return false
		}
	}
	return true
}
