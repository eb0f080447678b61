package helmchart

import (
	"slices"

	yamlnode "go.yaml.in/yaml/v3"
)

// locate pairs a decoded value with the nodes it was written as. The value decides the shape (aliases and merge keys
// are resolved in it), the nodes only say where; fallback is the place of a value whose node cannot be told.
func locate(file string, n *yamlnode.Node, value any, fallback Pos) *tree {
	target := n
	for target != nil && target.Kind == yamlnode.AliasNode {
		target = target.Alias
	}
	t := &tree{pos: fallback}
	switch v := value.(type) {
	case map[string]any:
		t.keys = make(map[string]*tree, len(v))
		entries := entriesOf(target, nil)
		for k, val := range v {
			e := entries[k]
			t.keys[k] = locate(file, e.value, val, e.pos(file, fallback))
		}
	case []any:
		t.items = make([]*tree, len(v))
		for i, val := range v {
			var item *yamlnode.Node
			pos := fallback
			if target != nil && target.Kind == yamlnode.SequenceNode && i < len(target.Content) {
				item = target.Content[i]
				pos = Pos{file, item.Line, item.Column}
			}
			t.items[i] = locate(file, item, val, pos)
		}
	default:
		t.leaf = v
	}
	return t
}

type entry struct{ key, value *yamlnode.Node }

// pos is the place of a scalar itself, and the key's for maps, lists and empty values: that is the line people look for.
func (e entry) pos(file string, fallback Pos) Pos {
	if e.value == nil {
		return fallback
	}
	at := e.value
	if block := at.Kind == yamlnode.MappingNode || at.Kind == yamlnode.SequenceNode; block || at.Value == "" && at.Kind == yamlnode.ScalarNode && at.Style == 0 {
		at = e.key
	}
	return Pos{file, at.Line, at.Column}
}

// entriesOf lists a map's entries by JSON key, those of merge keys (<<) below its own. seen stops an alias that leads
// back to itself.
func entriesOf(n *yamlnode.Node, seen []*yamlnode.Node) map[string]entry {
	out := map[string]entry{}
	if n == nil || n.Kind != yamlnode.MappingNode || slices.Contains(seen, n) {
		return out
	}
	seen = append(seen, n)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i]; key.Tag != "!!merge" {
			out[keyName(key)] = entry{key, n.Content[i+1]}
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag == "!!merge" {
			addMerged(out, n.Content[i+1], seen)
		}
	}
	return out
}

func addMerged(out map[string]entry, from *yamlnode.Node, seen []*yamlnode.Node) {
	sources := []*yamlnode.Node{from}
	if from.Kind == yamlnode.SequenceNode {
		sources = from.Content
	}
	for _, s := range sources {
		if s.Kind == yamlnode.AliasNode {
			s = s.Alias
		}
		for k, e := range entriesOf(s, seen) {
			if _, own := out[k]; !own {
				out[k] = e
			}
		}
	}
}
