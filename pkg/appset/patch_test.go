package appset

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func document(t *testing.T, text string) *node {
	t.Helper()
	docs, err := parseDocuments("x.yaml", []byte(text))
	if err != nil || len(docs) != 1 {
		t.Fatalf("%s: %d documents, %v", text, len(docs), err)
	}
	return docs[0]
}

func TestJSONPatch(t *testing.T) {
	cases := []struct{ name, patch, want, fails string }{
		{"add a key", `[{op: add, path: /b, value: 1}]`, `{a: [x, y], m: {k: v}, b: 1}`, ""},
		{"add overwrites a key", `[{op: add, path: /m, value: 1}]`, `{a: [x, y], m: 1}`, ""},
		{"insert", `[{op: add, path: /a/1, value: z}]`, `{a: [x, z, y], m: {k: v}}`, ""},
		{"insert at the end", `[{op: add, path: /a/2, value: z}]`, `{a: [x, y, z], m: {k: v}}`, ""},
		{"append", `[{op: add, path: /a/-, value: z}]`, `{a: [x, y, z], m: {k: v}}`, ""},
		{"remove a key", `[{op: remove, path: /m/k}]`, `{a: [x, y], m: {}}`, ""},
		{"remove an item", `[{op: remove, path: /a/0}]`, `{a: [y], m: {k: v}}`, ""},
		{"replace", `[{op: replace, path: /a/0, value: [1]}]`, `{a: [[1], y], m: {k: v}}`, ""},
		{"move", `[{op: move, from: /m/k, path: /k}]`, `{a: [x, y], m: {}, k: v}`, ""},
		{"copy", `[{op: copy, from: /a, path: /m/a}]`, `{a: [x, y], m: {k: v, a: [x, y]}}`, ""},
		{"escapes", `[{op: add, path: /m/a~1b~0c, value: 1}]`, `{a: [x, y], m: {k: v, "a/b~c": 1}}`, ""},
		{"test holds", `[{op: test, path: /m, value: {k: v}}, {op: remove, path: /m}]`, `{a: [x, y]}`, ""},
		{"test fails", `[{op: test, path: /m, value: {k: w}}]`, "", "x.yaml:1: test /m: the value differs"},
		{"remove nothing", `[{op: remove, path: /n}]`, "", `x.yaml:1: remove /n: there is no "n"`},
		{"replace nothing", `[{op: replace, path: /a/2, value: 1}]`, "", `x.yaml:1: replace /a/2: there is no element "2"`},
		{"add too far", `[{op: add, path: /a/3, value: 1}]`, "", `x.yaml:1: add /a/3: there is no element "3"`},
		{"add without value", `[{op: add, path: /b}]`, "", "x.yaml:1: add /b: value is missing"},
		{"below a scalar", `[{op: add, path: /m/k/x, value: 1}]`, "", "x.yaml:1: add /m/k/x: the parent holds no values"},
		{"no pointer", `[{op: remove, path: a}]`, "", "x.yaml:1: remove a: a JSON pointer starts with /"},
		{"the whole document", `[{op: remove, path: ""}]`, "", "x.yaml:1: remove : the whole document cannot be patched"},
		{"unknown operation", `[{op: rename, path: /a}]`, "", "x.yaml:1: rename /a: unknown operation"},
		{"not a list", `{op: remove}`, "", "x.yaml:1: a JSON patch is a list of operations"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			original := document(t, `{a: [x, y], m: {k: v}}`)
			got, err := applyJSONPatch(original, document(t, c.patch))
			if c.fails != "" {
				if err == nil || err.Error() != c.fails {
					t.Errorf("got %v, want %s", err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.value(), document(t, c.want).value()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(original.value(), document(t, `{a: [x, y], m: {k: v}}`).value()); diff != "" {
				t.Errorf("the original changed: %s", diff)
			}
		})
	}
}

func TestMergePatch(t *testing.T) {
	original := `{a: {b: 1, c: 2}, l: [1, 2], s: x}`
	cases := []struct{ name, patch, want string }{
		{"maps merge", `{a: {c: 3, d: 4}}`, `{a: {b: 1, c: 3, d: 4}, l: [1, 2], s: x}`},
		{"lists replace", `{l: [3]}`, `{a: {b: 1, c: 2}, l: [3], s: x}`},
		{"null deletes", `{a: {b: null}, s: null}`, `{a: {c: 2}, l: [1, 2]}`},
		{"null of nothing is nothing", `{z: null}`, original},
		{"null in a new map is nothing", `{n: {x: null, y: 1}}`, `{a: {b: 1, c: 2}, l: [1, 2], s: x, n: {y: 1}}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := mergePatch(document(t, original), document(t, c.patch))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.value(), document(t, c.want).value()); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := mergePatch(document(t, original), document(t, `{a: {$patch: replace}}`)); err == nil {
		t.Error("a merge directive is ignored")
	}
}

func TestATemplatePatchMergesAsArgoCDDoes(t *testing.T) {
	object := map[string]any{
		"metadata": map[string]any{"finalizers": []any{"a"}},
		"spec":     map[string]any{"sources": []any{1.0}, "x": "y"},
	}
	change := map[string]any{
		"metadata": map[string]any{"finalizers": []any{"b", "a"}, "labels": map[string]any{"k": "v", "n": nil}},
		"spec":     map[string]any{"sources": []any{2.0}, "x": nil},
	}
	got, err := strategicMerge(object, change, "")
	want := map[string]any{
		"metadata": map[string]any{"finalizers": []any{"a", "b"}, "labels": map[string]any{"k": "v"}},
		"spec":     map[string]any{"sources": []any{2.0}},
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
}
