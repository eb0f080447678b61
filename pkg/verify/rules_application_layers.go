package verify

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/appset"
)

// layers are the value files of a component in Argo CD's order, lowest precedence first.
func layers(e *Env, domain, component string) []string {
	return []string{
		"sources/values/base/globals.yaml",
		"sources/values/cluster/" + e.Cluster + "/globals.yaml",
		"sources/values/env/" + e.Name + "/globals.yaml",
		"config/node-profiles/" + e.NodeProfile + ".yaml",
		"sources/values/_shared/" + domain + "/" + component + ".yaml",
		"sources/values/env/" + e.Name + "/" + domain + "/" + component + ".yaml",
	}
}

// layered tells whether the portal is rendered with its layers. Without them every value is wrong, and appset/layers or
// component/domain says why.
func (e *Env) layered() bool {
	app := e.app(ComponentName)
	if app == nil || !slices.Equal(app.ValueFiles(), layers(e, "platform", ComponentName)) {
		return false
	}
	for _, p := range app.ValueFiles() {
		if _, err := fs.Stat(e.tree.FS, p); err != nil {
			return false
		}
	}
	return true
}

const errLayers = notApplicable("the value layers are not in order, see appset/layers")

func layersComplete(e *Env) ([]Issue, error) {
	app := e.app(ComponentName)
	if app == nil {
		return nil, notApplicable("no Application is generated, see appset/application")
	}
	if issues, err := componentDomain(e.tree); err != nil || len(issues) > 0 {
		return nil, notApplicable("the layers' names follow from component.yaml, see component/domain")
	}
	got, want := app.ValueFiles(), layers(e, "platform", ComponentName)
	if !slices.Equal(got, want) {
		return []Issue{layerIssue(e, app, got, want)}, nil
	}
	var issues []Issue
	for _, p := range want {
		if _, err := fs.Stat(e.tree.FS, p); err != nil {
			issues = append(issues, Issue{File: p, Expected: "a value file", Actual: "nothing"})
		}
	}
	return issues, nil
}

// layerIssue names the first layer that is not what it should be: the cluster's entry decides two of them, the
// ApplicationSet all others.
func layerIssue(e *Env, app *appset.Application, got, want []string) Issue {
	n := 0
	for n < len(got) && n < len(want) && got[n] == want[n] {
		n++
	}
	i := Issue{Field: fmt.Sprintf("valueFiles[%d]", n), Expected: "nothing more", Actual: "nothing"}
	if n < len(want) {
		i.Expected = want[n]
	}
	if n < len(got) {
		i.Actual = got[n]
	}
	for index, key := range map[int]string{1: "clusterType", 3: "nodeProfile"} {
		if n == index && len(got) == len(want) && slices.Equal(got[n+1:], want[n+1:]) {
			i.File, i.Line = e.clusterKey(key)
			return i
		}
	}
	i.File, i.Line = app.Template.File, e.tree.layerLine(app.Template, n, len(got))
	return i
}

// layerLine is the line of the nth of count value files in an ApplicationSet's template, or the line of their list.
func (t *Tree) layerLine(template appset.Position, n, count int) int {
	text, _ := t.read(template.File)
	list, line := 0, 0
	var entries []int
	for l := range strings.Lines(string(text)) {
		line++
		switch l = strings.TrimSpace(l); {
		case line > template.Line && strings.HasPrefix(l, "valueFiles:") && list == 0:
			list = line
		case list > 0 && strings.HasPrefix(l, "- $values/"):
			entries = append(entries, line)
		}
	}
	if len(entries) == count && n < count {
		return entries[n]
	}
	return max(list, template.Line)
}
