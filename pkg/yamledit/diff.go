package yamledit

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// diff is the first edit that is missing for the place to say what is wanted,
// or nil.
func (d *Document) diff(p *place, want *yaml.Node, em emitter) (*edit, error) {
	if isNull(p.node) && !isNull(want) {
		return d.replaceNull(p, want, em)
	}
	if err := d.wantKind(p, want.Kind); err != nil {
		return nil, err
	}
	switch want.Kind {
	case yaml.MappingNode:
		return d.diffMapping(p, want, em)
	case yaml.SequenceNode:
		return d.diffList(p, want, em)
	}
	if sameScalar(p.node, want) {
		return nil, nil
	}
	return d.unshared(p, func() *edit { return d.replaceScalar(p, want, em) })
}

func (d *Document) diffMapping(p *place, want *yaml.Node, em emitter) (*edit, error) {
	for i := 0; i+1 < len(want.Content); i += 2 {
		key, value := want.Content[i], want.Content[i+1]
		found, err := d.lookup(p, key.Value)
		if err != nil {
			return nil, err
		}
		if found == nil {
			return d.unshared(p, func() *edit { return d.addPair(p, key, value, em) })
		}
		if e, err := d.diff(found, value, em); e != nil || err != nil {
			return e, err
		}
	}
	return nil, nil
}

func (d *Document) diffList(p *place, want *yaml.Node, em emitter) (*edit, error) {
	for _, item := range want.Content {
		found, err := d.find(p, item)
		if err != nil {
			return nil, err
		}
		if found == nil {
			return d.unshared(p, func() *edit { return d.addItem(p, item, em) })
		}
		if item.Kind != yaml.MappingNode {
			continue
		}
		if e, err := d.diff(found, item, em); e != nil || err != nil {
			return e, err
		}
	}
	return nil, nil
}

// find is the item of a list that is the wanted one, or nil.
func (d *Document) find(p *place, want *yaml.Node) (*place, error) {
	if want.Kind == yaml.MappingNode {
		fields, err := identity(want)
		if err != nil {
			return nil, err
		}
		return d.item(p, fields)
	}
	for _, n := range p.node.Content {
		c, err := d.child(p, nil, n, p.path)
		if err != nil {
			return nil, err
		}
		if want.Kind == yaml.ScalarNode && sameScalar(c.node, want) || want.Kind == yaml.SequenceNode && equal(c.node, want, nil, nil) {
			return c, nil
		}
	}
	return nil, nil
}

// replaceNull puts a value in the place of a null or of nothing.
func (d *Document) replaceNull(p *place, want *yaml.Node, em emitter) (*edit, error) {
	if p.shared != nil {
		return nil, p.shared
	}
	_, inline := em.inline(want)
	if p.inFlow() || inline || want.Kind == yaml.ScalarNode {
		if want.Kind == yaml.ScalarNode || p.key != nil {
			return d.replaceScalar(p, want, em), nil
		}
	}
	if p.key == nil && p.parent != nil {
		return nil, d.errorAt(p.node, p.path, ErrKind, "the item is null", "remove the item, then run again")
	}
	e := &edit{old: p.node, new: with(p.node, want, want.Content...), path: p.path}
	e.splices = d.fill(p, want, em)
	return e, nil
}

// replaceScalar replaces the bytes of a scalar, in its own quotes where the
// new value can stand in them. A value that was empty goes behind its colon.
func (d *Document) replaceScalar(p *place, want *yaml.Node, em emitter) *edit {
	changed := *want
	changed.Anchor = p.node.Anchor
	e := &edit{old: p.node, new: &changed, path: p.path}
	from, to := d.contentStart(p.node), d.end(p.node)
	value := em.flow(want)
	if want.Kind == yaml.ScalarNode {
		value = scalarText(want, quoting(p.node), em.source(want), p.inFlow())
	}
	if isEmpty(p.node) {
		if p.key != nil && p.node.Anchor == "" && p.node.Style&yaml.TaggedStyle == 0 {
			from = d.emptyValue(p.key)
		}
		e.splices = []splice{{from, from, " " + value}}
		return e
	}
	e.splices = []splice{{from, to, value}}
	return e
}

// quoting is the quoting that a scalar's replacement should have. A null says
// nothing about it.
func quoting(n *yaml.Node) yaml.Style {
	if isNull(n) {
		return unquoted
	}
	return n.Style & quotedStyles
}

// Set makes the value at a path the scalar that the fragment is: a missing key
// is added at the end of its mapping, an existing scalar's bytes are replaced
// and keep their quotes. A mapping or list at the path is refused.
func (d *Document) Set(path, scalar string) (*Document, error) {
	want, _, err := d.fragment(path, scalar)
	if err != nil {
		return nil, err
	}
	if want.Kind != yaml.ScalarNode {
		return nil, &Error{File: "fragment", Path: path, Kind: ErrKind,
			Problem: fmt.Sprintf("a scalar is expected, not a %s", kindName(want.Kind)), Hint: "use Ensure for mappings and lists"}
	}
	return d.Ensure(path, scalar)
}
