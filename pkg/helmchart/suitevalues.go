package helmchart

import (
	"slices"

	"github.com/helm-unittest/helm-unittest/pkg/unittest"
	"github.com/helm-unittest/helm-unittest/pkg/unittest/valueutils"
	"helm.sh/helm/v3/pkg/chartutil"
)

// setValues are what a suite and one of its tests set; nil if that cannot be told (value files, subcharts, null, which
// removes a default). One call at a time: the library keeps state while it reads a path.
func (c *v3Chart) setValues(suite *unittest.TestSuite, test unittest.TestJob) map[string]any {
	if c.shared == nil || len(test.Values) > 0 {
		return nil
	}
	values := map[string]any{}
	for _, set := range []map[string]any{suite.Set, test.Set} {
		if holdsNull(set) {
			return nil
		}
		for at, value := range set {
			one, err := valueutils.BuildValueOfSetPath(clone(value), at)
			if err != nil {
				return nil
			}
			values = chartutil.MergeTables(one, values)
		}
	}
	return values
}

func holdsNull(v any) bool {
	switch node := v.(type) {
	case nil:
		return true
	case map[string]any:
		for _, child := range node {
			if holdsNull(child) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(node, holdsNull)
	}
	return false
}

// clone copies maps and lists, because merging and templates write into theirs.
func clone(v any) any {
	switch node := v.(type) {
	case map[string]any:
		return cloneMap(node)
	case []any:
		own := make([]any, len(node))
		for i, child := range node {
			own[i] = clone(child)
		}
		return own
	}
	return v
}

func cloneMap(values map[string]any) map[string]any {
	own := make(map[string]any, len(values))
	for key, child := range values {
		own[key] = clone(child)
	}
	return own
}
