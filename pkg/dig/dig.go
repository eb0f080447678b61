// Package dig looks into what YAML and JSON decode to: maps with text keys, lists, scalars. A path is made of map keys and
// decimal list indexes. Nothing that is asked for needs to be there: a way that ends gives the empty answer, so that a rule
// can ask a rendered object for spec.template.spec without asking for each level first.
package dig

import (
	"fmt"
	"strconv"
)

// At is what is at a path; nil when the way ends.
func At(v any, path ...string) any {
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

// Map is the map at a path, nil when there is none.
func Map(v any, path ...string) map[string]any {
	m, _ := At(v, path...).(map[string]any)
	return m
}

// List is the list at a path, empty when there is none.
func List(v any, path ...string) []any {
	l, _ := At(v, path...).([]any)
	return l
}

// Maps are the maps in the list at a path.
func Maps(v any, path ...string) []map[string]any {
	var out []map[string]any
	for _, item := range List(v, path...) {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// Text is the scalar at a path as text: whole numbers without a fraction, empty when there is none.
func Text(v any, path ...string) string {
	switch s := At(v, path...).(type) {
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

// Texts are the scalars of the list at a path, as text.
func Texts(v any, path ...string) []string {
	var out []string
	for _, item := range List(v, path...) {
		out = append(out, Text(item))
	}
	return out
}

// Number is the whole number at a path, 0 when there is none.
func Number(v any, path ...string) int {
	n, _ := strconv.Atoi(Text(v, path...))
	return n
}
