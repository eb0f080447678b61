package live

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ameideio/ameide/pkg/dig"
)

// Object is a Kubernetes object as its API server or a chart has it; numbers are int64 or float64.
type Object = map[string]any

// moment is the time at a path; zero when there is none.
func moment(v any, path ...string) time.Time {
	t, _ := time.Parse(time.RFC3339, dig.Text(v, path...))
	return t
}

// name is metadata.name.
func name(o Object) string { return dig.Text(o, "metadata", "name") }

// condition is a status condition by its type; nil when there is none.
func condition(list []Object, kind string) Object {
	for _, c := range list {
		if dig.Text(c, "type") == kind {
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
	return strings.TrimSuffix(strings.TrimSpace(dig.Text(c, "status")+": "+dig.Text(c, "reason")+": "+oneLine(dig.Text(c, "message"))), ":")
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
		if dig.Text(selector, key) != dig.Text(labels, key) {
			return false
		}
	}
	return len(selector) > 0
}

// labelSelector is a map of labels as the API takes it.
func labelSelector(labels Object) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		parts = append(parts, key+"="+dig.Text(labels, key))
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
