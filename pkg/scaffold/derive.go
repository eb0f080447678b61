package scaffold

import (
	"fmt"
	"iter"
	"reflect"

	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/skeleton"
)

// Derivations are the templates of values.yaml: how each derived value follows from the parameters.
type Derivations struct{ root *yaml.Node }

// ParseDerivations reads values.yaml. Every key is the name that a field of Values has in JSON; a value is a template, or a
// structure of templates.
func ParseDerivations(text []byte) (*Derivations, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	root := doc.Content[0]
	for i := 0; i < len(root.Content); i += 2 {
		if key := root.Content[i]; fieldNamed(key.Value) == nil {
			return nil, fmt.Errorf("line %d: %s is no value of a primitive", key.Line, key.Value)
		}
	}
	return &Derivations{root}, nil
}

// Derive fills in what follows from the rest of the values, in the order of the file. A value that is not empty stays: the
// services of a contract that somebody brought are theirs.
func (d *Derivations) Derive(v Values) (Values, error) {
	for i := 0; i < len(d.root.Content); i += 2 {
		key := d.root.Content[i].Value
		target := reflect.ValueOf(&v).Elem().FieldByIndex(fieldNamed(key).Index)
		if !target.IsZero() {
			continue
		}
		rendered, err := render(key, d.root.Content[i+1], v)
		if err != nil {
			return Values{}, err
		}
		if err := rendered.Decode(target.Addr().Interface()); err != nil {
			return Values{}, fmt.Errorf("value %s: %w", key, err)
		}
	}
	return v, nil
}

// render is a copy of a structure with its templates executed. A template's result is a string, or true or false.
func render(key string, n *yaml.Node, v Values) (*yaml.Node, error) {
	c := *n
	c.Content = nil
	for _, child := range n.Content {
		r, err := render(key, child, v)
		if err != nil {
			return nil, err
		}
		c.Content = append(c.Content, r)
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		return &c, nil
	}
	text, err := skeleton.Execute(key, n.Value, v)
	if err != nil {
		return nil, err
	}
	c.SetString(text)
	if text == "true" || text == "false" {
		c = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: text}
	}
	return &c, nil
}

func fieldNamed(name string) *reflect.StructField {
	f, ok := skeleton.Field(reflect.TypeFor[Values](), name)
	if !ok {
		return nil
	}
	return &f
}

// All are the derivations in the order of the file: the name of a value in JSON, and its template or structure of templates.
func (d *Derivations) All() iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		for i := 0; i < len(d.root.Content); i += 2 {
			if !yield(d.root.Content[i].Value, d.root.Content[i+1]) {
				return
			}
		}
	}
}
