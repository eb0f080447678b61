package helmchart_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/helmchart"
)

func TestEveryValueKnowsTheLineThatWon(t *testing.T) {
	fsys := shop(t, nil)
	v, err := mustLoad(t, fsys).Coalesce(mustValues(t, fsys, "values/shared.yaml", "values/dev.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		path  string
		value any
		at    string
	}{
		{"replicas", float64(2), "values/shared.yaml:1:11"},
		{"image.repository", "example.org/shop", "charts/shop/values.yaml:4:15"},
		{"image.tag", "dev", "values/dev.yaml:1:14"},
		{"hosts", []any{"dev.example.org"}, "values/dev.yaml:2:1"},
		{"hosts.0", "dev.example.org", "values/dev.yaml:2:9"},
		{"probes.port", float64(7007), "charts/shop/values.yaml:10:9"},
		{"monitoring", true, "values/dev.yaml:5:13"},
		{"extra", map[string]any{}, "charts/shop/values.yaml:13:1"},
	} {
		got, at, ok := v.Lookup(strings.Split(tc.path, ".")...)
		if diff := cmp.Diff(got, tc.value); !ok || diff != "" {
			t.Errorf("%s: found %v (-got +want):\n%s", tc.path, ok, diff)
		}
		if at.String() != tc.at {
			t.Errorf("%s: got place %s, want %s", tc.path, at, tc.at)
		}
	}
	if _, _, ok := v.Lookup("probes", "path"); ok {
		t.Error("probes.path: null in an environment leaves the chart's default")
	}
	if got, want := v.Origin("probes", "path").String(), "values/dev.yaml:3:1"; got != want {
		t.Errorf("origin of a missing key: got %s, want its parent's %s", got, want)
	}
}

func TestPlacesFollowAnchorsAndMergeKeys(t *testing.T) {
	fsys := fstest.MapFS{"v.yaml": {Data: []byte(`base: &base
  a: 1
  b: [x, &y yy]
one:
  <<: *base
  a: 2
two: *base
three: *y
yes: on
010: octal
text: |
  line
empty:
`)}}
	v := mustValues(t, fsys, "v.yaml")
	for path, want := range map[string]string{
		"one.a": "v.yaml:6:6", "one.b.1": "v.yaml:3:10", "two": "v.yaml:7:6", "two.a": "v.yaml:2:6", "three": "v.yaml:8:8",
		"true": "v.yaml:9:6", "8": "v.yaml:10:6", "text": "v.yaml:11:7", "empty": "v.yaml:13:1",
	} {
		_, at, ok := v.Lookup(strings.Split(path, ".")...)
		if !ok || at.String() != want {
			t.Errorf("%s: got %s (found %v), want %s", path, at, ok, want)
		}
	}
}

func TestValueFilesAreReadStrictly(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"duplicate":      {"a: 1\nb:\n  c: 1\n  c: 2\n", `v.yaml:4:3: duplicate key "c", first on line 3`},
		"same JSON key":  {"yes: 1\ntrue: 2\n", `v.yaml:2:1: duplicate key "true", first on line 1`},
		"tab":            {"a:\n\tb: 1\n", "v.yaml:2: indented with a tab"},
		"deep tab":       {"a:\n  b: 1\n\tc: 2\nd: 1\n", "v.yaml:3: indented with a tab"},
		"NUL":            {"a: 1\nb: \"\x00\"\n", "v.yaml:2: NUL byte"},
		"Latin-1":        {"a: 1\n\nb: caf\xe9\n", "v.yaml:3: not UTF-8"},
		"two documents":  {"a: 1\n---\nb: 2\n", "v.yaml:3: a second YAML document"},
		"list":           {"# x\n- a\n", "v.yaml:2:1: a value file must be a map of keys"},
		"scalar":         {"hello\n", "v.yaml:1:1: a value file must be a map of keys"},
		"colon in value": {"a: 1\nb: c: d\n", "v.yaml:2: mapping values are not allowed in this context"},
		"alias loop":     {"a: &a\n  b: *a\n", "v.yaml: anchor 'a' value contains itself"},
		"unknown anchor": {"a: *nope\n", "v.yaml: unknown anchor 'nope' referenced"},
		"too large":      {"a: " + strings.Repeat("x", 5<<20), "v.yaml: 5242883 bytes: at most 4194304 are read"},
	} {
		_, err := helmchart.LoadValues(fstest.MapFS{"v.yaml": {Data: []byte(tc.text)}}, []string{"v.yaml"}, true)
		if err == nil {
			t.Errorf("%s: got no error, want %s", name, tc.want)
			continue
		}
		if diff := cmp.Diff(problems(t, err), []string{tc.want}); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
	}
}

func TestHarmlessFilesAreAccepted(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "comment": "# nothing\n", "marker": "---\na: 1\n", "empty second document": "a: 1\n---\n",
		"byte order mark": "\xef\xbb\xbfa: 1\n", "windows": "a: 1\r\nb:\r\n  - c\r\n", "null": "null\n",
	} {
		if _, err := helmchart.LoadValues(fstest.MapFS{"v.yaml": {Data: []byte(text)}}, []string{"v.yaml"}, false); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAliasBombIsRefusedQuickly(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 12; i++ {
		p := string(rune('a' + i - 1))
		if i == 1 {
			p = "a0"
		} else {
			p += "1"
		}
		n := string(rune('a'+i)) + "1"
		b.WriteString(n + ": &" + n + " [" + strings.TrimSuffix(strings.Repeat("*"+p+",", 9), ",") + "]\n")
	}
	_, err := helmchart.LoadValues(fstest.MapFS{"v.yaml": {Data: []byte(b.String())}}, []string{"v.yaml"}, false)
	if err == nil || !strings.Contains(err.Error(), "excessive aliasing") {
		t.Fatalf("got %v, want a refusal of the aliases", err)
	}
}

func TestMissingFilesAreListedOrRefused(t *testing.T) {
	fsys := fstest.MapFS{"a.yaml": {Data: []byte("a: 1\n")}, "bad.yaml": {Data: []byte("a: 1\na: 2\n")}}
	v, err := helmchart.LoadValues(fsys, []string{"a.yaml", "gone.yaml"}, true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{v.Files(), v.Missing()}, [][]string{{"a.yaml"}, {"gone.yaml"}}); diff != "" {
		t.Errorf("files and missing files (-got +want):\n%s", diff)
	}
	_, err = helmchart.LoadValues(fsys, []string{"a.yaml", "gone.yaml", "bad.yaml"}, false)
	want := []string{"gone.yaml: open: file does not exist", `bad.yaml:2:1: duplicate key "a", first on line 1`}
	if diff := cmp.Diff(problems(t, err), want); diff != "" {
		t.Errorf("every problem at once (-got +want):\n%s", diff)
	}
}
