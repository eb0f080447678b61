package spec

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// pair is one key of a mapping with its value.
type pair struct{ key, value *yaml.Node }

func find(given []pair, name string) (pair, bool) {
	for _, p := range given {
		if p.key.Value == name {
			return p, true
		}
	}
	return pair{}, false
}

// keys lists the keys of a mapping in the file's order. Merge keys (<<) are followed; what a mapping says itself wins.
func (d *decoder) keys(n *yaml.Node, path string) ([]pair, bool) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, path, "a mapping", "")
		return nil, false
	}
	var own, merged []pair
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content) && d.spend(n); i += 2 {
		key, value := target(n.Content[i]), n.Content[i+1]
		first, known := lines[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			d.problem(n.Content[i], "", "a key must be text, not %s", kindOf(key))
		case key.ShortTag() == "!!merge":
			merged = append(merged, d.merged(value, path)...)
		case known:
			d.problem(n.Content[i], fmt.Sprintf("first given in line %d", first), "duplicate key %q", join(path, key.Value))
		default:
			own, lines[key.Value] = append(own, pair{at(n.Content[i], key), value}), n.Content[i].Line
		}
	}
	for _, p := range merged {
		if _, known := lines[p.key.Value]; !known {
			own, lines[p.key.Value] = append(own, p), p.key.Line
		}
	}
	return own, true
}

// at is the key with the position of the place that it is used at, which differs when the key is an alias.
func at(place, key *yaml.Node) *yaml.Node {
	if place == key {
		return key
	}
	moved := *key
	moved.Line, moved.Column = place.Line, place.Column
	return &moved
}

// merged is what a merge key stands for: a mapping or a list of mappings, of which the first wins.
func (d *decoder) merged(n *yaml.Node, path string) []pair {
	sources := []*yaml.Node{n}
	if list := target(n); list.Kind == yaml.SequenceNode {
		sources = list.Content
	}
	var all []pair
	for _, source := range sources {
		if !d.spend(n) {
			break
		}
		given, _ := d.keys(target(source), path)
		all = append(all, given...)
	}
	return all
}

// spend takes one key from the budget and says once when nothing is left.
func (d *decoder) spend(n *yaml.Node) bool {
	d.budget--
	if d.budget == 0 {
		d.problem(n, "write them out", "aliases and merge keys lead to more than %d keys", budget)
	}
	return d.budget > 0
}
