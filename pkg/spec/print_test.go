package spec

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func printed(t *testing.T, s Spec) string {
	t.Helper()
	var out bytes.Buffer
	if err := Print(&out, s); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// rich has a value in every field, among them texts that YAML would take for something else.
func rich() Spec {
	s := Default()
	s.Title = "yes: #1 — 'Portal' \"x\""
	s.OIDC.Description = ""
	s.Database.Plugins = map[string]string{"search": "s1", "catalog": "null"}
	s.Environments = append(s.Environments, DefaultEnvironment("qa"))
	s.Environments[0].KubeContext = "0x10"
	s.Environments[1].Image = &Image{Repository: "ghcr.io/acme/portal", Tag: "1.10", Layout: LayoutRHDH, Platforms: []string{"linux/arm/v7"}}
	s.Catalog.Groups[0].Children = []string{"group:children"}
	s.Catalog.Groups = append(s.Catalog.Groups, CatalogGroup{Name: "children", Type: "team", Parent: "platform"})
	s.Catalog.Primitives = []CatalogPrimitive{
		{Kind: "processdefinition", Name: "l2o", Owner: "platform", System: "platform-factory"},
		{Kind: "process", Name: "123", Description: "a: b", Owner: "group:platform", System: "platform-factory", Lifecycle: "production", Source: "https://github.com/a/b/tree/main/c/", Proto: "https://github.com/a/b/blob/main/c.proto", Definition: "l2o"},
	}
	s.Waivers = []Waiver{{Rule: "image/pinned", Env: "dev", File: "a b.yaml", Reason: "tag: ok", Expires: "2026-12-31"}}
	return s
}

func TestPrintedSpecIsTheSameSpec(t *testing.T) {
	schema := compiled(t)
	for name, s := range map[string]Spec{"default": Default(), "rich": rich()} {
		text := printed(t, s)
		l, err := Parse(FileName, []byte(text))
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		if diff := cmp.Diff(l.Spec, s); diff != "" {
			t.Errorf("%s: got, want:\n%s", name, diff)
		}
		if err := validate(t, schema, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if again := printed(t, l.Spec); again != text {
			t.Errorf("%s: a second print differs:\n%s", name, cmp.Diff(again, text))
		}
	}
}

func TestPrintPointsEditorsToTheSchemaAndExplainsKeys(t *testing.T) {
	text := printed(t, Default())
	for _, want := range []string{
		"# yaml-language-server: $schema=https://raw.githubusercontent.com/ameideio/ameide/main/docs/ameide.schema.json\n",
		"# Title in the portal's header and browser tab.\ntitle: Ameide Platform Factory\n",
		"  - name: dev # Name in paths, labels and values: dev, staging, production, local.\n",
		"  - name: staging\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing %q in\n%s", want, text)
		}
	}
}

func FuzzParse(f *testing.F) {
	var out bytes.Buffer
	if err := Print(&out, Default()); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add([]byte("environments: [{name: dev, image: {tag: x}}, &a {<<: *a}]\n"))
	f.Add([]byte("? [a]\n: !!str 1\noidc: &x {vault: *x}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := Parse(FileName, text)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Print(&out, l.Spec); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(FileName, out.Bytes())
		if err != nil {
			t.Fatalf("%q is accepted, its print is not: %v", text, err)
		}
		if diff := cmp.Diff(again.Spec, l.Spec); diff != "" {
			t.Errorf("%q: got, want:\n%s", text, diff)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	var out bytes.Buffer
	if err := Print(&out, Default()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Parse(FileName, out.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}
