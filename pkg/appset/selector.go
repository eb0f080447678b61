package appset

import (
	"fmt"
	"slices"
	"strconv"
)

// filter keeps the parameter sets that a label selector matches. Nested parameters are matched by dotted keys, such as
// chart.version, and values as fmt prints them.
func filter(sets []paramSet, selector *node) ([]paramSet, error) {
	if err := onlyKeys(selector, "matchLabels", "matchExpressions"); err != nil {
		return nil, err
	}
	var kept []paramSet
	for _, set := range sets {
		flat := map[string]string{}
		flatten("", set.values, flat)
		ok, err := matches(flat, selector)
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, set)
		}
	}
	return kept, nil
}

func flatten(prefix string, v any, out map[string]string) {
	join := func(key string) string {
		if prefix == "" {
			return key
		}
		return prefix + "." + key
	}
	switch x := v.(type) {
	case map[string]any:
		for key, value := range x {
			flatten(join(key), value, out)
		}
	case []any:
		for i, value := range x {
			flatten(join(strconv.Itoa(i)), value, out)
		}
	default:
		out[prefix] = fmt.Sprint(v)
	}
}

func matches(flat map[string]string, selector *node) (bool, error) {
	if labels := selector.get("matchLabels"); labels != nil {
		for _, key := range labels.keys {
			have, ok := flat[key]
			if !ok || have != fmt.Sprint(labels.fields[key].value()) {
				return false, nil
			}
		}
	}
	if expressions := selector.get("matchExpressions"); expressions != nil {
		for _, e := range expressions.items {
			ok, err := matchExpression(flat, e)
			if err != nil || !ok {
				return false, err
			}
		}
	}
	return true, nil
}

// matchExpression follows Kubernetes: NotIn and DoesNotExist also match where the key is missing.
func matchExpression(flat map[string]string, e *node) (bool, error) {
	have, exists := flat[e.get("key").text()]
	in := exists && slices.Contains(texts(e.get("values")), have)
	switch e.get("operator").text() {
	case "In":
		return in, nil
	case "NotIn":
		return !in, nil
	case "Exists":
		return exists, nil
	case "DoesNotExist":
		return !exists, nil
	}
	return false, problemf(e.pos, "unknown selector operator %q", e.get("operator").text())
}

// texts lists the scalars of a list as text.
func texts(n *node) []string {
	if n == nil {
		return nil
	}
	out := make([]string, len(n.items))
	for i, item := range n.items {
		out[i] = fmt.Sprint(item.value())
	}
	return out
}
