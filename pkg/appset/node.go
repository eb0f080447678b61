package appset

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// maxNodes bounds one file after its aliases are expanded, so that a YAML bomb ends as an error.
const maxNodes = 500_000

// node is a YAML value that remembers where it was written: a map when fields is set, a list when list is true, else a
// scalar. Patches move nodes between trees, so every node carries its own position.
type node struct {
	pos    Position
	scalar any
	block  bool // a literal block scalar: its text starts on the next line
	keys   []string
	fields map[string]*node
	list   bool
	items  []*node
}

func (n *node) isMap() bool { return n != nil && n.fields != nil }

// get walks map keys; it returns nil where one is missing.
func (n *node) get(keys ...string) *node {
	for _, key := range keys {
		if n == nil {
			return nil
		}
		n = n.fields[key]
	}
	return n
}

func (n *node) set(key string, value *node) {
	if _, ok := n.fields[key]; !ok {
		n.keys = append(n.keys, key)
	}
	n.fields[key] = value
}

func (n *node) remove(key string) {
	delete(n.fields, key)
	for i, k := range n.keys {
		if k == key {
			n.keys = append(n.keys[:i:i], n.keys[i+1:]...)
			return
		}
	}
}

// text returns a scalar string; everything else is empty.
func (n *node) text() string {
	if n == nil {
		return ""
	}
	s, _ := n.scalar.(string)
	return s
}

// value converts the node to plain data.
func (n *node) value() any {
	switch {
	case n == nil:
		return nil
	case n.list:
		out := make([]any, len(n.items))
		for i, item := range n.items {
			out[i] = item.value()
		}
		return out
	case n.fields != nil:
		return n.object()
	}
	return n.scalar
}

// object converts a map node to plain data; anything else is an empty map.
func (n *node) object() map[string]any {
	out := map[string]any{}
	if n == nil {
		return out
	}
	for key, field := range n.fields {
		out[key] = field.value()
	}
	return out
}

// clone copies the tree; positions stay.
func (n *node) clone() *node {
	if n == nil {
		return nil
	}
	c := *n
	c.keys = append([]string(nil), n.keys...)
	if n.fields != nil {
		c.fields = make(map[string]*node, len(n.fields))
		for key, field := range n.fields {
			c.fields[key] = field.clone()
		}
	}
	c.items = make([]*node, len(n.items))
	for i, item := range n.items {
		c.items[i] = item.clone()
	}
	return &c
}

// parseDocuments reads every document of a YAML or JSON file; empty documents are left out.
func parseDocuments(file string, data []byte) ([]*node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	conv := converter{file: file}
	var docs []*node
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, yamlProblem(file, err)
		}
		if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
			continue
		}
		n, err := conv.node(doc.Content[0])
		if err != nil {
			return nil, err
		}
		docs = append(docs, n)
	}
}

type converter struct {
	file  string
	count int
}

func (c *converter) node(y *yaml.Node) (*node, error) {
	if c.count++; c.count > maxNodes {
		return nil, c.problem(y, "more than %d values after expanding aliases", maxNodes)
	}
	n := &node{pos: Position{File: c.file, Line: y.Line}}
	switch y.Kind {
	case yaml.AliasNode:
		return c.node(y.Alias)
	case yaml.MappingNode:
		n.fields = map[string]*node{}
		return n, c.fill(n, y)
	case yaml.SequenceNode:
		n.list = true
		for _, item := range y.Content {
			child, err := c.node(item)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, child)
		}
		return n, nil
	}
	n.block = y.Style == yaml.LiteralStyle
	var err error
	n.scalar, err = scalarOf(y)
	if err != nil {
		return nil, c.problem(y, "%v", err)
	}
	return n, nil
}

// fill reads a mapping; keys of merged maps (<<) come after the map's own and never override them.
func (c *converter) fill(n *node, y *yaml.Node) error {
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		child, err := c.node(y.Content[i+1])
		if err != nil {
			return err
		}
		if key.Tag == "!!merge" {
			merged = append(merged, child)
			continue
		}
		if key.Kind != yaml.ScalarNode {
			return c.problem(key, "a key is not a scalar")
		}
		if _, twice := n.fields[key.Value]; twice {
			return c.problem(key, "key %q appears twice", key.Value)
		}
		if child.list || child.fields != nil {
			child.pos.Line = key.Line // a map or list is found at its key, not at its first entry
		}
		n.set(key.Value, child)
	}
	for _, m := range merged {
		n.inherit(m)
	}
	return nil
}

func (n *node) inherit(from *node) {
	for _, item := range from.items {
		n.inherit(item)
	}
	for _, key := range from.keys {
		if _, own := n.fields[key]; !own {
			n.set(key, from.fields[key].clone())
		}
	}
}

func (c *converter) problem(y *yaml.Node, format string, args ...any) error {
	return &Problem{Position: Position{File: c.file, Line: y.Line}, Message: fmt.Sprintf(format, args...)}
}

// scalarOf gives a scalar the type that it has as JSON: what is not a number, bool or null is its text.
func scalarOf(y *yaml.Node) (any, error) {
	switch y.Tag {
	case "!!int":
		var i int64
		if err := y.Decode(&i); err != nil {
			return nil, err
		}
		return i, nil
	case "!!float", "!!bool", "!!null":
		var v any
		err := y.Decode(&v)
		return v, err
	}
	return y.Value, nil
}
