package main

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The modules are large, so this test takes them from the module cache only; `schemagen -check` in CI downloads them.
func TestEmbeddedSchemasAreCurrent(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	for _, src := range sources() {
		if _, err := download(context.Background(), src, true); err != nil {
			t.Skipf("a module is not in the module cache: %v", err)
		}
	}
	if err := run(context.Background(), filepath.Join("..", "..", "pkg", "kubeschema", "schemas"), true, true); err != nil {
		t.Error(err)
	}
}

func TestARepeatedPartIsStoredOnce(t *testing.T) {
	part := func() map[string]any {
		return map[string]any{"type": "object", "properties": map[string]any{
			"name": map[string]any{"type": "string", "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63},
		}}
	}
	root := map[string]any{"type": "object", "properties": map[string]any{
		"a": part(), "b": map[string]any{"type": "array", "items": part()}, "c": map[string]any{"type": "string"},
	}}
	got := share(map[string]map[string]any{"v1": root})
	ref := map[string]any{"$ref": "~1"}
	want := map[string]map[string]any{
		"v1": {"type": "object", "properties": map[string]any{
			"a": ref, "b": map[string]any{"type": "array", "items": ref}, "c": map[string]any{"type": "string"},
		}},
		"~1": part(),
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
}

func TestAFieldNamedDescriptionIsKept(t *testing.T) {
	schema := map[string]any{"description": "x", "properties": map[string]any{
		"description": map[string]any{"type": "string", "description": "x"},
		"title":       map[string]any{"anyOf": []any{map[string]any{"description": "x", "type": "string"}}},
	}}
	stripSchema(schema)
	want := map[string]any{"properties": map[string]any{
		"description": map[string]any{"type": "string"},
		"title":       map[string]any{"anyOf": []any{map[string]any{"type": "string"}}},
	}}
	if diff := cmp.Diff(schema, want); diff != "" {
		t.Error(diff)
	}
}

func TestOpenAPISchemasBecomeStructural(t *testing.T) {
	ref := func(name string) map[string]any { return map[string]any{"$ref": refPrefix + name} }
	tests := map[string]struct{ in, want map[string]any }{
		"a reference in allOf": {
			map[string]any{"allOf": []any{ref("A")}, "default": map[string]any{}},
			map[string]any{"$ref": "A"},
		},
		"zero defaults go, others stay": {
			map[string]any{"type": "object", "properties": map[string]any{
				"name": map[string]any{"type": "string", "default": ""}, "protocol": map[string]any{"type": "string", "default": "TCP"},
			}},
			map[string]any{"type": "object", "properties": map[string]any{
				"name": map[string]any{"type": "string"}, "protocol": map[string]any{"type": "string", "default": "TCP"},
			}},
		},
		"an object without fields is open": {
			map[string]any{"type": "object", "description": "RawExtension"},
			map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true},
		},
		"a map is not open": {
			map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string", "default": ""}},
			map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}},
		},
	}
	for name, test := range tests {
		if diff := cmp.Diff(normalise(test.in), test.want); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestARecursiveSchemaIsCutOpen(t *testing.T) {
	definitions := map[string]map[string]any{
		"A": {"type": "object", "properties": map[string]any{"b": map[string]any{"$ref": "B"}}},
		"B": {"type": "object", "properties": map[string]any{"a": map[string]any{"$ref": "A"}}},
	}
	breakCycles(definitions)
	got := definitions["B"]["properties"].(map[string]any)["a"]
	if diff := cmp.Diff(got, any(map[string]any{"x-kubernetes-preserve-unknown-fields": true})); diff != "" {
		t.Error(diff)
	}
}

func TestABundleIsReproducible(t *testing.T) {
	b := &bundle{path: "x.gz", definitions: map[string]map[string]any{"b": {"type": "string"}, "a": {"type": "object", "required": []any{"x"}}}}
	first, err := b.encode()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if again, err := b.encode(); err != nil || !bytes.Equal(again, first) {
			t.Fatalf("encoding the same bundle again gives other bytes (%v)", err)
		}
	}
}

func TestCompareFindsChangedMissingAndSuperfluousFiles(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir, map[string][]byte{"same": []byte("1"), "changed": []byte("1"), "sub/old": []byte("1")}, []string{"same", "changed", "sub/old"}); err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{"same": []byte("1"), "changed": []byte("2"), "sub/new": []byte("1")}
	stale, err := compare(dir, want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(stale, []string{"changed", "sub/new", "sub/old"}); diff != "" {
		t.Error(diff)
	}
	if err := write(dir, want, stale); err != nil {
		t.Fatal(err)
	}
	if stale, err := compare(dir, want); err != nil || len(stale) > 0 {
		t.Errorf("after writing: %v, %v", stale, err)
	}
}
