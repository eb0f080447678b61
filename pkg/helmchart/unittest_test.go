package helmchart_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/helmchart"
)

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// outcome lists suites and tests, one per line, with the first line of each message.
func outcome(t *testing.T, fsys fstest.MapFS) []string {
	t.Helper()
	scratch := t.TempDir()
	suites, err := helmchart.Unittest(t.Context(), mustLoad(t, fsys), scratch)
	if err != nil {
		t.Fatal(err)
	}
	assertEmpty(t, scratch)
	var out []string
	for _, s := range suites {
		out = append(out, fmt.Sprintf("%s %q passed=%v %s", strings.TrimPrefix(s.File, "charts/shop/tests/"), s.Name, s.Passed, s.Problem))
		for _, test := range s.Tests {
			line := fmt.Sprintf("  %d %s passed=%v skipped=%v", test.Line, test.Name, test.Passed, test.Skipped)
			for _, m := range test.Messages {
				first, _, _ := strings.Cut(m, "\n")
				line += " | " + first
			}
			out = append(out, line)
		}
		if strings.Contains(fmt.Sprint(s), scratch) || strings.Contains(fmt.Sprint(s), "/chart-") {
			t.Errorf("a result names the scratch directory: %v", s)
		}
	}
	return out
}

func TestUnittestTellsEveryTest(t *testing.T) {
	fsys := shop(t, map[string]string{
		"charts/shop/tests/deep/more_test.yaml": `suite: first of two
templates: [templates/routes.yaml]
tests:
  - it: fails
    asserts:
      - hasDocuments: {count: 7}
      - isKind: {of: ConfigMap}
  - it: is skipped
    skip: {reason: later}
    asserts:
      - hasDocuments: {count: 1}
---
suite: second of two
templates: [templates/routes.yaml]
tests:
  - it: reads no such file
    values: [../gone.yaml]
    asserts:
      - hasDocuments: {count: 1}
  - it: violates the schema
    set: {replicas: 0}
    asserts:
      - failedTemplate: {}
`,
		"charts/shop/tests/typo_test.yaml": "suite: typo\ntests:\n  - it: a\n    assert:\n      - isKind: {of: A}\n",
	})
	want := []string{
		`deep/more_test.yaml "first of two" passed=false `,
		`  4 fails passed=false skipped=false | asserts[0] hasDocuments`,
		`  8 is skipped passed=false skipped=true`,
		`deep/more_test.yaml "second of two" passed=false `,
		`  16 reads no such file passed=false skipped=false | open charts/shop/tests/gone.yaml: no such file or directory`,
		`  20 violates the schema passed=true skipped=false`,
		`deployment_test.yaml "deployment" passed=true `,
		`  5 keeps one replica passed=true skipped=false`,
		`  9 takes the shared values passed=true skipped=false`,
		`typo_test.yaml "" passed=false yaml: unmarshal errors:
  line 4: field assert not found in type unittest.TestJob`,
	}
	if diff := cmp.Diff(outcome(t, fsys), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestASnapshotThatIsNotStoredFailsItsTest(t *testing.T) {
	suite := `suite: snap
templates: [templates/deployment.yaml]
tests:
  - it: image
    asserts:
      - matchSnapshot: {path: spec.replicas}
  - it: port
    asserts:
      - matchSnapshot: {path: spec.selector}
`
	stored := "image:\n  1: |\n    1\nport:\n  1: |\n    matchLabels:\n      app: shop\n"
	for name, tc := range map[string]struct {
		snapshots string
		want      []string
	}{
		"stored": {stored, []string{`snap_test.yaml "snap" passed=true `, "  4 image passed=true skipped=false", "  7 port passed=true skipped=false"}},
		"one missing": {"image:\n  1: |\n    1\n", []string{`snap_test.yaml "snap" passed=false `, "  4 image passed=true skipped=false",
			"  7 port passed=false skipped=false | snapshot 1 is not stored: run helm unittest and commit tests/__snapshot__"}},
		"changed": {strings.Replace(stored, "    1", "    2", 1), []string{`snap_test.yaml "snap" passed=false `,
			"  4 image passed=false skipped=false | snapshot 1 differs", "  7 port passed=true skipped=false"}},
	} {
		fsys := shop(t, map[string]string{
			"charts/shop/tests/deployment_test.yaml": "-", "charts/shop/tests/snap_test.yaml": suite,
			"charts/shop/tests/__snapshot__/snap_test.yaml.snap": tc.snapshots,
		})
		if diff := cmp.Diff(outcome(t, fsys), tc.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
	}
}

func TestUnittestStopsWhenItsContextDoes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := helmchart.Unittest(ctx, mustLoad(t, shop(t, nil)), t.TempDir()); err == nil {
		t.Error("got no error, want the context's")
	}
}

func TestAChartWithoutSuitesHasNoResults(t *testing.T) {
	fsys := shop(t, map[string]string{"charts/shop/tests/deployment_test.yaml": "-"})
	if got := outcome(t, fsys); got != nil {
		t.Errorf("got %v, want none", got)
	}
}
