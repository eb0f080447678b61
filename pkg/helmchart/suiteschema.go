package helmchart

import (
	"bytes"
	"encoding/json"

	"github.com/helm-unittest/helm-unittest/pkg/unittest"
	"github.com/helm-unittest/helm-unittest/pkg/unittest/valueutils"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"helm.sh/helm/v3/pkg/chartutil"
)

// accepted tells of each job, in order, whether the chart's schema is known to accept its values. The library compiles
// the schema anew for each test, which takes longer than the test; what it would say of values that are accepted is
// known beforehand. Where that cannot be told (value files, subcharts, null, which removes a default) the answer is no.
// The answers come while the jobs run.
func (c *v3Chart) accepted(suite *unittest.TestSuite, jobs []*job) <-chan bool {
	values := make([]map[string]any, len(jobs))
	for i, j := range jobs {
		values[i] = c.jobValues(suite, j) // here, because the library keeps state while it reads a path
	}
	out := make(chan bool, len(jobs))
	go func() {
		for _, v := range values {
			out <- v != nil && c.accepts(v)
		}
	}()
	return out
}

// jobValues are the chart's defaults with what suite and test set; nil if they cannot be told.
func (c *v3Chart) jobValues(suite *unittest.TestSuite, j *job) map[string]any {
	if c.shared == nil || len(j.test.Values) > 0 {
		return nil
	}
	values := map[string]any{}
	for _, set := range []map[string]any{suite.Set, j.test.Set} {
		for at, value := range set {
			own, ok := withoutNull(value)
			if !ok {
				return nil
			}
			one, err := valueutils.BuildValueOfSetPath(own, at)
			if err != nil {
				return nil
			}
			values = chartutil.MergeTables(one, values)
		}
	}
	return chartutil.MergeTables(values, c.shared.Values)
}

func (c *v3Chart) accepts(values map[string]any) bool {
	own, err := c.schema()
	if err != nil {
		return false
	}
	if own.validator == nil {
		return true
	}
	text, err := json.Marshal(values)
	if err != nil {
		return false
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	return err == nil && own.validator.Validate(doc) == nil
}

// withoutNull copies a value, because merging writes into maps that the library reads; not ok if it holds a null.
func withoutNull(v any) (out any, ok bool) {
	switch node := v.(type) {
	case nil:
		return nil, false
	case map[string]any:
		own := make(map[string]any, len(node))
		for key, child := range node {
			if own[key], ok = withoutNull(child); !ok {
				return nil, false
			}
		}
		return own, true
	case []any:
		own := make([]any, len(node))
		for i, child := range node {
			if own[i], ok = withoutNull(child); !ok {
				return nil, false
			}
		}
		return own, true
	}
	return v, true
}
