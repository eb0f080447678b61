package kubeschema

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const tenantCRD = `
apiVersion: v1
kind: ConfigMap
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: domains.ameide.io}
spec:
  group: ameide.io
  names: {kind: Domain, plural: domains}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          title: io.k8s.api.core.v1.PodSpec
          required: [spec]
          properties:
            apiVersion: {type: string}
            kind: {type: string}
            metadata: {type: object}
            spec:
              type: object
              required: [sku]
              properties:
                sku: {type: string, enum: [Shared, Namespace, Private]}
                port: {type: integer, default: 80}
                size: {x-kubernetes-int-or-string: true}
                extra: {type: object, x-kubernetes-preserve-unknown-fields: true}
                env: {type: object, additionalProperties: {type: string}}
                any: {type: object, additionalProperties: true}
                note: {type: string, nullable: true}
                object: {type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}
                names: {type: array, x-kubernetes-list-type: set, items: {type: string}}
              x-kubernetes-validations:
                - {rule: "self.port > 79", message: port is too low}
    - {name: v1alpha1, served: false, storage: false}
`

func TestAnExtraCRDIsCheckedLikeAnEmbeddedOne(t *testing.T) {
	crds, err := ParseCRDs([]byte(tenantCRD))
	if err != nil {
		t.Fatal(err)
	}
	v := newValidator(t, crds...)
	const head = "apiVersion: ameide.io/v1\nkind: Domain\nmetadata: {name: acme}\nspec: "
	tests := map[string]string{
		"{sku: Shared}": "",
		"{sku: Shared, size: 1, extra: {a: {b: 1}}, env: {A: b}, note: null}": "",
		"{sku: Shared, size: 10%}":                                                      "",
		"{sku: Shared, object: {apiVersion: v1, kind: Secret, x: y}}":                   "",
		"{sku: Shared, object: {kind: Secret}}":                                         "spec.object.apiVersion: Required value",
		"{sku: Shared, object: {apiVersion: v1, kind: Secret, metadata: {lables: {}}}}": `unknown field "spec.object.metadata.lables"`,
		"{sku: Shared, size: 1.5}":                                                      "spec.size: Invalid value",
		"{sku: Shared, size: true}":                                                     "spec.size: Invalid value",
		"{sku: Shared, env: {A: 1}}":                                                    "spec.env.A: Invalid value",
		"{sku: Shared, names: [a, a]}":                                                  `spec.names[1]: Duplicate value: "a"`,
		"{sku: Shared, port: 79}":                                                       "spec: Invalid value: port is too low",
		"{sku: shared}":                                                                 "spec.sku: Unsupported value",
		"{}":                                                                            "spec.sku: Required value",
		"{sku: Shared, Port: 1}":                                                        `unknown field "spec.Port"`,
	}
	for spec, want := range tests {
		objects, err := Decode([]byte(head + spec))
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(messages(v.Validate(objects[0])), "\n")
		if (want == "") != (got == "") || !strings.Contains(got, want) || strings.Contains(got, "\n") {
			t.Errorf("%s: got %q, want %q", spec, got, want)
		}
	}
}

func TestParseCRDsNamesTheDocumentItCannotRead(t *testing.T) {
	tests := map[string]string{
		"a: 1\n---\nkind: [":                                           "in the document at line 2: ",
		"kind: CustomResourceDefinition":                               "at line 1: spec.group and spec.names.kind are required",
		strings.Replace(tenantCRD, "served: false", "served: true", 1): "version v1alpha1 of Domain has no schema.openAPIV3Schema",
	}
	for text, want := range tests {
		if _, err := ParseCRDs([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestDecodeGivesIntegersAndSkipsEmptyDocuments(t *testing.T) {
	got, err := Decode([]byte("# nothing\n---\na: 1\nb: 1.5\nc: \"---\"\n---\n---\r\nd: y\ntext: |\n  ---\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{{"a": int64(1), "b": 1.5, "c": "---"}, {"d": true, "text": "---\n"}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeRefusesWhatTheAPIServerWould(t *testing.T) {
	tests := map[string]string{
		"a: 1\n---\nb: 1\nb: 2\n": `line 2: yaml: unmarshal errors:`,
		"- a\n":                   "line 1: not a mapping",
		"a: [\n":                  "line 1: yaml: ",
		"\ta: 1\n":                "line 1: yaml: ",
	}
	for text, want := range tests {
		if _, err := Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzAnyObjectIsJudgedWithoutAPanic(f *testing.F) {
	data, err := os.ReadFile("testdata/good.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, doc := range splitDocuments(data) {
		f.Add(doc.text)
	}
	f.Add([]byte("apiVersion: v1\nkind: List\nitems: [1, {kind: List, apiVersion: v1}]"))
	f.Add([]byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: []\nspec: {template: 1, selector: [], strategy: {rollingUpdate: 1}}"))
	v := newValidator(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		objects, err := Decode(data)
		if err != nil {
			return
		}
		for _, object := range objects {
			v.Validate(object)
		}
	})
}

func TestValidatorsMayShareAnExtraCRD(t *testing.T) {
	crds, err := ParseCRDs([]byte(tenantCRD))
	if err != nil {
		t.Fatal(err)
	}
	objects, err := Decode([]byte("apiVersion: ameide.io/v1\nkind: Domain\nmetadata: {name: acme}\nspec: {sku: Shared}"))
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		v := newValidator(t, crds...)
		wait.Go(func() {
			if got := v.Validate(objects[0]); len(got) > 0 {
				t.Errorf("got %q", messages(got))
			}
		})
	}
	wait.Wait()
}
