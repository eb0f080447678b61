package verify

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/appset"
	"github.com/ameideio/ameide/pkg/lazy"
	"github.com/ameideio/ameide/pkg/tenancy"
)

func tenancyRules() []Rule {
	return []Rule{
		{RuleInfo: rule("tenancy/namespace", "code of a tenant or an agent never goes to a namespace of the platform", "its namespace is "+tenancy.Custom().Formula), Tree: tenantsKeptOut, Anywhere: true},
	}
}

var (
	tenantSegment = lazy.Regexp(`(?:^|/)(?:tenants?/|tenant-[a-z0-9])`)
	originKey     = lazy.Regexp(`(?i)^(?:code[-_]?)?origin$|^ameide\.io/(?:code-)?origin$`)
	tenantKey     = lazy.Regexp(`(?i)^tenant(?:[-_]?id)?$|^ameide\.io/tenant-id$`)
	namespaceKey  = lazy.Regexp(`(?i)^(?:target[-_]?)?namespaces?(?:override)?$`)
	worthParsing  = lazy.Regexp(`(?i)tenant|origin`)
)

// tenantsKeptOut looks at every file that deploys something, and at the Applications of components that name no
// namespace of their own: those go where the cluster's entry says.
func tenantsKeptOut(t *Tree) ([]Issue, error) {
	var issues []Issue
	foreign := map[string]int{} // file to the line that says so
	err := t.deployed(func(p string, src []byte) {
		found, line := t.tenantFile(p, src)
		if line > 0 {
			foreign[p] = line
		}
		issues = append(issues, found...)
	})
	if err != nil {
		return nil, err
	}
	for _, app := range t.Sets.Applications {
		if !tenancy.IsPlatform(app.Namespace, t.Spec.Environments) {
			continue
		}
		if i, ok := tenantApplication(app, foreign); ok && !slices.ContainsFunc(issues, func(o Issue) bool { return o.File == i.File }) {
			issues = append(issues, i)
		}
	}
	return sorted(issues), nil
}

// deployedFolders are those that something is deployed from: the platform's, its folder of what it runs for one tenant, and that
// of a tenant's own repository.
func deployedFolders() []string {
	return []string{"argocd", "environments", "primitives", "sources", "tenants"}
}

// skipForeign leaves out folders whose files deploy nothing by themselves: charts, and the portal's own material.
func skipForeign(dir string) error {
	if dir == "sources/charts" || dir == "sources/backstage" {
		return fs.SkipDir
	}
	return nil
}

// tenantFile finds the platform's namespaces in a file of tenant or agent origin; line is where the origin is said, 0
// when it is the platform's.
func (t *Tree) tenantFile(p string, src []byte) (issues []Issue, line int) {
	if !worthParsing().Match(src) && !tenantSegment().MatchString(p) {
		return nil, 0
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(src)))
	for {
		var doc yaml.Node
		if decoder.Decode(&doc) != nil {
			return issues, line
		}
		origin := originOf(&doc, p)
		if origin == 0 {
			continue
		}
		line = origin
		visitKeys(&doc, false, func(key, value *yaml.Node, inside bool) {
			if (inside || namespaceKey().MatchString(key.Value)) && value.Kind == yaml.ScalarNode && tenancy.IsPlatform(value.Value, t.Spec.Environments) {
				issues = append(issues, Issue{File: p, Line: value.Line, Field: key.Value, Expected: tenancy.Custom().Formula, Actual: value.Value})
			}
		})
	}
}

// originOf is the line that says that a document is a tenant's or an agent's; 0 when none does.
func originOf(doc *yaml.Node, p string) int {
	line := 0
	if tenantSegment().MatchString(p) {
		line = 1
	}
	visitKeys(doc, false, func(key, value *yaml.Node, _ bool) {
		if value.Kind != yaml.ScalarNode || value.Value == "" || line > 1 {
			return
		}
		origin := originKey().MatchString(key.Value) && tenancy.IsCustom(value.Value)
		if origin || tenantKey().MatchString(key.Value) && value.Value != "platform" {
			line = key.Line
		}
	})
	return line
}

// visitKeys visits every key of every mapping; inside tells that a key above names namespaces, so that its values are
// some (target_namespaces: {dev: …}).
func visitKeys(n *yaml.Node, inside bool, visit func(key, value *yaml.Node, inside bool)) {
	if n.Kind != yaml.MappingNode {
		for _, child := range n.Content {
			visitKeys(child, inside, visit)
		}
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		visit(key, value, inside)
		visitKeys(value, inside || namespaceKey().MatchString(key.Value) && value.Kind == yaml.MappingNode && strings.HasSuffix(strings.ToLower(key.Value), "s"), visit)
	}
}

// tenantApplication is the finding about an Application in a namespace of the platform that is generated from a file of
// foreign origin, or reads one.
func tenantApplication(app appset.Application, foreign map[string]int) (Issue, bool) {
	files := app.ValueFiles()
	for _, o := range app.Origins {
		files = append(files, o.File)
	}
	for _, f := range files {
		if line := foreign[f]; line > 0 {
			return Issue{File: f, Line: line, Resource: "Application/" + app.Name, Field: "spec.destination.namespace", Expected: tenancy.Custom().Formula, Actual: app.Namespace}, true
		}
	}
	return Issue{}, false
}

func isYAML(p string) bool {
	ext := path.Ext(p)
	return ext == ".yaml" || ext == ".yml"
}
