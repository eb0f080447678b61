package helmchart

import (
	"reflect"
	"slices"

	"github.com/helm-unittest/helm-unittest/pkg/unittest"
	"github.com/helm-unittest/helm-unittest/pkg/unittest/results"
	"github.com/helm-unittest/helm-unittest/pkg/unittest/snapshot"
	v3chart "helm.sh/helm/v3/pkg/chart"
	v3loader "helm.sh/helm/v3/pkg/chart/loader"
)

// job is a rendering and the tests of a suite that look at it, by their number.
type job struct {
	test    unittest.TestJob // asks for the rendering, with the assertions of all
	tests   []int
	bare    unittest.TestJob // the same without values, for what is rendered already
	prepare func() prepared  // does its work once
}

// run is the library's RunV3 of a suite with three differences, which save most of its time and none of which a test
// can see: the chart is loaded once and not before each test, tests that ask for the same rendering share it, and it is
// rendered ahead.
func (p plannedSuite) run(cache *snapshot.Cache) []*results.TestJobResult {
	out := make([]*results.TestJobResult, len(p.suite.Tests))
	for i, test := range p.suite.Tests {
		out[i] = &results.TestJobResult{DisplayName: test.Name, Index: i, Skipped: test.Skip.Reason != ""}
	}
	for _, j := range p.jobs {
		ahead := j.prepare()
		if ahead.err != nil {
			j.tell(out, &results.TestJobResult{ExecError: ahead.err}, p.suite)
			continue
		}
		test := &j.test
		if ahead.rendered {
			test = &j.bare
		}
		test.WithConfig(*unittest.NewTestConfig(ahead.chart, cache,
			unittest.WithPostRendererConfig(p.suite.PostRendererConfig), unittest.WithDocumentSelector(test.DocumentSelector)))
		j.tell(out, test.RunV3(&results.TestJobResult{}), p.suite)
	}
	return out
}

// inherit hands the tests what they take from their suite. The library does so only on the way of running them, so
// it is made to run the suite with every test skipped, on no chart.
func inherit(suite *unittest.TestSuite) {
	own := suite.Skip.Reason
	reasons := make([]string, len(suite.Tests))
	for i, test := range suite.Tests {
		reasons[i] = test.Skip.Reason
	}
	suite.Skip.Reason = "not yet"
	suite.RunV3("", &snapshot.Cache{}, false, "", &results.TestSuiteResult{})
	suite.Skip.Reason = own
	for i, test := range suite.Tests {
		test.Skip.Reason = reasons[i]
	}
}

// withoutValues is a suite, not yet inherited, whose tests set nothing.
func withoutValues(suite *unittest.TestSuite) *unittest.TestSuite {
	out := *suite
	out.Set, out.Tests = nil, make([]*unittest.TestJob, len(suite.Tests))
	for i, test := range suite.Tests {
		own := *test
		own.Set = nil
		out.Tests[i] = &own
	}
	return &out
}

// jobsOf are the renderings that a suite asks for, in the order of the tests that ask first.
func jobsOf(suite *unittest.TestSuite) []*job {
	var out []*job
	share := !suiteSetsVersion(suite)
	for i, test := range suite.Tests {
		if test.Skip.Reason != "" {
			continue
		}
		at := slices.IndexFunc(out, func(j *job) bool { return share && j.takes(suite, test) })
		if at < 0 {
			out = append(out, &job{test: *test, tests: []int{i}})
			continue
		}
		j := out[at]
		j.test.Assertions = append(slices.Clip(j.test.Assertions), test.Assertions...)
		j.tests = append(j.tests, i)
	}
	return out
}

// suiteSetsVersion tells whether a test sets the Kubernetes version: the library keeps it for the tests that follow, so
// that their order matters.
func suiteSetsVersion(suite *unittest.TestSuite) bool {
	return slices.ContainsFunc(suite.Tests, func(t *unittest.TestJob) bool {
		return t.Capabilities.MajorVersion != "" || t.Capabilities.MinorVersion != ""
	})
}

// takes tells whether a test differs from the job's first in name and assertions alone. A test with a snapshot stays
// alone, because its snapshots are counted by its name, and so does one that expects a failure from those that do not.
func (j *job) takes(suite *unittest.TestSuite, test *unittest.TestJob) bool {
	first, other := *suite.Tests[j.tests[0]], *test
	if asserts(&first, "matchSnapshot", "matchSnapshotRaw") || asserts(&other, "matchSnapshot", "matchSnapshotRaw") {
		return false
	}
	if asserts(&first, "failedTemplate", "notFailedTemplate") != asserts(&other, "failedTemplate", "notFailedTemplate") {
		return false
	}
	first.Name, first.Assertions = "", nil
	other.Name, other.Assertions = "", nil
	return reflect.DeepEqual(first, other)
}

func asserts(test *unittest.TestJob, types ...string) bool {
	return slices.ContainsFunc(test.Assertions, func(a *unittest.Assertion) bool { return a != nil && slices.Contains(types, a.AssertType) })
}

// tell gives every test of the job its share of the result, as if it had been run alone.
func (j *job) tell(out []*results.TestJobResult, result *results.TestJobResult, suite *unittest.TestSuite) {
	from := 0
	for _, i := range j.tests {
		to := from + len(suite.Tests[i].Assertions)
		out[i].ExecError = result.ExecError
		for _, a := range result.AssertsResult {
			if a.Index < from || a.Index >= to {
				continue
			}
			a.Index -= from
			// The library's verdict, an assertion that is skipped or missing included.
			if a.Skipped || a.Index == 0 {
				out[i].Passed = a.Skipped || a.Passed
			}
			out[i].Passed = out[i].Passed && a.Passed
			out[i].AssertsResult = append(out[i].AssertsResult, a)
		}
		from = to
	}
}

// v3Chart is the chart for the library, which renders with Helm 3.
type v3Chart struct {
	*Chart
	shared *v3chart.Chart // read by every rendering; nil if each must have its own
}

func newV3Chart(c *Chart) (*v3Chart, error) {
	shared, err := c.loadV3()
	if err != nil {
		return nil, err
	}
	if c.hasDependencies() { // Helm changes such a chart while it processes it
		shared = nil
	}
	return &v3Chart{Chart: c, shared: shared}, nil
}

// instance is the chart for one rendering, which overwrites the metadata; without its schema where the values are known
// to be accepted by it.
func (c *v3Chart) instance(accepted bool) (*v3chart.Chart, error) {
	if c.shared == nil {
		return c.loadV3()
	}
	own, metadata := *c.shared, *c.shared.Metadata
	own.Metadata = &metadata
	if accepted {
		own.Schema = nil
	}
	return &own, nil
}

func (c *Chart) loadV3() (*v3chart.Chart, error) {
	files := make([]*v3loader.BufferedFile, len(c.files))
	for i, f := range c.files {
		files[i] = &v3loader.BufferedFile{Name: f.Name, Data: f.Data}
	}
	return v3loader.LoadFiles(files)
}
