package yamledit

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// maxHops bounds how many aliases and merge keys are followed for one lookup.
// Nothing else in this package follows an alias.
const maxHops = 100

// place is a node on the way from the root of a document, with what decides
// whether it may be edited.
type place struct {
	node   *yaml.Node
	parent *place
	key    *yaml.Node // the key, for a value of a mapping
	path   string     // for messages
	shared *Error     // why an edit here would change other places, nil if it would not
}

// inFlow reports whether the place is inside a flow collection.
func (p *place) inFlow() bool {
	for q := p.parent; q != nil; q = q.parent {
		if q.node.Style&yaml.FlowStyle != 0 && q.node.Kind != yaml.ScalarNode {
			return true
		}
	}
	return false
}

// child is the place of a node below p. It follows an alias and notes what
// makes the node shared.
func (d *Document) child(p *place, key, n *yaml.Node, path string) (*place, error) {
	c := &place{node: n, parent: p, key: key, path: path}
	if p != nil {
		c.shared = p.shared
	}
	for hops := 0; c.node.Kind == yaml.AliasNode; hops++ {
		if hops == maxHops {
			return nil, d.errorAt(n, path, ErrShared, "too many aliases", "write the value out")
		}
		if c.shared == nil {
			c.shared = d.errorAt(c.node, path, ErrShared,
				fmt.Sprintf("the value is the alias *%s of line %d; an edit would change both places", c.node.Value, c.node.Alias.Line),
				"write the value out here instead of the alias, then run again")
		}
		c.node = c.node.Alias
	}
	if user := d.aliased[c.node]; user != nil && c.shared == nil {
		c.shared = d.errorAt(c.node, path, ErrShared,
			fmt.Sprintf("the value is the anchor &%s that line %d refers to; an edit would change both places", c.node.Anchor, user.Line),
			"write the value out where the alias is, then run again")
	}
	return c, nil
}

// lookup is the value of a key. It returns nil if the mapping does not have
// the key, neither itself nor through a merge key.
func (d *Document) lookup(p *place, name string) (*place, error) {
	path := joinPath(p.path, name)
	var key, value *yaml.Node
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		k := p.node.Content[i]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode || k.Value != name {
			continue
		}
		if key != nil {
			return nil, d.errorAt(k, path, ErrAmbiguous, fmt.Sprintf("key %q is already on line %d", name, key.Line),
				"remove one of the two, then run again")
		}
		key, value = p.node.Content[i], p.node.Content[i+1]
	}
	if key == nil {
		budget := maxHops
		return d.lookupMerged(p, name, &budget)
	}
	return d.child(p, key, value, path)
}

// lookupMerged looks for a key in what the merge keys of a mapping refer to.
// The budget bounds the whole lookup, because merges can be nested and cyclic.
func (d *Document) lookupMerged(p *place, name string, budget *int) (*place, error) {
	for _, source := range mergeSources(p.node) {
		target := source
		for ; target.Kind == yaml.AliasNode && *budget > 0; *budget-- {
			target = target.Alias
		}
		if target.Kind != yaml.MappingNode || *budget <= 0 {
			continue
		}
		merged := &place{node: target, parent: p, path: p.path, shared: p.shared}
		for i := 0; i+1 < len(target.Content); i += 2 {
			if k := target.Content[i]; k.Kind == yaml.ScalarNode && k.Value == name {
				return d.mergedChild(merged, source, k, target.Content[i+1])
			}
		}
		if c, err := d.lookupMerged(merged, name, budget); c != nil || err != nil {
			return c, err
		}
	}
	return nil, nil
}

// mergedChild is the place of a value that a merge key brought in.
func (d *Document) mergedChild(p *place, source, key, value *yaml.Node) (*place, error) {
	path := joinPath(p.path, key.Value)
	if p.shared == nil {
		p.shared = d.errorAt(source, path, ErrShared,
			fmt.Sprintf("the key %q comes from line %d through a merge key", key.Value, key.Line),
			fmt.Sprintf("write %q out in the mapping, then run again", key.Value))
	}
	return d.child(p, key, value, path)
}

// mergeSources are the values of a mapping's merge keys, lists of them spread.
func mergeSources(m *yaml.Node) []*yaml.Node {
	var out []*yaml.Node
	for i := 0; m.Kind == yaml.MappingNode && i+1 < len(m.Content); i += 2 {
		if m.Content[i].ShortTag() != "!!merge" {
			continue
		}
		if v := m.Content[i+1]; v.Kind == yaml.SequenceNode {
			out = append(out, v.Content...)
		} else {
			out = append(out, v)
		}
	}
	return out
}

// item is the one item of a list whose fields have the given values, or nil.
func (d *Document) item(p *place, fields []field) (*place, error) {
	path := p.path + selector(fields)
	var found *place
	for _, n := range p.node.Content {
		c, err := d.child(p, nil, n, path)
		if err != nil {
			return nil, err
		}
		if ok, err := d.hasFields(c, fields); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		if found != nil {
			return nil, d.errorAt(n, path, ErrAmbiguous, fmt.Sprintf("a second item; the first is on line %d", found.node.Line),
				"remove or rename one of the two items, then run again")
		}
		found = c
	}
	return found, nil
}

func (d *Document) hasFields(item *place, fields []field) (bool, error) {
	if item.node.Kind != yaml.MappingNode {
		return false, nil
	}
	for _, f := range fields {
		v, err := d.lookup(item, f.name)
		if err != nil || v == nil || v.node.Kind != yaml.ScalarNode || v.node.Value != f.value {
			return false, err
		}
	}
	return true, nil
}
