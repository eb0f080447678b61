package catalog

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/portal"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/templates"
)

const generatedEntry = "sources/backstage/catalog/all.yaml"

// generated executes the catalog's templates for a spec, and has the portal's forms beside them.
func generated(t *testing.T, s spec.Spec) fstest.MapFS {
	t.Helper()
	tree := fstest.MapFS{}
	err := fs.WalkDir(templates.GitOps(), "sources/backstage/catalog", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(templates.GitOps(), path)
		if err != nil {
			return err
		}
		tmpl, err := template.New(path).Delims("[[", "]]").Option("missingkey=error").Funcs(sprig.TxtFuncMap()).Parse(string(text))
		if err != nil {
			return err
		}
		var out bytes.Buffer
		data := struct {
			Spec  spec.Spec
			Env   spec.Environment
			Image spec.Image
		}{Spec: s, Image: s.Image}
		tree[strings.TrimSuffix(path, ".tmpl")] = &fstest.MapFile{Data: nil}
		if err := tmpl.Execute(&out, data); err != nil {
			return err
		}
		tree[strings.TrimSuffix(path, ".tmpl")].Data = out.Bytes()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	forms, err := portal.Templates(templates.FS(), &s)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range forms {
		if !strings.Contains(f.Path, "/skeleton/") { // what lies there is no entity yet
			tree[f.Path] = &fstest.MapFile{Data: f.Content}
		}
	}
	return tree
}

// platform is a spec in which every part of the catalog occurs, with texts that YAML would read as something else.
func platform(t *testing.T) spec.Spec {
	t.Helper()
	l, err := spec.Parse(spec.FileName, []byte(`
title: "yes: #1 'a' \"b\" [x] {y} ${{ z }}"
catalog:
  domains:
    - {name: sales, owner: group:platform}
    - {name: Finance, title: "null", description: "a: b # c", owner: platform}
  systems:
    - {name: orders, owner: sales-team, domain: sales, description: "é€ \\ -"}
    - {name: loose, owner: user:jo}
  groups:
    - {name: platform, type: team, title: "~", children: [sales-team]}
    - {name: sales-team, type: "true", parent: platform}
  users:
    - {name: jo, displayName: "Jo: Doe", email: jo@ameide.io, memberOf: [platform, group:sales-team]}
    - {name: "123", email: guest@ameide.io, memberOf: []}
  primitives:
    - {kind: domain, name: orders, owner: sales-team, system: orders, source: "https://github.com/ameideio/ameide/tree/main/primitives/domain/orders/", proto: "https://github.com/ameideio/ameide/blob/main/orders.proto", description: "1.0"}
    - {kind: processdefinition, name: l2o, owner: sales-team, system: orders}
    - {kind: process, name: l2o, owner: sales-team, system: orders, definition: l2o, lifecycle: experimental}
    - {kind: agentdefinition, name: helper, owner: sales-team, system: orders}
    - {kind: agent, name: helper, owner: sales-team, system: orders, definition: helper}
    - {kind: uisurface, name: shop, owner: sales-team, system: system:default/orders}
`))
	if err != nil {
		t.Fatal(err)
	}
	return l.Spec
}

func TestGeneratedCatalogIsValidAndComplete(t *testing.T) {
	empty := spec.Default()
	empty.Catalog.Domains, empty.Catalog.Users, empty.Catalog.Systems[0].Domain = nil, nil, ""
	elsewhere := spec.Default()
	elsewhere.GitOps.RepoURL, elsewhere.Environments = "https://git.acme.io/a/b", elsewhere.Environments[:1]
	for name, s := range map[string]spec.Spec{"default": spec.Default(), "platform": platform(t), "empty": empty, "elsewhere": elsewhere} {
		tree := generated(t, s)
		entities, problems, err := Load(tree, generatedEntry)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entities {
			problems = append(append(problems, Validate(e)...), Advise(e)...)
		}
		if problems = append(problems, References(tree, entities)...); len(problems) > 0 {
			t.Errorf("%s: %+v", name, problems)
		}
		read := map[string]bool{}
		for _, e := range entities {
			read[e.File] = true
		}
		for path, file := range tree {
			if !read[path] && bytes.Contains(file.Data, []byte("apiVersion")) {
				t.Errorf("%s: no Location leads to %s", name, path)
			}
		}
	}
}

func TestEveryConceptHasItsKindAndType(t *testing.T) {
	tree := generated(t, platform(t))
	entities, _, err := Load(tree, generatedEntry)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range entities {
		got[e.Ref()], _, _ = e.Value("spec", "type")
	}
	want := map[string]string{
		"location:default/platform-factory": "url", "group:default/platform": "team", "group:default/sales-team": "true",
		"user:default/jo": "", "user:default/123": "", "domain:default/sales": "", "domain:default/finance": "",
		"system:default/orders": "", "system:default/loose": "", "component:default/backstage": "website", "resource:default/backstage-database": "database",
		"component:default/orders": "domain-primitive", "api:default/orders": "grpc", "resource:default/l2o": "process-definition",
		"component:default/l2o": "process-primitive", "resource:default/helper": "agent-definition", "component:default/helper": "agent-primitive",
		"component:default/shop":            "frontend",
		"template:default/primitive-domain": "service", "template:default/primitive-process": "service", "template:default/primitive-agent": "service",
		"template:default/primitive-uisurface": "service", "template:default/process-definition": "definition", "template:default/agent-definition": "definition",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got, want:\n%s", diff)
	}
	for _, e := range entities {
		if e.Ref() != "component:default/backstage" {
			continue
		}
		title, _, _ := e.Value("metadata", "title")
		app, _, _ := e.Value("metadata", "annotations", "argocd/app-name")
		if title != `yes: #1 'a' "b" [x] {y} ${{ z }}` || app != "production-platform-backstage" {
			t.Errorf("title %q, application %q", title, app)
		}
	}
}
