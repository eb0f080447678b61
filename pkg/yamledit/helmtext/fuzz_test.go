package helmtext

import (
	"strings"
	"testing"
)

// FuzzTemplate runs every edit on any text. What parses must be masked to as
// many bytes on as many lines; an edit only adds bytes, and only once.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{
		"d:\n  - k: {{ .a }}\n{{- if .b }}\n  - k: b\n{{- end }}\n",
		"{{- $t := .t }}\n{{- if eq $t \"a\" }}\nx\n{{- else if eq $t `b` }}\ny\n{{- else }}\n{{- end }}\n",
		"{{/* a }} b */}}\nd: # {{ \"}}\" }}\n- k: '{{ '}' }}'\n", "d:\r\n- a\r\n{{ range .x -}}\r\n- b\r\n{{ end }}", "d:\n- k: |\n    {{ .x }}\n{{ .y }}\n    z\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := parseTemplate("f", text); err != nil {
			return
		}
		masked := mask(text)
		if len(masked) != len(text) || strings.Count(masked, "\n") != strings.Count(text, "\n") || strings.Contains(masked, "{{") {
			t.Fatalf("%q is masked as %q", text, masked)
		}
		item := Item{List: "d", Field: "k", Value: "ours", Text: "k: ours\nv: {{ .ours }}\n"}
		checkEdit(t, text, func(s string) (string, error) { return AppendItem("f", s, item) })
		branch := Branch{Variable: "$t", Value: "ours", Body: "ours: 1"}
		checkEdit(t, text, func(s string) (string, error) { return InsertBranch("f", s, branch) })
	})
}

func checkEdit(t *testing.T, text string, edit func(string) (string, error)) {
	t.Helper()
	next, err := edit(text)
	if err != nil {
		return
	}
	again, err := edit(next)
	if err != nil || again != next {
		t.Errorf("%q became %q and then %q (%v)", text, next, again, err)
	}
	i := 0
	for i < len(text) && text[i] == next[i] {
		i++
	}
	if !strings.HasSuffix(next[i:], text[i:]) {
		t.Errorf("%q became %q, which is more than an insertion", text, next)
	}
}
