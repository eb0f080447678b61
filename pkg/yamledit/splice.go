package yamledit

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// splice replaces the bytes from off to end by text.
type splice struct {
	off, end int
	text     string
}

// edit is a set of splices and what they must do to the document: replace one
// node by another. For a file without a document, old is nil.
type edit struct {
	splices  []splice
	old, new *yaml.Node
	path     string
}

// apply makes an edit and proves it: the text with the splices in it must
// parse to the old document with the one node replaced.
func (d *Document) apply(e *edit) (*Document, error) {
	next, err := parse(d.name, spliced(d.src, e.splices), d.lenient)
	if err == nil && d.becomes(next, e) {
		return next, nil
	}
	if errors.Is(err, ErrTooLarge) {
		return nil, err
	}
	line, column := d.lines.position(e.splices[0].off)
	reason := "the result would not be the old document plus the edit"
	if err != nil {
		reason = fmt.Sprintf("the result would not parse (%v)", err)
	}
	return nil, &Error{File: d.name, Line: line, Column: column, Path: e.path, Kind: ErrUnsafe, Problem: reason,
		Hint: d.unsafeHint(e)}
}

func (d *Document) unsafeHint(e *edit) string {
	if n := len(d.src); n > 0 && d.src[n-1] != '\n' && e.splices[0].off == n {
		return "end the file with a line break, then run again"
	}
	return "make this edit by hand, then run again"
}

func spliced(src []byte, splices []splice) []byte {
	slices.SortStableFunc(splices, func(a, b splice) int { return a.off - b.off })
	var out []byte
	at := 0
	for _, s := range splices {
		out = append(out, src[at:s.off]...)
		out = append(out, s.text...)
		at = s.end
	}
	return append(out, src[at:]...)
}

func (d *Document) becomes(next *Document, e *edit) bool {
	if e.old == nil {
		return len(next.docs) == 1 && equal(next.docs[0].Content[0], e.new, nil, nil)
	}
	return slices.EqualFunc(d.docs, next.docs, func(a, b *yaml.Node) bool { return equal(a, b, e.old, e.new) })
}

// equal compares two trees, with replacement in the place of old in the first.
// Aliases are compared by name and never followed.
func equal(a, b, old, replacement *yaml.Node) bool {
	if a == old && old != nil {
		a, old = replacement, nil
	}
	return a.Kind == b.Kind && a.ShortTag() == b.ShortTag() && a.Value == b.Value && a.Anchor == b.Anchor &&
		slices.EqualFunc(a.Content, b.Content, func(x, y *yaml.Node) bool { return equal(x, y, old, replacement) })
}

// with is a copy of a collection with more children, or a collection of the
// same anchor in the place of a null.
func with(n, like *yaml.Node, children ...*yaml.Node) *yaml.Node {
	c := &yaml.Node{Kind: like.Kind, Tag: like.Tag, Anchor: n.Anchor}
	if n.Kind == like.Kind {
		c.Tag = n.Tag
		c.Content = append(c.Content, n.Content...)
	}
	c.Content = append(c.Content, children...)
	return c
}
