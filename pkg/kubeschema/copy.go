package kubeschema

import "math"

// copyValue copies a decoded YAML or JSON value deeply. Whole numbers become int64 whatever decoder they come from: the
// schema and CEL packages know no other integer and take a float64 for a fraction.
func copyValue(value any) any {
	switch value := value.(type) {
	case map[string]any:
		return copyMap(value)
	case []any:
		out := make([]any, len(value))
		for i, v := range value {
			out[i] = copyValue(v)
		}
		return out
	case int:
		return int64(value)
	case int32:
		return int64(value)
	case uint64:
		if value <= math.MaxInt64 {
			return int64(value)
		}
		return float64(value)
	case float64:
		if value == math.Trunc(value) && math.Abs(value) < 1<<53 {
			return int64(value)
		}
	}
	return value
}

func copyMap(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = copyValue(v)
	}
	return out
}
