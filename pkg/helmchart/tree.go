package helmchart

import (
	"maps"
	"slices"
	"strconv"
)

// tree is a value that knows where it was written: a map, a list or a leaf (keys and items nil).
type tree struct {
	pos   Pos
	keys  map[string]*tree
	items []*tree
	leaf  any
}

func (t *tree) isMap() bool  { return t != nil && t.keys != nil }
func (t *tree) isList() bool { return t != nil && t.items != nil }
func (t *tree) isNull() bool { return t != nil && t.keys == nil && t.items == nil && t.leaf == nil }

// plain copies the value without its places: every call returns fresh maps, because templates may write into theirs.
func (t *tree) plain() any {
	switch {
	case t.isMap():
		out := make(map[string]any, len(t.keys))
		for k, v := range t.keys {
			out[k] = v.plain()
		}
		return out
	case t.isList():
		out := make([]any, len(t.items))
		for i, v := range t.items {
			out[i] = v.plain()
		}
		return out
	}
	return t.leaf
}

// child follows one step: a key of a map, or the decimal index of a list element.
func (t *tree) child(step string) *tree {
	switch {
	case t.isMap():
		return t.keys[step]
	case t.isList():
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(t.items) {
			return t.items[i]
		}
	}
	return nil
}

func (t *tree) at(path []string) *tree {
	for _, step := range path {
		if t = t.child(step); t == nil {
			return nil
		}
	}
	return t
}

// mergeTrees lays upper over lower as Helm merges value files: maps key by key, anything else (lists and null too)
// replaces what is below.
func mergeTrees(lower, upper *tree) *tree {
	if !lower.isMap() || !upper.isMap() {
		return upper
	}
	out := &tree{pos: upper.pos, keys: maps.Clone(lower.keys)}
	for k, v := range upper.keys {
		if below, ok := out.keys[k]; ok {
			v = mergeTrees(below, v)
		}
		out.keys[k] = v
	}
	return out
}

// walk calls visit for every node below t, in the order of the keys, until visit returns false for a branch.
func (t *tree) walk(path []string, visit func(path []string, t *tree) bool) {
	if !visit(path, t) {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(t.keys)) {
		t.keys[k].walk(append(slices.Clone(path), k), visit)
	}
	for i, item := range t.items {
		item.walk(append(slices.Clone(path), strconv.Itoa(i)), visit)
	}
}
