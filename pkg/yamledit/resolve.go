package yamledit

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// resolve walks steps as far as the document has them. It returns the last
// place that exists and the steps that are left. The place is nil for a file
// without a YAML document.
func (d *Document) resolve(steps []step) (*place, []step, error) {
	doc, err := d.choose(steps)
	if err != nil || doc == nil {
		return nil, steps, err
	}
	p, err := d.child(nil, nil, doc.Content[0], "")
	for err == nil && len(steps) > 0 && !isNull(p.node) {
		var next *place
		if next, err = d.follow(p, steps[0]); err != nil || next == nil {
			break
		}
		p, steps = next, steps[1:]
	}
	return p, steps, err
}

func (d *Document) follow(p *place, s step) (*place, error) {
	if s.fields == nil {
		if err := d.wantKind(p, yaml.MappingNode); err != nil {
			return nil, err
		}
		return d.lookup(p, s.key)
	}
	if err := d.wantKind(p, yaml.SequenceNode); err != nil {
		return nil, err
	}
	return d.item(p, s.fields)
}

// choose finds the YAML document that a path belongs to: the only one with
// content, or of several the one that has the most of the path.
func (d *Document) choose(steps []step) (*yaml.Node, error) {
	var filled, having []*yaml.Node
	deepest := 1
	for _, doc := range d.docs {
		root := doc.Content[0]
		if isNull(root) {
			continue
		}
		filled = append(filled, doc)
		n := depth(root, steps)
		if n > deepest {
			having, deepest = nil, n
		}
		if n == deepest {
			having = append(having, doc)
		}
	}
	switch {
	case len(filled) == 0 && len(d.docs) == 0:
		return nil, nil
	case len(filled) == 0 && len(d.docs) == 1:
		return d.docs[0], nil
	case len(filled) == 1:
		return filled[0], nil
	case len(having) == 1:
		return having[0], nil
	}
	at := d.docs[len(d.docs)-1]
	if len(having) > 1 {
		at = having[1]
	}
	return nil, d.errorAt(at.Content[0], pathString(steps), ErrAmbiguous,
		fmt.Sprintf("the file has %d YAML documents and %d of them hold %s", len(d.docs), len(having), pathString(steps[:min(deepest, len(steps))])),
		"keep the part in one document of the file, then run again")
}

// depth is how many of the first steps a tree has, without following aliases.
func depth(n *yaml.Node, steps []step) int {
	if len(steps) == 0 || !hasStep(n, steps[0]) {
		return 0
	}
	for i := 0; steps[0].fields == nil && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == steps[0].key {
			return 1 + depth(n.Content[i+1], steps[1:])
		}
	}
	return 1
}

// hasStep reports whether a mapping has the key, or whether a list can have the item.
func hasStep(root *yaml.Node, s step) bool {
	if s.fields != nil {
		return root.Kind == yaml.SequenceNode
	}
	for i := 0; root.Kind == yaml.MappingNode && i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == s.key {
			return true
		}
	}
	return false
}

func (d *Document) wantKind(p *place, want yaml.Kind) error {
	if p.node.Kind == want {
		return nil
	}
	return d.errorAt(p.node, p.path, ErrKind, fmt.Sprintf("a %s is expected here, not a %s", kindName(want), kindName(p.node.Kind)),
		"correct the value by hand, then run again")
}

func kindName(k yaml.Kind) string {
	switch k {
	case yaml.MappingNode:
		return "mapping"
	case yaml.SequenceNode:
		return "list"
	}
	return "scalar"
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func pathString(steps []step) string {
	s := ""
	for _, st := range steps {
		if st.fields != nil {
			s += selector(st.fields)
			continue
		}
		s = joinPath(s, st.key)
	}
	return s
}

func joinPath(path, key string) string {
	if key = quoteName(key); path == "" {
		return key
	}
	return path + "." + key
}

func selector(fields []field) string {
	var parts []string
	for _, f := range fields {
		parts = append(parts, quoteName(f.name)+"="+quoteName(f.value))
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func quoteName(s string) string {
	if s == "" || strings.ContainsAny(s, `.[]=,"\`) {
		return strconv.Quote(s)
	}
	return s
}
