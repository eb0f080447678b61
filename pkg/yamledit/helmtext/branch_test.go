package helmtext_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/yamledit"
	"github.com/ameideio/ameide/pkg/yamledit/helmtext"
)

const secrets = `{{- range .Values.credentials.appUsers }}
{{- $template := .template | default "generic" }}
{{- /* a comment with {{ braces }} and {{ else }} */}}
stringData:
{{- if eq $template "platform" }}
  A: {{ "}}" | quote }}
  {{- if .x }}
  B: 1
  {{- else }}
  B: 2
  {{- end }}
{{- else if eq $template "gitlab" }}
  C: {{ $template | quote }}
{{- end }}
---
{{- end }}
`

func ours() helmtext.Branch {
	return helmtext.Branch{Variable: "$template", Value: "backstage", Body: "POSTGRES_HOST: {{ $host | quote }}\nNESTED:\n  {{ .x }}\n"}
}

// The body's variables must be declared where the branch goes.
func withHost(s string) string {
	return strings.Replace(s, "stringData:", "{{- $host := .host }}\nstringData:", 1)
}

const oursText = `{{- else if eq $template "backstage" }}
  POSTGRES_HOST: {{ $host | quote }}
  NESTED:
    {{ .x }}
`

func TestInsertBranch(t *testing.T) {
	in := withHost(secrets)
	beforeEnd := strings.Replace(in, "C: {{ $template | quote }}\n", "C: {{ $template | quote }}\n"+oursText, 1)
	otherwise := strings.Replace(in, "C: {{ $template | quote }}\n", "C: {{ $template | quote }}\n{{- else }}\n  D: 1\n", 1)
	cases := []struct{ name, in, want string }{
		{"before the end", in, beforeEnd},
		{"before an else", otherwise, strings.Replace(otherwise, "{{- else }}\n  D: 1", oursText+"{{- else }}\n  D: 1", 1)},
		{"CRLF", strings.ReplaceAll(in, "\n", "\r\n"), strings.ReplaceAll(beforeEnd, "\n", "\r\n")},
		{"already there", beforeEnd, beforeEnd},
		{"already there with another spelling",
			strings.Replace(beforeEnd, `eq $template "backstage"`, "or (eq `backstage` $template) (eq $template \"b\")", 1),
			strings.Replace(beforeEnd, `eq $template "backstage"`, "or (eq `backstage` $template) (eq $template \"b\")", 1)},
		{"next to a single if of the same variable",
			in + `{{- define "x" }}{{- $template := 1 }}{{- if eq $template "z" }}z{{- end }}{{- end }}`,
			beforeEnd + `{{- define "x" }}{{- $template := 1 }}{{- if eq $template "z" }}z{{- end }}{{- end }}`},
		{"inside a define", "{{ define \"d\" }}\n" + in + "{{ end }}", "{{ define \"d\" }}\n" + beforeEnd + "{{ end }}"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := helmtext.InsertBranch("s.yaml", tc.in, ours())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, tc.want); diff != "" {
				t.Errorf("-got +want:\n%s", diff)
			}
			if again, err := helmtext.InsertBranch("s.yaml", got, ours()); err != nil || again != got {
				t.Errorf("a second insertion changed the text (%v)", err)
			}
		})
	}
}

func TestInsertBranchRefuses(t *testing.T) {
	in := withHost(secrets)
	cases := []struct {
		name, in string
		kind     error
		want     string
	}{
		{"no chain", "a: {{ .b }}\n", yamledit.ErrNotFound, "s.yaml: no condition compares $template"},
		{"two chains", in + in, yamledit.ErrAmbiguous, "s.yaml:23:1: the chains on lines 6, 23 all compare $template"},
		{"a chain on one line", `{{ $template := 1 }}{{ if eq $template "a" }}x{{ else if eq $template "b" }}y{{ end }}`, yamledit.ErrUnsafe, "s.yaml:1:"},
		{"a body with an unknown variable", secrets, yamledit.ErrUnsafe, `undefined variable "$host"`},
		{"a template that does not parse", "a\n{{ if }}\n", yamledit.ErrSyntax, "s.yaml:2:1: missing value for if"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := helmtext.InsertBranch("s.yaml", tc.in, ours())
			checkRefusal(t, got, err, tc.kind, tc.want)
		})
	}
}

func checkRefusal(t *testing.T, got string, err, kind error, want string) {
	t.Helper()
	var e *yamledit.Error
	if !errors.As(err, &e) || !errors.Is(err, kind) {
		t.Fatalf("got %v, want an *Error of kind %v", err, kind)
	}
	if got != "" || e.Hint == "" || !strings.Contains(err.Error(), want) {
		t.Errorf("got text %q, hint %q, error %q; want no text, a hint, and %q", got, e.Hint, err, want)
	}
}
