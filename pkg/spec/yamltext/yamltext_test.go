package yamltext

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestUnreadableTextHasAPlace(t *testing.T) {
	tests := map[string]Flaw{
		"\xef\xbb\xbfa: 1":  {1, 1, "the file begins with a byte order mark", "save it as UTF-8 without BOM"},
		"a: 1\nb: \xe9":     {2, 4, "byte 0xe9 is not UTF-8", "save the file as UTF-8"},
		"ä: 1\r\nb: x\x00y": {2, 5, "control character 0x00", "remove it: YAML is text"},
	}
	for text, want := range tests {
		got, bad := Unreadable([]byte(text))
		if diff := cmp.Diff(got, want); diff != "" || !bad {
			t.Errorf("%q: got, want:\n%s", text, diff)
		}
	}
	if f, bad := Unreadable([]byte("a:\t\"ü€𝄞\"\r\n")); bad {
		t.Errorf("good text: %+v", f)
	}
}

func TestSyntaxErrorPointsAtTheLineOrTheConstruct(t *testing.T) {
	tests := map[string]int{
		"a: 1\nb: {x: 1\n":             2,
		"a:\n  - x\n  y: 1\n":          2,
		"a:\n  b: 1\n - x\n":           3,
		"a: 1\nb: 2\n c: 3\n":          3,
		"{a: 1":                        1,
		"x: @a\n":                      1,
		"w: 1\nx: \"\\q\"\n":           2,
		"w: 1\nx:\n\ty: 1\n":           3,
		"a: *nowhere\n":                1,
		"x: 1\ny: 2\n- z\n":            3,
		"k: 1\na:\n  b: 1\n - x\nz: 1": 4,
	}
	for text, want := range tests {
		var n yaml.Node
		err := yaml.Unmarshal([]byte(text), &n)
		if err == nil {
			t.Fatalf("%q is valid YAML", text)
		}
		if got := Syntax([]byte(text), err); got.Line != want {
			t.Errorf("%q: got line %d (%s), want %d", text, got.Line, got.Message, want)
		}
	}
}
