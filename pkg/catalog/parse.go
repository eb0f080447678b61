package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/spec/yamltext"
)

const (
	// maxSize bounds a catalog file, in bytes.
	maxSize = 10 << 20
	// maxNodes bounds what the aliases of one document lead to; Backstage's parser gives up far earlier.
	maxNodes = 200_000
)

// Parse reads the entities of one catalog file. The problems are documents that Backstage's parser refuses; they yield
// no entity. The error is a file that cannot be read.
func Parse(tree fs.FS, path string) ([]Entity, []Problem, error) {
	f, err := tree.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read catalog file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read catalog file %s: %w", path, err)
	}
	if len(text) > maxSize {
		return nil, []Problem{{File: path, Message: "the file is larger than 10 MiB"}}, nil
	}
	entities, problems := ParseText(path, text)
	return entities, problems, nil
}

// ParseText is Parse for text that is already in memory.
func ParseText(path string, text []byte) ([]Entity, []Problem) {
	if f, bad := yamltext.Unreadable(text); bad {
		return nil, []Problem{flaw(path, f)}
	}
	var entities []Entity
	var problems []Problem
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return entities, problems
		}
		if err != nil {
			return entities, append(problems, flaw(path, yamltext.Syntax(text, err)))
		}
		root := target(doc.Content[0])
		if typeOf(root) == typeNull {
			continue
		}
		if p, ok := malformed(path, root); !ok {
			problems = append(problems, p)
			continue
		}
		entities = append(entities, newEntity(path, root))
	}
}

func flaw(path string, f yamltext.Flaw) Problem {
	return Problem{File: path, Line: f.Line, Column: f.Column, Message: f.Message, Hint: f.Hint}
}

func newEntity(path string, root *yaml.Node) Entity {
	e := Entity{File: path, Line: root.Line, root: root}
	e.APIVersion, _, _ = e.Value("apiVersion")
	e.Kind, _, _ = e.Value("kind")
	e.Name, _, _ = e.Value("metadata", "name")
	if e.Namespace, _, _ = e.Value("metadata", "namespace"); e.Namespace == "" {
		e.Namespace = "default"
	}
	return e
}

// malformed finds what makes a document no entity at all.
func malformed(path string, root *yaml.Node) (Problem, bool) {
	p := Problem{File: path, Line: root.Line, Column: root.Column}
	if root.Kind != yaml.MappingNode {
		p.Message, p.Hint = "a catalog document must be a mapping, not "+typeOf(root).String(), "begin with apiVersion: backstage.io/v1alpha1"
		return p, false
	}
	left := maxNodes
	if key, first := repeated(root, &left); key != nil {
		p.Line, p.Column = key.Line, key.Column
		p.Message = fmt.Sprintf("duplicate key %q, first given in line %d", key.Value, first)
		return p, false
	}
	if left <= 0 {
		p.Message, p.Hint = "the document's aliases expand without end", "write the values out"
		return p, false
	}
	return p, true
}

// repeated finds the first key that a mapping has twice.
func repeated(n *yaml.Node, left *int) (key *yaml.Node, first int) {
	if *left--; *left <= 0 {
		return nil, 0
	}
	n = target(n)
	if n.Kind == yaml.MappingNode {
		lines := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if line, known := lines[target(k).Value]; known && target(k).Kind == yaml.ScalarNode {
				return k, line
			}
			lines[target(k).Value] = k.Line
		}
	}
	for _, c := range n.Content {
		if key, first := repeated(c, left); key != nil {
			return key, first
		}
	}
	return nil, 0
}
