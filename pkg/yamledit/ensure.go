package yamledit

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// maxEdits bounds the edits of one call; each one leaves less to do.
const maxEdits = 10_000

// Ensure makes the document say at a path what a YAML fragment says, and
// changes nothing else. What is missing is added, at the end of its mapping or
// list, missing parents included; a scalar that differs is replaced and keeps
// its quotes; what the document says beyond the fragment stays. In lists,
// scalars are looked for by value and mappings by the first field of the
// fragment's item. If nothing is missing the document itself is returned.
//
// The path is that of [Document.Get]. An item that is selected in the path is
// appended when the list does not have it:
//
//	doc.Ensure("managed.roles[name=backstage]", "name: backstage\nlogin: true\n")
//
// The fragment may have comments; they are written with what is added, in
// block style. It may not have anchors or aliases. Errors are [*Error].
func (d *Document) Ensure(path, fragment string) (*Document, error) {
	steps, err := parsePath(path)
	if err != nil {
		return nil, err
	}
	want, em, err := d.fragment(path, fragment)
	if err != nil {
		return nil, err
	}
	for range maxEdits {
		e, err := d.next(steps, want, em)
		if err != nil {
			return nil, err
		}
		if e == nil {
			return d, nil
		}
		if d, err = d.apply(e); err != nil {
			return nil, err
		}
	}
	return nil, d.errorAt(nil, path, ErrUnsafe, "too many edits", "make the edit by hand, then run again")
}

// Append adds an item, given as a YAML fragment, to the end of the list at a
// path, whether or not the list has an equal one. A missing or empty list is
// created. Use [Document.Ensure] with a selector to add an item only once.
func (d *Document) Append(path, fragment string) (*Document, error) {
	t, err := d.target(path, fragment)
	if err != nil {
		return nil, err
	}
	var e *edit
	if t.place != nil && len(t.rest) == 0 && t.place.node.Kind == yaml.SequenceNode {
		e, err = d.unshared(t.place, func() *edit { return d.addItem(t.place, t.value, t.emitter) })
	} else {
		list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{t.value}}
		e, err = d.create(t.place, t.rest, list, t.emitter)
	}
	if err != nil {
		return nil, err
	}
	return d.apply(e)
}

// target is where a fragment goes: the deepest place on the way that exists,
// the steps that are left below it, and what is to be written there.
type target struct {
	place   *place
	rest    []step
	value   *yaml.Node
	emitter emitter
}

func (d *Document) target(path, fragment string) (t target, err error) {
	steps, err := parsePath(path)
	if err != nil {
		return t, err
	}
	if t.value, t.emitter, err = d.fragment(path, fragment); err != nil {
		return t, err
	}
	t.place, t.rest, err = d.resolve(steps)
	return t, err
}

// fragment parses the YAML that a caller wants to have in the document.
func (d *Document) fragment(path, text string) (*yaml.Node, emitter, error) {
	frag, err := Parse("fragment", []byte(text))
	if err != nil {
		return nil, emitter{}, err
	}
	em := emitter{fragment: frag, style: d.rendering}
	if len(frag.docs) != 1 || hasAnchor(frag.docs[0]) {
		return nil, em, &Error{File: "fragment", Path: path, Kind: ErrSyntax,
			Problem: "a fragment is one YAML value without anchors and aliases", Hint: "write the value out"}
	}
	return frag.docs[0].Content[0], em, nil
}

func hasAnchor(n *yaml.Node) bool {
	if n.Anchor != "" || n.Kind == yaml.AliasNode {
		return true
	}
	for _, c := range n.Content {
		if hasAnchor(c) {
			return true
		}
	}
	return false
}

// next is the first edit that is still missing, or nil.
func (d *Document) next(steps []step, want *yaml.Node, em emitter) (*edit, error) {
	p, rest, err := d.resolve(steps)
	if err != nil {
		return nil, err
	}
	if p != nil && len(rest) == 0 {
		return d.diff(p, want, em)
	}
	return d.create(p, rest, want, em)
}

// create is the edit that adds what the remaining steps name below p.
func (d *Document) create(p *place, rest []step, want *yaml.Node, em emitter) (*edit, error) {
	if p == nil {
		content := nest(rest, want)
		if content.Kind == yaml.ScalarNode {
			return nil, d.errorAt(nil, "", ErrKind, "the file is empty; a mapping or list is needed", "name a key")
		}
		lines := em.block(content, 0)
		return &edit{splices: []splice{d.insertLines(len(d.src), lines)}, new: content, path: pathString(rest)}, nil
	}
	switch {
	case isNull(p.node):
		return d.replaceNull(p, nest(rest, want), em)
	case len(rest) == 0:
		return nil, d.wantKind(p, want.Kind)
	case rest[0].fields != nil:
		return d.unshared(p, func() *edit { return d.addItem(p, nest(rest, want).Content[0], em) })
	}
	pair := nest(rest, want).Content
	return d.unshared(p, func() *edit { return d.addPair(p, pair[0], pair[1], em) })
}

// unshared refuses the edit of a place that is shared.
func (d *Document) unshared(p *place, build func() *edit) (*edit, error) {
	if p.shared != nil {
		return nil, p.shared
	}
	return build(), nil
}

// nest wraps a value in the mappings and lists that the steps lead through.
func nest(steps []step, value *yaml.Node) *yaml.Node {
	if len(steps) == 0 {
		return value
	}
	inner := nest(steps[1:], value)
	if s := steps[0]; s.fields == nil {
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{text(s.key), inner}}
	}
	item := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: inner.Line, Column: inner.Column, HeadComment: inner.HeadComment}
	for _, f := range steps[0].fields {
		if !hasStep(inner, step{key: f.name}) {
			item.Content = append(item.Content, text(f.name), text(f.value))
		}
	}
	if inner.Kind == yaml.MappingNode {
		item.Style = inner.Style
		item.Content = append(item.Content, inner.Content...)
	}
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{item}}
}

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

// identity is the first field of a wanted item, by which a list is searched.
func identity(want *yaml.Node) ([]field, error) {
	if len(want.Content) < 2 || want.Content[1].Kind != yaml.ScalarNode {
		return nil, &Error{File: "fragment", Line: want.Line, Column: want.Column, Kind: ErrSyntax,
			Problem: "the first field of a list item must be a scalar that identifies it",
			Hint:    fmt.Sprintf("put a field such as %q first", "name")}
	}
	return []field{{want.Content[0].Value, want.Content[1].Value}}, nil
}
