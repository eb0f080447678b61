package helmtext_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/yamledit"
	"github.com/ameideio/ameide/pkg/yamledit/helmtext"
)

const itemText = `secretKey: backstage-client-secret
remoteRef:
  key: {{ .Values.key | default "backstage-oidc-client-secret" }}
  property: value
`

// head and tail stand around the list's items in every case.
const head = `{{- if .Values.oidcClientSecrets.enabled }}
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ .Release.Name }}
  labels:
{{- include "labels" . | nindent 4 }}
spec:
  target:
    template:
      data:
        text: |
          # {{ "x: [" }}
{{- if .x }}
          {{ .y }}
{{- end }}
  data:
`

const added = `    - secretKey: backstage-client-secret
      remoteRef:
        key: {{ .Values.key | default "backstage-oidc-client-secret" }}
        property: value
`

func TestAppendItem(t *testing.T) {
	cases := []struct{ name, before, after string }{
		{"behind the last item", "    - secretKey: a\n      remoteRef: {key: \"{{ .a }}\"}\n      # note\n", "{{- end }}\n"},
		{"outside of an if around the last item", "    - secretKey: a\n    {{- if .Values.b }}\n    - secretKey: b\n    {{- else }}\n    {{- end }}\n", "{{- end }}\n"},
		{"outside of nested blocks at the margin", "    - secretKey: a\n{{- range .Values.b }}\n{{- with .c }}\n    - secretKey: {{ . }}\n{{- end }}\n{{- end }}\n", "\n{{- end }}\n"},
		{"outside of a range that makes all items", "{{- range .Values.b }}\n    - secretKey: {{ . }}\n{{- end }}\n", "  other: 1\n{{- end }}"},
		{"behind the output that ends the last item", "    - secretKey: a\n      remoteRef:\n        {{- toYaml .r | nindent 8 }}\n", "{{- end }}\n"},
		{"behind the conditional output that ends the last item", "    - secretKey: a\n      {{- with .r }}\n      remoteRef:\n        {{- toYaml . | nindent 8 }}\n      {{- end }}\n", "{{- end }}\n"},
		{"before the output that follows the list", "    - secretKey: a\n", "  {{- with .more }}\n  {{- toYaml . | nindent 2 }}\n  {{- end }}\n{{- end }}\n"},
		{"in front of the output of more items", "    - secretKey: a\n", "    {{- with .more }}\n    {{- toYaml . | nindent 4 }}\n    {{- end }}\n{{- end }}\n"},
		{"with a comment over several lines", "    - secretKey: a\n{{- /* one\n two: [ */}}\n    - secretKey: b\n", "{{- end }}\n"},
	}
	for _, tc := range cases {
		for _, eol := range []string{"\n", "\r\n"} {
			in := strings.ReplaceAll(head+tc.before+tc.after, "\n", eol)
			want := strings.ReplaceAll(head+tc.before+added+tc.after, "\n", eol)
			item := helmtext.Item{List: "spec.data", Field: "secretKey", Value: "backstage-client-secret", Text: itemText}
			got, err := helmtext.AppendItem("e.yaml", in, item)
			if err != nil {
				t.Errorf("%s: %v", tc.name, err)
				continue
			}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("%s: -got +want:\n%s", tc.name, diff)
			}
			if again, err := helmtext.AppendItem("e.yaml", got, item); err != nil || again != got {
				t.Errorf("%s: a second insertion changed the text (%v)", tc.name, err)
			}
		}
	}
}

func TestAppendItemRefuses(t *testing.T) {
	item := helmtext.Item{List: "spec.data", Field: "secretKey", Value: "backstage-client-secret", Text: itemText}
	cases := []struct {
		name, in string
		kind     error
		want     string
	}{
		{"a template without the list", "kind: A\n", yamledit.ErrNotFound, "e.yaml: spec.data: the template has no such list"},
		{"a list made by an action", "spec:\n  data:\n    {{- toYaml .d | nindent 4 }}\n", yamledit.ErrUnsafe, "e.yaml:2:3: spec.data is not written as a block list"},
		{"a list in each branch", "spec:\n  {{- if .a }}\n  data:\n    - secretKey: a\n  {{- else }}\n  data:\n    - secretKey: b\n  {{- end }}\n", yamledit.ErrAmbiguous, `e.yaml:6:3: spec.data: key "data" is already on line 3`},
		{"a list in two documents", "spec:\n  data: [a]\n---\nspec:\n  data: [b]\n", yamledit.ErrAmbiguous, "2 of them hold spec.data"},
		{"an action that eats the line break", "spec:\n  data:\n    {{- if .a }}\n    - secretKey: a\n    {{- end -}}\n", yamledit.ErrUnsafe, "e.yaml:5:5: the action -}}"},
		{"a template that does not parse", "{{ if .a }}\n", yamledit.ErrSyntax, "e.yaml:"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := helmtext.AppendItem("e.yaml", tc.in, item)
			checkRefusal(t, got, err, tc.kind, tc.want)
		})
	}
}

func TestAppendItemTakesTheDocumentThatHasTheList(t *testing.T) {
	in := "kind: A\nspec:\n  x: 1\n---\nkind: B\nspec:\n  data:\n  -   secretKey: a\n"
	got, err := helmtext.AppendItem("e.yaml", in, helmtext.Item{List: "spec.data", Field: "secretKey", Value: "b", Text: "secretKey: b\nc: 1"})
	if want := in + "  -   secretKey: b\n      c: 1\n"; err != nil || got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

const policy = "          cat <<EOF\n          path \"secret/data/argocd-*\" { capabilities = [\"read\"] }\n            path \"secret/data/coder-*\" { capabilities = [\"{{ .c }}\"] }\n          EOF\n"

func TestInsertLine(t *testing.T) {
	line := helmtext.Line{
		After:   regexp.MustCompile(`path "secret/data/[a-z-]+\*"`),
		Present: regexp.MustCompile(`path "secret/data/backstage-\*"`),
		Text:    `path "secret/data/backstage-*" { capabilities = ["create","update","read"] }`,
	}
	const ours = "            path \"secret/data/backstage-*\" { capabilities = [\"create\",\"update\",\"read\"] }\n"
	for _, eol := range []string{"\n", "\r\n"} {
		in := strings.ReplaceAll(policy, "\n", eol)
		want := strings.ReplaceAll(strings.Replace(policy, "          EOF\n", ours+"          EOF\n", 1), "\n", eol)
		got, err := helmtext.InsertLine("c.yaml", in, line)
		if err != nil || got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
		if again, err := helmtext.InsertLine("c.yaml", got, line); err != nil || again != got {
			t.Errorf("a second insertion changed the text (%v)", err)
		}
	}
	other := `path "secret/data/backstage-*" {}`
	if got, err := helmtext.InsertLine("c.yaml", other, line); err != nil || got != other {
		t.Errorf("got %q (%v), want the line that is already there", got, err)
	}
}

// Several policies in one script: a line goes into its own, or into the only one that has a place for it.
func TestInsertLineKeepsToItsBlock(t *testing.T) {
	line := helmtext.Line{Block: regexp.MustCompile(`^policy `), Own: regexp.MustCompile(`^policy patcher`), After: regexp.MustCompile(`^ path `), Text: "path b"}
	for _, test := range []struct{ name, in, want string }{
		{"its own is not the last", "policy patcher\n path a\npolicy other\n path x\n path b\n", "policy patcher\n path a\n path b\npolicy other\n path x\n path b\n"},
		{"it is there", "policy other\n path x\npolicy patcher\n path b\n", "policy other\n path x\npolicy patcher\n path b\n"},
		{"its own has another name, and one has a place", "policy reader\n x\npolicy p\n path a\n", "policy reader\n x\npolicy p\n path a\n path b\n"},
	} {
		if got, err := helmtext.InsertLine("c.yaml", test.in, line); err != nil || got != test.want {
			t.Errorf("%s: got %q (%v), want %q", test.name, got, err, test.want)
		}
	}
	got, err := helmtext.InsertLine("c.yaml", "policy p\n path a\npolicy q\n path x\n", line)
	checkRefusal(t, got, err, yamledit.ErrAmbiguous, "c.yaml:4:1: the line may belong here or further up")
}

func TestInsertLineRefuses(t *testing.T) {
	line := helmtext.Line{After: regexp.MustCompile(`^\s*path `), Text: "path b {}"}
	got, err := helmtext.InsertLine("c.yaml", "a\n", line)
	checkRefusal(t, got, err, yamledit.ErrNotFound, "c.yaml: no line matches")
	got, err = helmtext.InsertLine("c.yaml", "a\n  path a {\n  }\n", line)
	checkRefusal(t, got, err, yamledit.ErrUnsafe, "c.yaml:2:1: the line goes on below")
}
