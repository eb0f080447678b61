package helmchart

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/helm-unittest/helm-unittest/pkg/unittest"
	"github.com/helm-unittest/helm-unittest/pkg/unittest/results"
)

// SuiteResult is the outcome of one helm-unittest suite.
type SuiteResult struct {
	File     string // suite file in the checkout
	Name     string
	Passed   bool
	Skipped  bool
	Problem  string // why the suite could not be run at all; empty when its tests say it
	Tests    []TestResult
	Obsolete int // stored snapshots that no test asks for any more
}

// TestResult is the outcome of one test (an it) of a suite.
type TestResult struct {
	Name     string
	Line     int // of its it in the suite file; 0 when it cannot be told
	Passed   bool
	Skipped  bool
	Messages []string // one per failed assertion
}

// Unittest runs the chart's suites (tests/**/*_test.yaml) with helm-unittest, in CI mode: a snapshot that is not stored
// in the checkout fails its test instead of being created. The library writes beside the suites, so everything runs on a
// copy below scratch, an existing directory, and is removed again; value files outside of the chart that suites name are
// copied along. Results are in the order of the file names. The error is for what no suite is to blame for. One call at a
// time: the library writes the tests' capabilities into a global of Helm's.
func Unittest(ctx context.Context, c *Chart, scratch string) ([]SuiteResult, error) {
	files, err := suiteFiles(c.fsys, c.dir)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	v3, err := newV3Chart(c)
	if err != nil {
		return nil, fmt.Errorf("unit tests of %s: %w", c.dir, err)
	}
	var out []SuiteResult
	err = c.onDisk(scratch, func(root *os.Root, dir string) error {
		plan, err := planSuites(v3, root, dir, files)
		if err != nil {
			return err
		}
		defer renderAhead(plan.jobs())()
		for _, p := range plan {
			if err := ctx.Err(); err != nil {
				return err
			}
			out = append(out, p.result())
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("unit tests of %s: %w", c.dir, err)
	}
	return out, nil
}

// suiteFiles lists the suites by their path in the chart, sorted.
func suiteFiles(fsys fs.FS, dir string) ([]string, error) {
	var out []string
	tests := path.Join(dir, "tests")
	err := fs.WalkDir(fsys, tests, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == tests:
			return nil
		case err != nil:
			return asErrors(name, err)
		case d.IsDir() && d.Name() == "__snapshot__":
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(name, "_test.yaml"):
			out = append(out, strings.TrimPrefix(name, dir+"/"))
		}
		return nil
	})
	return out, err
}

// suiteRun runs the suites of one file on the copy of the chart.
type suiteRun struct {
	chart *v3Chart
	root  *os.Root
	dir   string // the copy
	file  string // in the chart
}

// parseSuites reads a suite file strictly: an unknown key is an error, not an assertion that never runs.
func parseSuites(file, chart string) (suites []*unittest.TestSuite, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the suite cannot be read: %v", p)
		}
	}()
	return unittest.ParseTestSuiteFile(file, chart, true, nil)
}

// copyValueFiles brings the value files that a suite names outside of the chart into the copy, at the same relative path.
func (r suiteRun) copyValueFiles(suite *unittest.TestSuite) error {
	names := append([]string(nil), suite.Values...)
	for _, test := range suite.Tests {
		names = append(names, test.Values...)
	}
	for _, name := range names {
		file := path.Join(r.chart.dir, path.Dir(r.file), filepath.ToSlash(name))
		if strings.HasPrefix(file, r.chart.dir+"/") || !fs.ValidPath(file) {
			continue
		}
		data, err := readBounded(r.chart.fsys, file, maxValueBytes)
		if err != nil {
			continue // the library reports it, for the test that wants it
		}
		if err := writeBelow(r.root, file, data); err != nil {
			return err
		}
	}
	return nil
}

// result runs the suite.
func (p plannedSuite) result() (out SuiteResult) {
	out = SuiteResult{File: path.Join(p.chart.dir, p.file)}
	if p.suite != nil {
		out.Name = p.suite.Name
	}
	if p.problem != "" {
		out.Problem = p.clean(p.problem)
		return out
	}
	defer func() {
		if broken := recover(); broken != nil {
			out.Passed, out.Problem = false, p.clean(fmt.Sprintf("helm-unittest panicked: %v", broken))
		}
	}()
	cache, stored, err := takeSnapshots(p.suite.SnapshotFileUrl())
	if err != nil {
		out.Problem = p.clean(err.Error())
		return out
	}
	out.Passed, out.Skipped = true, true
	infos := p.infos()
	for i, t := range p.run(cache) {
		out.Passed = out.Passed && (t.Passed || t.Skipped)
		out.Skipped = out.Skipped && t.Skipped
		out.Tests = append(out.Tests, p.testResult(t))
		if i < len(infos) {
			out.Tests[i].Line = infos[i].line
		}
	}
	if err := compareSnapshots(&out, infos, cache, stored); err != nil {
		out.Passed, out.Problem = false, p.clean(err.Error())
	}
	return out
}

func (r suiteRun) testResult(t *results.TestJobResult) TestResult {
	out := TestResult{Name: t.DisplayName, Passed: t.Passed, Skipped: t.Skipped}
	if t.Passed || t.Skipped {
		return out
	}
	if t.ExecError != nil {
		out.Messages = append(out.Messages, r.clean(t.ExecError.Error()))
	}
	for _, a := range t.AssertsResult {
		if !a.Passed && !a.Skipped {
			out.Messages = append(out.Messages, r.clean(assertionText(a)))
		}
	}
	return out
}

func assertionText(a *results.AssertionResult) string {
	not := ""
	if a.Not {
		not = "not "
	}
	title := fmt.Sprintf("asserts[%d] %s%s", a.Index, not, a.AssertType)
	if a.CustomInfo != "" {
		title = a.CustomInfo
	}
	return strings.Join(append([]string{title}, a.FailInfo...), "\n")
}

// clean takes the copy's path (absolute, or as the library makes it relative to the working directory) out of a text.
func (r suiteRun) clean(text string) string {
	base := strings.TrimSuffix(filepath.ToSlash(r.dir), "/"+r.chart.dir)
	copied := regexp.MustCompile(`[^\s"'(]*` + regexp.QuoteMeta(path.Base(base)) + `[/\\]`)
	return strings.TrimSpace(copied.ReplaceAllString(text, ""))
}
