package helmchart_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/helm-unittest/helm-unittest/pkg/unittest"
	"github.com/helm-unittest/helm-unittest/pkg/unittest/results"
	"github.com/helm-unittest/helm-unittest/pkg/unittest/snapshot"

	"github.com/ameideio/ameide/pkg/helmchart"
)

// odd are suites in which sharing a rendering, or a chart, could be seen if it were done wrong.
var odd = map[string]string{
	"templates": `suite: templates
templates: [templates/deployment.yaml, templates/routes.yaml]
tests:
  - it: passes
    template: templates/deployment.yaml
    asserts:
      - equal: {path: spec.replicas, value: 1}
  - it: has the same values and fails in its second assertion
    template: templates/deployment.yaml
    asserts:
      - isKind: {of: Deployment}
      - equal: {path: spec.replicas, value: 7}
      - equal: {path: metadata.name, value: nobody}
      - isKind: {of: Deployment}
  - it: has the same values and passes again
    template: templates/deployment.yaml
    asserts:
      - isKind: {of: Deployment}
  - it: looks at another template
    template: templates/routes.yaml
    asserts:
      - isKind: {of: Deployment}
  - it: looks at another document
    template: templates/deployment.yaml
    documentIndex: 3
    asserts:
      - isKind: {of: Deployment}
  - it: skips the empty one
    template: templates/deployment.yaml
    documentSelector: {path: kind, value: Nothing, skipEmptyTemplates: true}
    asserts:
      - isKind: {of: Service}
  - it: skips the empty one again
    template: templates/deployment.yaml
    documentSelector: {path: kind, value: Nothing, skipEmptyTemplates: true}
    asserts:
      - isKind: {of: Service}
      - isKind: {of: Job}
  - it: forgets a failure when it skips the next assertion, as the library does
    template: templates/deployment.yaml
    documentSelector: {path: kind, value: Nothing, skipEmptyTemplates: true}
    asserts:
      - equal: {path: spec.replicas, value: 9}
        documentSelector: {path: kind, value: Deployment}
      - isKind: {of: Service}
`,
	"values": `suite: values
templates: [templates/deployment.yaml]
set: {replicas: 2}
tests:
  - it: takes the suite's
    asserts:
      - equal: {path: spec.replicas, value: 2}
  - it: takes its own
    set: {replicas: 3}
    asserts:
      - equal: {path: spec.replicas, value: 3}
  - it: takes the suite's after another took its own
    asserts:
      - equal: {path: spec.replicas, value: 2}
  - it: names a release of its own
    release: {name: other}
    asserts:
      - equal: {path: spec.replicas, value: 3}
`,
	"failures": `suite: failures
templates: [templates/refuses.yaml]
tests:
  - it: says that it is refused
    set: {big: 7}
    asserts:
      - failedTemplate: {errorMessage: too big}
  - it: is refused and expects an object
    set: {big: 7}
    asserts:
      - isKind: {of: ConfigMap}
  - it: is refused and expects another one
    set: {big: 7}
    asserts:
      - isKind: {of: Service}
  - it: says that it is refused and expects an object
    set: {big: 7}
    asserts:
      - failedTemplate: {errorPattern: big}
      - isKind: {of: ConfigMap}
  - it: says that it is refused for another reason
    set: {big: 7}
    asserts:
      - failedTemplate: {errorMessage: too small}
  - it: is taken and expects a refusal
    set: {big: 1}
    asserts:
      - failedTemplate: {}
  - it: is taken and expects that
    set: {big: 1}
    asserts:
      - notFailedTemplate: {}
      - isKind: {of: ConfigMap}
  - it: is taken and expects nothing of the kind
    set: {big: 1}
    asserts:
      - isKind: {of: ConfigMap}
  - it: is refused by the schema and says so
    set: {replicas: 0}
    asserts:
      - failedTemplate: {}
  - it: is refused by the schema and expects an object
    set: {replicas: 0}
    asserts:
      - isKind: {of: ConfigMap}
`,
	"versions": `suite: versions
templates: [templates/versions.yaml]
tests:
  - it: knows the version of nobody
    asserts:
      - equal: {path: data.chart, value: 9.9.9}
  - it: sets the chart's version
    chart: {version: 9.9.9, appVersion: "9"}
    asserts:
      - equal: {path: data.chart, value: 9.9.9}
  - it: knows the version of nobody again
    asserts:
      - equal: {path: data.chart, value: 9.9.9}
  - it: sets the cluster's version
    capabilities: {majorVersion: 1, minorVersion: 22}
    asserts:
      - equal: {path: data.cluster, value: v1.22.0}
  - it: sees the cluster's version of the test before
    asserts:
      - equal: {path: data.cluster, value: v1.22.0}
`,
	"writing later": `suite: writing later
templates: [templates/versions.yaml]
tests:
  - it: sees the cluster's version of the suite before
    asserts:
      - equal: {path: data.cluster, value: v1.22.0}
`,
	"literal": `suite: literal
templates: [literal.yaml]
set:
  extra: {text: 'a {{ .Values.replicas }} {{- b -}} }}c{{', number: 12345678}
tests:
  - it: prints what looks like a template
    set: {replicas: 4}
    asserts:
      - equal: {path: data.text, value: 'a {{ .Values.replicas }} {{- b -}} }}c{{'}
      - equal: {path: data.evaluated, value: "4"}
  - it: prints numbers as Helm reads them
    release: {namespace: here, upgrade: true, revision: 7}
    asserts:
      - equal: {path: data.number, value: "1.2345678e+07"}
      - equal: {path: data.release, value: RELEASE-NAME here true 7 literal.yaml}
`,
	"everything": `suite: everything
excludeTemplates: [refuses.yaml, writes.yaml]
tests:
  - it: looks at all templates
    asserts:
      - isKind: {of: Deployment}
        template: deployment.yaml
      - isKind: {of: ConfigMap}
        template: versions.yaml
      - hasDocuments: {count: 1}
`,
	"null": `suite: "null"
templates: [templates/deployment.yaml]
tests:
  - it: removes a default
    set: {extra: null}
    asserts:
      - isKind: {of: Deployment}
  - it: sets a default of the chart to what its schema refuses
    set: {extra: 7}
    asserts:
      - isKind: {of: Deployment}
`,
	"skipped": `suite: skipped
templates: [templates/deployment.yaml]
skip: {reason: not today}
tests:
  - it: would fail
    asserts:
      - isKind: {of: Nothing}
`,
	"writing": `suite: writing
templates: [templates/writes.yaml]
tests:
  - it: writes into the values
    asserts:
      - equal: {path: data.count, value: "1"}
  - it: finds the values as they were
    set: {replicas: 2}
    asserts:
      - equal: {path: data.count, value: "1"}
`,
}

// oddTemplates are what the suites need beyond the sample chart.
var oddTemplates = map[string]string{
	"charts/shop/templates/refuses.yaml":  "kind: ConfigMap\n{{ if gt (int .Values.big) 5 }}{{ fail \"too big\" }}{{ end }}\n",
	"charts/shop/templates/versions.yaml": "kind: ConfigMap\ndata: {chart: {{.Chart.Version}}, cluster: {{.Capabilities.KubeVersion.Version}}}\n",
	"charts/shop/templates/literal.yaml": `kind: ConfigMap
data:
  text: {{ .Values.extra.text | quote }}
  evaluated: {{ tpl "{{ .Values.replicas }}" . | quote }}
  number: {{ .Values.extra.number | quote }}
  release: {{ printf "%s %s %t %d %s" .Release.Name .Release.Namespace .Release.IsUpgrade .Release.Revision (base .Template.Name) }}
`,
	"charts/shop/templates/writes.yaml": `{{- $_ := set .Values.extra "seen" (add1 (.Values.extra.seen | default 0)) }}
kind: ConfigMap
data: {count: "{{ .Values.extra.seen }}"}
`,
}

// verdict is what a test came to, however it was run.
type verdict struct {
	Name            string
	Passed, Skipped bool
	Failures        []string
}

// The library runs every test by itself on a chart of its own; Unittest shares both. The verdicts are the same.
func TestASharedRenderingChangesNoVerdict(t *testing.T) {
	changes := map[string]string{"charts/shop/tests/deployment_test.yaml": "-"}
	for name, text := range oddTemplates {
		changes[name] = text
	}
	for name, text := range odd {
		changes["charts/shop/tests/"+name+"_test.yaml"] = text
	}
	fsys := shop(t, changes)
	got := map[string][]verdict{}
	suites, err := helmchart.Unittest(t.Context(), mustLoad(t, fsys), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range suites {
		list := []verdict{{Name: "suite", Passed: s.Passed, Skipped: s.Skipped}}
		for _, test := range s.Tests {
			list = append(list, verdict{test.Name, test.Passed, test.Skipped, test.Messages})
		}
		got[s.Name] = list
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, fsys); err != nil {
		t.Fatal(err)
	}
	want := map[string][]verdict{}
	for name := range odd {
		want[name] = libraryVerdicts(t, filepath.Join(dir, "charts", "shop"), name)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

// libraryVerdicts are those of the library itself.
func libraryVerdicts(t *testing.T, chart, suite string) []verdict {
	t.Helper()
	suites, err := unittest.ParseTestSuiteFile(filepath.Join(chart, "tests", suite+"_test.yaml"), "shop", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	cache, err := snapshot.CreateSnapshotOfSuite(suites[0].SnapshotFileUrl(), false)
	if err != nil {
		t.Fatal(err)
	}
	result := suites[0].RunV3(chart, cache, false, "", &results.TestSuiteResult{})
	out := []verdict{{Name: "suite", Passed: result.Passed, Skipped: result.Skipped}}
	for _, r := range result.TestsResult {
		v := verdict{Name: r.DisplayName, Passed: r.Passed, Skipped: r.Skipped}
		if !r.Passed && r.ExecError != nil {
			v.Failures = append(v.Failures, strings.TrimSpace(r.ExecError.Error()))
		}
		for _, a := range r.AssertsResult {
			if !r.Passed && !a.Passed {
				v.Failures = append(v.Failures, strings.TrimSpace(fmt.Sprintf("asserts[%d] %s\n%s", a.Index, a.AssertType, strings.Join(a.FailInfo, "\n"))))
			}
		}
		out = append(out, v)
	}
	return out
}
