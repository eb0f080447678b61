package live

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Object is a Kubernetes object as its API server or a chart has it; numbers are int64 or float64.
type Object = map[string]any

// at follows map keys and decimal list indexes; nil when the way ends.
func at(v any, path ...string) any {
	for _, key := range path {
		switch node := v.(type) {
		case map[string]any:
			v = node[key]
		case []any:
			n, err := strconv.Atoi(key)
			if err != nil || n < 0 || n >= len(node) {
				return nil
			}
			v = node[n]
		default:
			return nil
		}
	}
	return v
}

// text is the scalar at a path, empty when there is none.
func text(v any, path ...string) string {
	switch s := at(v, path...).(type) {
	case nil, map[string]any, []any:
		return ""
	case string:
		return s
	case float64:
		return strconv.FormatFloat(s, 'f', -1, 64)
	default:
		return fmt.Sprint(s)
	}
}

// number is the whole number at a path, 0 when there is none.
func number(v any, path ...string) int {
	n, _ := strconv.Atoi(text(v, path...))
	return n
}

// child is the map at a path, nil when there is none.
func child(v any, path ...string) Object {
	m, _ := at(v, path...).(map[string]any)
	return m
}

// children are the maps in the list at a path.
func children(v any, path ...string) []Object {
	items, _ := at(v, path...).([]any)
	var out []Object
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// texts are the scalars of the list at a path.
func texts(v any, path ...string) []string {
	items, _ := at(v, path...).([]any)
	var out []string
	for _, item := range items {
		out = append(out, text(item))
	}
	return out
}

// moment is the time at a path; zero when there is none.
func moment(v any, path ...string) time.Time {
	t, _ := time.Parse(time.RFC3339, text(v, path...))
	return t
}

// name is metadata.name.
func name(o Object) string { return text(o, "metadata", "name") }

// condition is a status condition by its type; nil when there is none.
func condition(list []Object, kind string) Object {
	for _, c := range list {
		if text(c, "type") == kind {
			return c
		}
	}
	return nil
}

// said is what a condition says of itself: its reason and message.
func said(c Object) string {
	if c == nil {
		return "nothing is said yet"
	}
	return strings.TrimSuffix(strings.TrimSpace(text(c, "status")+": "+text(c, "reason")+": "+oneLine(text(c, "message"))), ":")
}

// oneLine keeps what somebody says to one readable line.
func oneLine(s string) string {
	const most = 400
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// selects tells whether labels have everything that a selector wants; an empty one selects nothing.
func selects(selector Object, labels any) bool {
	for key := range selector {
		if text(selector, key) != text(labels, key) {
			return false
		}
	}
	return len(selector) > 0
}

// labelSelector is a map of labels as the API takes it.
func labelSelector(labels Object) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		parts = append(parts, key+"="+text(labels, key))
	}
	return strings.Join(parts, ",")
}

// sortedKeys are a map's keys in order.
func sortedKeys(m Object) []string { return slices.Sorted(maps.Keys(m)) }

// cutLast cuts at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
