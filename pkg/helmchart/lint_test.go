package helmchart_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/helmchart"
)

func TestLintFindsWhatHelmLintFinds(t *testing.T) {
	const icon = "info charts/shop/Chart.yaml icon is recommended"
	for name, tc := range map[string]struct {
		changes       map[string]string
		want          []string
		fails, strict bool
	}{
		"clean": {nil, []string{icon}, false, false},
		"deprecated API": {map[string]string{"charts/shop/templates/pdb.yaml": "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\n"},
			[]string{icon, "warning charts/shop/templates/pdb.yaml policy/v1beta1 PodDisruptionBudget is deprecated in v1.21+, unavailable in v1.25+; use policy/v1 PodDisruptionBudget"}, false, true},
		"file name": {map[string]string{"charts/shop/templates/a.sh": "echo\n"},
			[]string{icon, "error charts/shop/templates/a.sh file extension '.sh' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt"}, true, true},
		"misspelt chart key": {map[string]string{"charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\nmantainers: []\n"},
			[]string{`warning charts/shop/Chart.yaml failed to strictly parse chart metadata file error unmarshaling JSON: while decoding JSON: json: unknown field "mantainers"`, icon}, false, true},
		"schema": {map[string]string{"values/shared.yaml": "replicas: none\n"},
			[]string{icon, "error values/shared.yaml:1:11 replicas: got string, want integer"}, true, true},
		"not YAML": {map[string]string{"charts/shop/templates/a.yaml": "a: b: c\n"},
			[]string{icon, "error charts/shop/templates/a.yaml unable to parse YAML: error converting YAML to JSON: yaml: mapping values are not allowed in this context"}, true, true},
	} {
		fsys := shop(t, tc.changes)
		scratch := t.TempDir()
		list, err := helmchart.Lint(mustLoad(t, fsys), scratch, mustValues(t, fsys, "values/shared.yaml"), release, caps)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, m := range list {
			got = append(got, string(m.Severity)+" "+m.Pos.String()+" "+m.Text)
		}
		if diff := cmp.Diff(sorted(got), sorted(tc.want)); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
		verdict := []bool{helmchart.LintFailed(list, false), helmchart.LintFailed(list, true)}
		if diff := cmp.Diff(verdict, []bool{tc.fails, tc.strict}); diff != "" {
			t.Errorf("%s: fails, fails when strict (-got +want):\n%s", name, diff)
		}
		if strings.Contains(strings.Join(got, "\n"), scratch) {
			t.Errorf("%s: a message names the scratch directory:\n%s", name, strings.Join(got, "\n"))
		}
	}
}

func TestLintWritesTheChartOnceForAllEnvironments(t *testing.T) {
	fsys, scratch := shop(t, nil), t.TempDir()
	c := mustLoad(t, fsys)
	for range 3 {
		if _, err := helmchart.Lint(c, scratch, mustValues(t, fsys, "values/shared.yaml"), release, caps); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(scratch)
	if err != nil || len(left) != 1 {
		t.Errorf("scratch directory: got %v (%v), want one copy of the chart", left, err)
	}
}

func TestLintNeedsADirectoryOfItsCaller(t *testing.T) {
	fsys := shop(t, nil)
	if _, err := helmchart.Lint(mustLoad(t, fsys), "", mustValues(t, fsys), release, caps); err == nil {
		t.Error("got no error for an empty scratch directory, want one")
	}
}

func assertEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("scratch directory: got %v (%v), want it empty", left, err)
	}
}
