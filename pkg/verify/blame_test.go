package verify

import (
	"strings"
	"testing"
)

func TestKeysAreFoundInsideEachOther(t *testing.T) {
	text := strings.Split(`spec:
  name: outer
  containers:
    - name: web
      env:
      - name: FIRST
        value: 1
      - name: SECOND
        valueFrom:
          secretKeyRef: { name: s, key: k }
      {{- if .Values.x }}
      - name: THIRD
        value: 3
      {{- end }}
    - name: side
      value: 4
providers:
  {{ $values.block }}:
    prompt: auto`, "\n")
	tests := []struct {
		path        string
		line, found int
	}{
		{"spec name", 2, 2},
		{"spec containers web env FIRST value", 7, 6},
		{"spec containers web env SECOND valueFrom secretKeyRef key", 10, 8},
		{"spec containers web env THIRD value", 13, 6},
		{"spec containers side value", 16, 4},
		{"spec containers web env FOURTH value", 5, 4},
		{"providers production prompt", 19, 3},
		{"nothing", 0, 0},
	}
	for _, test := range tests {
		line, found := keyLine(text, strings.Fields(test.path))
		if line != test.line || found != test.found {
			t.Errorf("keyLine(%s) = %d, %d, want %d, %d", test.path, line, found, test.line, test.found)
		}
	}
}

func TestAFieldOfTheAPIServerIsFoundInItsDocument(t *testing.T) {
	tree := &Tree{FS: mapFS(map[string]string{"a.yaml": "spec:\n  steps:\n    - a: 1\n---\nspec:\n  steps:\n    - a: 1\n    - b: 2\n"})}
	for field, want := range map[string]int{"spec.steps[1].b": 8, "spec.steps[0]": 7, "spec.steps[4].x": 6, "none": 5} {
		if got := tree.fieldLine("a.yaml", 5, field); got != want {
			t.Errorf("fieldLine(%s) = %d, want %d", field, got, want)
		}
	}
}
