package helmchart

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"path"

	"github.com/helm-unittest/helm-unittest/pkg/unittest"
	"github.com/helm-unittest/helm-unittest/pkg/unittest/valueutils"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"helm.sh/helm/v3/pkg/chartutil"
)

// placeSchema leaves the schema out of the copy for a suite whose every test has values that it accepts, and puts it back
// for any other. The library compiles the schema anew for each test, which takes longer than the test; what it would
// say of values that are accepted is known beforehand.
func (r suiteRun) placeSchema(suite *unittest.TestSuite) error {
	file := path.Join(r.chart.dir, schemaFile)
	if !r.chart.accepts(suite) {
		return writeBelow(r.root, file, r.chart.loaded.Schema)
	}
	if err := r.root.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// accepts tells whether the chart's schema accepts the values of every test. Where that cannot be told (value files,
// subcharts, null, which removes a default) the answer is no.
func (c *Chart) accepts(suite *unittest.TestSuite) bool {
	own, err := c.schema()
	if err != nil || len(c.loaded.Dependencies()) > 0 || len(suite.Values) > 0 {
		return false
	}
	if own.validator == nil {
		return len(c.loaded.Schema) == 0
	}
	for _, test := range suite.Tests {
		if len(test.Values) > 0 || !own.acceptsSet(c.loaded.Values, suite.Set, test.Set) {
			return false
		}
	}
	return true
}

// acceptsSet validates a chart's defaults with what a suite and a test set.
func (s *schema) acceptsSet(defaults map[string]any, sets ...map[string]any) bool {
	values := map[string]any{}
	for _, set := range sets {
		for at, value := range set {
			if hasNull(value) {
				return false
			}
			one, err := valueutils.BuildValueOfSetPath(value, at)
			if err != nil {
				return false
			}
			values = chartutil.MergeTables(one, values)
		}
	}
	text, err := json.Marshal(chartutil.MergeTables(values, defaults))
	if err != nil {
		return false
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	return err == nil && s.validator.Validate(doc) == nil
}

func hasNull(v any) bool {
	switch node := v.(type) {
	case nil:
		return true
	case map[string]any:
		for _, child := range node {
			if hasNull(child) {
				return true
			}
		}
	case []any:
		for _, child := range node {
			if hasNull(child) {
				return true
			}
		}
	}
	return false
}
