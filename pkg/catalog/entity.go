package catalog

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Entity is one document of a catalog file.
type Entity struct {
	File       string // path in the tree
	Line       int    // first line of the document's content
	APIVersion string
	Kind       string
	Namespace  string // `default` where the document names none
	Name       string
	root       *yaml.Node
}

// Ref is the entity's identity as Backstage compares it: kind:namespace/name in lower case.
func (e Entity) Ref() string {
	return strings.ToLower(e.Kind + ":" + e.Namespace + "/" + e.Name)
}

// Value is the scalar at a path of keys, for example ("metadata", "annotations", "argocd/app-name"), and its line.
func (e Entity) Value(path ...string) (value string, line int, ok bool) {
	n := e.at(path...)
	if n == nil || n.Kind != yaml.ScalarNode {
		return "", 0, false
	}
	return n.Value, n.Line, true
}

// Decode writes the entity into a Go value with yaml tags.
func (e Entity) Decode(into any) error { return e.root.Decode(into) }

// at is the node at a path of keys, aliases followed; nil when there is none.
func (e Entity) at(path ...string) *yaml.Node {
	n := e.root
	for _, key := range path {
		if n = child(n, key); n == nil {
			return nil
		}
	}
	return n
}

// child is the value of a key, aliases followed; nil when n has none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n = target(n); n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if target(n.Content[i]).Value == key {
			return target(n.Content[i+1])
		}
	}
	return nil
}

func target(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// items are the elements of a list, aliases followed; none when n is nil or something else.
func items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	list := make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		list[i] = target(item)
	}
	return list
}

// Problem is one thing that is wrong with an entity.
type Problem struct {
	File    string
	Line    int
	Column  int
	Entity  string // reference of the entity; empty when the document is none
	Field   string // for example spec.owner
	Message string
	Hint    string
}
