package helmchart

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/helm-unittest/helm-unittest/pkg/unittest"
	"helm.sh/helm/v3/pkg/chartutil"
)

// plannedSuite is a suite that is ready to run, or what cannot be run, and why.
type plannedSuite struct {
	suiteRun
	suite   *unittest.TestSuite // nil for a file that cannot be read as suites
	infos   func() []testInfo
	jobs    []*job
	problem string
}

// suitePlan are the suites of a chart in the order in which they run.
type suitePlan []plannedSuite

func (p suitePlan) jobs() []*job {
	var out []*job
	for _, s := range p {
		out = append(out, s.jobs...)
	}
	return out
}

// planSuites reads the suites of the chart's copy in dir.
func planSuites(c *v3Chart, root *os.Root, dir string, files []string) (suitePlan, error) {
	capabilities := &capabilitiesInOrder{now: chartutil.DefaultCapabilities.Copy()}
	var out suitePlan
	for _, file := range files {
		list, err := suiteRun{chart: c, root: root, dir: dir, file: file}.plan(capabilities)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// plan reads the suites of one file. The error is for what no suite is to blame for.
func (r suiteRun) plan(capabilities *capabilitiesInOrder) (suitePlan, error) {
	onDisk := filepath.Join(r.dir, filepath.FromSlash(r.file))
	suites, err := parseSuites(onDisk, r.chart.Name())
	if err != nil {
		return suitePlan{{suiteRun: r, problem: err.Error()}}, nil //nolint:nilerr // the suite is to blame, and reported
	}
	data, err := os.ReadFile(onDisk)
	if err != nil {
		return nil, err
	}
	infos := sync.OnceValue(func() [][]testInfo { return testInfos(data) }) // when the processors have something to render
	var out suitePlan
	for i, suite := range suites {
		if err := r.copyValueFiles(suite); err != nil {
			return nil, err
		}
		p := r.planOne(suite, capabilities)
		p.infos = func() []testInfo {
			if all := infos(); i < len(all) {
				return all[i]
			}
			return nil
		}
		out = append(out, p)
	}
	return out, nil
}

func (r suiteRun) planOne(suite *unittest.TestSuite, capabilities *capabilitiesInOrder) (p plannedSuite) {
	defer func() {
		if broken := recover(); broken != nil {
			p = plannedSuite{suiteRun: r, suite: suite, problem: fmt.Sprintf("helm-unittest panicked: %v", broken)}
		}
	}()
	bare := withoutValues(suite)
	inherit(bare)
	inherit(suite)
	p = plannedSuite{suiteRun: r, suite: suite, jobs: jobsOf(suite)}
	for _, j := range p.jobs {
		test := j.test
		j.bare = *bare.Tests[j.tests[0]]
		j.bare.Assertions = test.Assertions
		a := ask{
			set: r.chart.setValues(suite, test), templates: suite.Templates, excluded: suite.ExcludeTemplates,
			capabilities: capabilities.of(test),
		}
		j.prepare = sync.OnceValue(func() prepared { return r.chart.prepare(test, a) })
	}
	return p
}
