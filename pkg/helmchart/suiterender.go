package helmchart

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/helm-unittest/helm-unittest/pkg/unittest"
	v3chart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	v3engine "helm.sh/helm/v3/pkg/engine"
)

// The library renders with a global of Helm's, so that its tests can only run one after the other. What takes most of
// their time needs no global: this file renders ahead of the library, on every processor, with the engine, values and
// order that the library would take. The library gets the outputs as a chart of plain text and judges them.

// prepared is the chart that the library is given for a job.
type prepared struct {
	chart    *v3chart.Chart
	rendered bool // the chart is what the job renders, for any values
	err      error
}

// ask is what the library would render for a job.
type ask struct {
	set          map[string]any // by the suite and the test; nil if that cannot be told
	templates    []string       // of the suite; empty means all
	excluded     []string
	capabilities *chartutil.Capabilities
}

// renderAhead prepares jobs in their order on the processors that the library leaves free, until the call of the function that it
// returns. Whoever needs a job earlier prepares it.
func renderAhead(jobs []*job) (stop func()) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) - 1 {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(len(jobs)); n = next.Add(1) {
				jobs[n-1].prepare()
			}
		})
	}
	return func() {
		next.Store(int64(len(jobs)))
		wg.Wait()
	}
}

// prepare is the chart for a job. Where its outcome cannot be told beforehand, or is an error, it is the chart itself,
// and the library finds the error again.
func (c *v3Chart) prepare(test unittest.TestJob, a ask) (p prepared) {
	accepted := false
	defer func() {
		if recover() != nil || !p.rendered && p.err == nil { // the library panics again, for the test that asks
			p.chart, p.err = c.instance(accepted)
		}
	}()
	if a.set == nil {
		return prepared{}
	}
	own, err := c.instance(true)
	if err != nil {
		return prepared{err: err}
	}
	test.ModifyChartMetadata(own)
	top, err := renderValuesV3(own, test, a)
	if err != nil {
		return prepared{}
	}
	if accepted = c.accepts(top["Values"]); !accepted || len(test.KubernetesProvider.Objects) > 0 {
		return prepared{}
	}
	selected := unittest.CopyV3Chart(own.Name(), own.Name(), a.patterns(), a.excluded, own)
	outputs, err := v3engine.Render(selected, top)
	if err != nil {
		return prepared{}
	}
	return prepared{chart: verbatim(own, outputs), rendered: true}
}

// patterns select the templates of a suite.
func (a ask) patterns() []string {
	if len(a.templates) == 0 {
		return []string{"**"}
	}
	return a.templates
}

// renderValuesV3 is what the library hands the templates: Helm's ToRenderValues, whose copies of the chart's defaults cost more
// than all the rest of it. Without null, merging is coalescing.
func renderValuesV3(own *v3chart.Chart, test unittest.TestJob, a ask) (chartutil.Values, error) {
	values, err := asRead(a.set)
	if err != nil {
		return nil, err
	}
	return chartutil.Values{
		"Chart":        own.Metadata,
		"Capabilities": a.capabilities,
		"Release": map[string]any{
			"Name": cmp.Or(test.Release.Name, "RELEASE-NAME"), "Namespace": cmp.Or(test.Release.Namespace, "NAMESPACE"),
			"IsUpgrade": test.Release.IsUpgrade, "IsInstall": !test.Release.IsUpgrade, "Revision": test.Release.Revision, "Service": "Helm",
		},
		"Values": chartutil.Values(chartutil.MergeTables(values, cloneMap(own.Values))),
	}, nil
}

// asRead are values as Helm reads them from a file: numbers are float64.
func asRead(values map[string]any) (map[string]any, error) {
	text, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	return out, json.Unmarshal(text, &out)
}

// accepts tells whether the chart's schema accepts values. The library compiles the schema anew for each test, which
// takes longer than the test; what it would say of values that are accepted is known beforehand.
func (c *v3Chart) accepts(values any) bool {
	own, err := c.schema()
	if err != nil {
		return false
	}
	plain, ok := values.(chartutil.Values)
	return ok && (own.validator == nil || own.validator.Validate(map[string]any(plain)) == nil)
}

// verbatim is the chart with its outputs as templates: they render to themselves, whatever the values are.
func verbatim(c *v3chart.Chart, outputs map[string]string) *v3chart.Chart {
	out := *c
	out.Values, out.Schema, out.Templates = map[string]any{}, nil, nil
	for name, text := range outputs {
		file := strings.TrimPrefix(name, c.Name()+"/")
		text = strings.ReplaceAll(text, "{{", `{{"{{"}}`)
		out.Templates = append(out.Templates, &v3chart.File{Name: file, Data: []byte(text)})
	}
	return &out
}

// capabilitiesInOrder are those that the library gives one job after the other: a Kubernetes version that a test sets
// stays for the tests that follow.
type capabilitiesInOrder struct{ now *chartutil.Capabilities }

func (c *capabilitiesInOrder) of(test unittest.TestJob) *chartutil.Capabilities {
	own := *c.now
	major := cmp.Or(test.Capabilities.MajorVersion, own.KubeVersion.Major)
	minor := cmp.Or(test.Capabilities.MinorVersion, own.KubeVersion.Minor)
	own.KubeVersion = chartutil.KubeVersion{Version: fmt.Sprintf("v%s.%s.0", major, minor), Major: major, Minor: minor}
	own.APIVersions = test.Capabilities.APIVersions
	c.now = &own
	return &own
}
