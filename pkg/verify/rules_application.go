package verify

import (
	"path"

	"github.com/ameideio/ameide/pkg/appset"
	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/yamledit"
)

func applicationRules() []Rule {
	return []Rule{
		{RuleInfo: rule("appset/application", "Argo CD makes an Application of the portal, in the environment's namespace", "mend the cluster's entry or component.yaml"), Env: applicationExists},
		{RuleInfo: rule("appset/layers", "the six value layers are read in Argo CD's order, and their files exist", "Argo CD skips a missing value file without a word; write it or mend its name"), Env: layersComplete},
		{RuleInfo: rule("appset/step", "a RollingSync step behind the dependencies' names the portal's phase", "add a step for the phase; Argo CD never rolls out an Application that no step selects"), Tree: stepNamed},
		{RuleInfo: rule("appset/schema", "the ApplicationSets can be evaluated, and they and the Application are what Argo CD's API accepts", "mend the ApplicationSet"), Env: applicationsValid},
	}
}

// clusterEntry is the environment's entry in its cluster's file. The entry is the zero value when there is none.
func (e *Env) clusterEntry() (file string, entry yamledit.Value, err error) {
	file = path.Join("config/clusters", e.Cluster+".yaml")
	doc, err := e.tree.document(file)
	if err != nil {
		return file, yamledit.Value{}, err
	}
	list, ok, err := doc.Get("")
	if err != nil || !ok {
		return file, yamledit.Value{}, err
	}
	for _, entry := range list.Items() {
		if v, ok, err := entry.Field("env"); err == nil && ok && v.Text() == e.Name {
			return file, entry, nil
		}
	}
	return file, yamledit.Value{}, nil
}

// clusterKey is the line of a key of the environment's entry, or of the entry.
func (e *Env) clusterKey(key string) (file string, line int) {
	file, entry, err := e.clusterEntry()
	if err != nil || entry.Line == 0 {
		return file, 0
	}
	if v, ok, err := entry.Field(key); err == nil && ok {
		return file, v.Line
	}
	return file, entry.Line
}

func applicationExists(e *Env) ([]Issue, error) {
	app := e.app(ComponentName)
	if app == nil {
		return applicationMissing(e)
	}
	var issues []Issue
	if want := e.Name + "-" + ComponentName; app.Name != want {
		line := e.tree.fieldLine(app.Template.File, app.Template.Line, "spec.template.metadata.name")
		issues = append(issues, Issue{File: app.Template.File, Line: line, Field: "metadata.name", Expected: want, Actual: app.Name})
	}
	if app.Namespace != e.Namespace {
		file, line := e.clusterKey("namespace")
		issues = append(issues, Issue{File: file, Line: line, Field: "namespace", Expected: e.Namespace, Actual: orNothing(app.Namespace)})
	}
	if want := e.tree.Spec.GitOps.Project; app.Project != want {
		issues = append(issues, componentIssue(e, app, "project", want, app.Project))
	}
	for _, key := range []string{"prune", "selfHeal"} {
		if got := dig.Text(app.Object, "spec", "syncPolicy", "automated", key); got != "true" {
			issues = append(issues, componentIssue(e, app, "syncPolicy.automated."+key, "true", got))
		}
	}
	return issues, nil
}

// applicationMissing says why there is none: the environment is unknown to its cluster, switched off, or the cause is
// another rule's.
func applicationMissing(e *Env) ([]Issue, error) {
	file, entry, err := e.clusterEntry()
	if err != nil {
		return []Issue{{File: file, Expected: "the environments of the cluster", Actual: err.Error()}}, nil
	}
	if entry.Line == 0 {
		return []Issue{{File: file, Field: "env", Expected: "an entry with env: " + e.Name, Actual: "nothing"}}, nil
	}
	if v, ok, err := entry.Field("enabled"); err == nil && ok && v.Text() == "false" {
		return nil, notApplicable("the environment is switched off in " + file)
	}
	if portalBroken(e.tree) {
		return nil, notApplicable("component.yaml is not in order, see the component rules")
	}
	if len(e.tree.Sets.Problems) > 0 {
		return nil, notApplicable("the ApplicationSets cannot be evaluated, see appset/schema")
	}
	issue := Issue{Field: "spec.generators", Expected: "a generator that reads " + componentPaths(e.tree)[0], Actual: "no Application " + e.Name + "-" + ComponentName}
	if sets := e.tree.Sets.Sets; len(sets) > 0 {
		issue.File, issue.Line = sets[0].Position.File, sets[0].Position.Line
	}
	return []Issue{issue}, nil
}

// portalBroken tells whether a component rule has a finding that decides whether an Application is generated.
func portalBroken(t *Tree) bool {
	for _, ask := range []func(*Tree) ([]Issue, error){componentFiles, componentDomain, componentPhase, componentChart} {
		if issues, err := ask(t); err != nil || len(issues) > 0 {
			return true
		}
	}
	return false
}

// componentIssue is about a key of the component.yaml that an Application is generated from.
func componentIssue(e *Env, app *appset.Application, key, want, got string) Issue {
	i := Issue{Field: key, Expected: want, Actual: orNothing(got)}
	if len(app.Origins) == 0 {
		i.File, i.Line = app.Template.File, app.Template.Line
		return i
	}
	i.File = app.Origins[len(app.Origins)-1].File
	if doc, err := e.tree.document(i.File); err == nil {
		_, i.Line = componentFile{i.File, doc}.scalar(key)
	}
	return i
}
