package verify

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strconv"

	"github.com/ameideio/ameide/pkg/yamledit"
)

// componentPath is where a portal's component.yaml lies below environments/<tree>/components.
const componentPath = "platform/developer/backstage/component.yaml"

func componentRules() []Rule {
	return []Rule{
		{RuleInfo: rule("component/file", "component.yaml is a real file, and local environments have their own copy", "run generate; a symlink breaks Argo CD's generator for every component"), Tree: componentFiles},
		{RuleInfo: rule("component/domain", "name and domain are those of the folder, and no namespace is set", "the environment decides the namespace, the folder the domain"), Tree: componentDomain},
		{RuleInfo: rule("component/rollout-phase", "rolloutPhase is a quoted number behind every dependency's", `write rolloutPhase: "356"`), Tree: componentPhase},
		{RuleInfo: rule("component/depends-on", "no dependsOn: phases order the rollout", "remove the key"), Tree: componentDependsOn},
		{RuleInfo: rule("component/chart", "the chart that component.yaml names is in this tree", "name the chart's folder and this repository"), Tree: componentChart},
	}
}

// componentFile is one component.yaml of the portal's.
type componentFile struct {
	path string
	doc  *yamledit.Document
}

// scalar is a top-level or nested value and its line; nothing when the key is missing.
func (c componentFile) scalar(at string) (value string, line int) {
	v, ok, err := c.doc.Get(at)
	if err != nil || !ok {
		return "", 0
	}
	return v.Text(), v.Line
}

// componentPaths are the files that must exist: the shared one, and a copy for each environment whose cluster reads a
// component tree of its own.
func componentPaths(t *Tree) []string {
	paths := []string{path.Join("environments/_shared/components", componentPath)}
	for _, e := range t.Envs {
		own := path.Join("environments", e.Name, "components")
		if info, err := fs.Stat(t.FS, own); err == nil && info.IsDir() {
			paths = append(paths, path.Join(own, componentPath))
		}
	}
	return paths
}

func components(t *Tree) ([]componentFile, error) {
	var files []componentFile
	for _, p := range componentPaths(t) {
		src, err := fs.ReadFile(t.FS, p)
		if err != nil {
			continue // component/file reports it
		}
		doc, err := yamledit.Parse(p, src)
		if err != nil {
			return nil, err
		}
		files = append(files, componentFile{p, doc})
	}
	if len(files) == 0 {
		return nil, notApplicable("there is no component.yaml, see component/file")
	}
	return files, nil
}

func componentFiles(t *Tree) ([]Issue, error) {
	var issues []Issue
	for _, p := range componentPaths(t) {
		info, err := fs.Lstat(t.FS, p)
		switch {
		case err != nil:
			issues = append(issues, Issue{File: p, Expected: "a file", Actual: "nothing"})
		case !info.Mode().IsRegular():
			issues = append(issues, Issue{File: p, Expected: "a regular file", Actual: info.Mode().Type().String()})
		}
	}
	return issues, nil
}

func componentDomain(t *Tree) ([]Issue, error) {
	return eachComponent(t, func(c componentFile) []Issue {
		var issues []Issue
		for field, want := range map[string]string{"domain": "platform", "name": ComponentName} {
			if got, line := c.scalar(field); got != want {
				issues = append(issues, Issue{File: c.path, Line: line, Field: field, Expected: want, Actual: orNothing(got)})
			}
		}
		if got, line := c.scalar("namespace"); line > 0 {
			issues = append(issues, Issue{File: c.path, Line: line, Field: "namespace", Expected: "no such key", Actual: got})
		}
		return sorted(issues)
	})
}

// dependencies are the components that the portal needs to be there before it: database, realm and client, Vault's
// store, Gateway.
func dependencies() []string {
	return []string{"foundation-vault-secret-store", "platform-postgres-clusters", "platform-gateway", "platform-keycloak", "platform-keycloak-realm"}
}

func componentPhase(t *Tree) ([]Issue, error) {
	return eachComponent(t, func(c componentFile) []Issue {
		v, ok, err := c.doc.Get("rolloutPhase")
		if err != nil || !ok {
			return []Issue{{File: c.path, Field: "rolloutPhase", Expected: "a phase", Actual: "nothing"}}
		}
		raw := c.doc.Bytes()[v.Start:v.End]
		phase, err := strconv.Atoi(v.Text())
		if err != nil || !bytes.ContainsAny(raw[:1], `"'`) {
			return []Issue{{File: c.path, Line: v.Line, Field: "rolloutPhase", Expected: "a quoted number", Actual: string(raw)}}
		}
		if name, other := latestDependency(t); phase <= other {
			return []Issue{{File: c.path, Line: v.Line, Field: "rolloutPhase", Expected: fmt.Sprintf("more than %d, the phase of %s", other, name), Actual: v.Text()}}
		}
		return nil
	})
}

// latestDependency is the dependency with the highest phase in any environment.
func latestDependency(t *Tree) (name string, phase int) {
	for _, e := range t.Envs {
		for _, d := range dependencies() {
			c := e.app(d)
			if c == nil {
				continue
			}
			if n, err := strconv.Atoi(c.Labels["rollout-phase"]); err == nil && n > phase {
				name, phase = d, n
			}
		}
	}
	return name, phase
}

func componentDependsOn(t *Tree) ([]Issue, error) {
	return eachComponent(t, func(c componentFile) []Issue {
		v, ok, err := c.doc.Get("dependsOn")
		if err != nil || !ok {
			return nil
		}
		return []Issue{{File: c.path, Line: v.Line, Field: "dependsOn", Expected: "no such key", Actual: "dependsOn"}}
	})
}

func componentChart(t *Tree) ([]Issue, error) {
	return eachComponent(t, func(c componentFile) []Issue {
		var issues []Issue
		dir, line := c.scalar("chart.path")
		if _, err := fs.Stat(t.FS, path.Join(dir, "Chart.yaml")); dir == "" || err != nil {
			issues = append(issues, Issue{File: c.path, Line: line, Field: "chart.path", Expected: "a folder with a Chart.yaml", Actual: orNothing(dir)})
		}
		for field, want := range map[string]string{"chart.repoURL": t.Spec.GitOps.RepoURL, "chart.version": t.Spec.GitOps.Revision} {
			if got, line := c.scalar(field); got != want {
				issues = append(issues, Issue{File: c.path, Line: line, Field: field, Expected: want, Actual: orNothing(got)})
			}
		}
		return sorted(issues)
	})
}

func eachComponent(t *Tree, ask func(componentFile) []Issue) ([]Issue, error) {
	files, err := components(t)
	if err != nil {
		return nil, err
	}
	var issues []Issue
	for _, c := range files {
		issues = append(issues, ask(c)...)
	}
	return issues, nil
}
