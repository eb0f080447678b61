package appset

// asJSON gives plain data the types that encoding/json reads: numbers become float64.
func asJSON(v map[string]any) map[string]any {
	out, _ := jsonValue(v).(map[string]any)
	return out
}

func jsonValue(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for key, value := range x {
			out[key] = jsonValue(value)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, value := range x {
			out[i] = jsonValue(value)
		}
		return out
	case int64:
		return float64(x)
	}
	return v
}

// copyParams copies maps and lists; a merge must not reach into parameters that other sets share.
func copyParams(in map[string]any) map[string]any {
	out, _ := copyValue(in).(map[string]any)
	return out
}

func copyValue(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for key, value := range x {
			out[key] = copyValue(value)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, value := range x {
			out[i] = copyValue(value)
		}
		return out
	case []string:
		return append([]string(nil), x...)
	}
	return v
}
