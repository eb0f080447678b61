package catalog

import (
	"strconv"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func files(pairs ...string) fstest.MapFS {
	tree := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		tree[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return tree
}

func entity(kind, name, spec string) string {
	return "apiVersion: backstage.io/v1alpha1\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec: {" + spec + "}\n---\n"
}

func refs(entities []Entity) []string {
	var all []string
	for _, e := range entities {
		all = append(all, e.Ref())
	}
	return all
}

func TestLoadFollowsRelativeTargetsOnce(t *testing.T) {
	tree := files(
		"c/all.yaml", entity("Location", "all", "targets: [./domains/*.yaml, ./g.yaml, ../c/g.yaml, 'https://example.com/x.yaml', ./missing.yaml, ../../x.yaml]"),
		"c/domains/b.yaml", entity("Domain", "B", "owner: g"),
		"c/domains/a.yaml", entity("Domain", "a", "owner: g")+entity("Location", "back", "target: ../all.yaml"),
		"c/g.yaml", entity("Group", "g", "type: team, children: []"),
	)
	entities, problems, err := Load(tree, "c/all.yaml")
	if err != nil || len(problems) != 0 {
		t.Fatalf("problems %v, error %v", problems, err)
	}
	want := []string{"location:default/all", "domain:default/a", "location:default/back", "domain:default/b", "group:default/g"}
	if diff := cmp.Diff(refs(entities), want); diff != "" {
		t.Errorf("got, want:\n%s", diff)
	}
	if diff := cmp.Diff(Kinds(entities), []string{"Domain", "Group", "Location"}); diff != "" {
		t.Errorf("kinds: got, want:\n%s", diff)
	}
	if _, _, err := Load(tree, "c/none.yaml"); err == nil {
		t.Error("a missing entry file is accepted")
	}
}

func TestReferencesThatLeadNowhereAreReportedAtTheirPlace(t *testing.T) {
	tree := files("c/all.yaml",
		entity("Group", "team", "type: team, children: [], parent: nobody")+
			entity("Component", "A", "type: x, lifecycle: y, owner: user:Team, system: s, dependsOn: [component:a, 'resource:other/db']")+
			entity("Component", "a", "type: x, lifecycle: y, owner: TEAM, providesApis: [p]")+
			entity("User", "team", "memberOf: [team]")+
			entity("API", "p", "type: x, lifecycle: y, owner: group:default/team, definition: {$text: ./p.proto}")+
			entity("Location", "l", "targets: [./nothing.yaml, ./*.json, /etc/x.yaml, ../..]"))
	entities, _, err := Load(tree, "c/all.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range References(tree, entities) {
		got = append(got, p.Entity+" "+p.Field+": "+p.Message)
		if p.File != "c/all.yaml" || p.Line == 0 {
			t.Errorf("place of %+v", p)
		}
	}
	want := []string{
		"component:default/a metadata.name: component:default/a is declared already in c/all.yaml:6",
		"group:default/team spec.parent: the catalog has no group:default/nobody",
		"component:default/a spec.dependsOn[1]: the catalog has no resource:other/db",
		"component:default/a spec.system: the catalog has no system:default/s",
		"api:default/p spec.definition: no such file: c/p.proto",
		"location:default/l spec.targets[0]: no such file: c/nothing.yaml",
		"location:default/l spec.targets[1]: no file matches c/*.json",
		"location:default/l spec.targets[2]: leads out of the tree",
		"location:default/l spec.targets[3]: leads out of the tree",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got, want:\n%s", diff)
	}
}

func TestDocumentsThatAreNoEntitiesAreProblemsWithALine(t *testing.T) {
	tests := map[string]string{
		"kind: A\n---\n- b\n":          "3: a catalog document must be a mapping, not a list",
		"kind: A\nkind: B\n":           `2: duplicate key "kind", first given in line 1`,
		"a: {b: 1, c: [{d: 1, d: 2}]}": `1: duplicate key "d", first given in line 1`,
		"kind: A\n\tb: c\n":            "2: a tab in the indentation",
		"kind: \x00\n":                 "1: control character 0x00",
		"a: &a\n  b: *a\n":             "1: the document's aliases expand without end",
	}
	for text, want := range tests {
		_, problems := ParseText("c.yaml", []byte(text))
		if len(problems) != 1 {
			t.Errorf("%q: %d problems", text, len(problems))
			continue
		}
		got := strconv.Itoa(problems[0].Line) + ": " + problems[0].Message
		if got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(entity("Component", "a", "type: &a x, lifecycle: *a, owner: y")))
	f.Add([]byte("a: &a [*a]\n---\n? [x]\n: {$text: 1}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		entities, _ := ParseText("c.yaml", text)
		for _, e := range entities {
			Validate(e)
			Advise(e)
		}
		References(fstest.MapFS{}, entities)
	})
}
