package spec

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// SchemaURL is where editors find the JSON Schema of the spec.
const SchemaURL = "https://raw.githubusercontent.com/ameideio/ameide/main/docs/ameide.schema.json"

// Print writes a spec as YAML with a comment for every key; the first item of a list carries the comments of all of
// them. Load gives the same spec back.
func Print(w io.Writer, s Spec) error {
	root, err := node(reflect.ValueOf(s), above)
	if err != nil {
		return fmt.Errorf("print spec: %w", err)
	}
	if _, err := fmt.Fprintf(w, "# yaml-language-server: $schema=%s\n\n", SchemaURL); err != nil {
		return err
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return fmt.Errorf("print spec: %w", err)
	}
	return enc.Close()
}

// placing says where comments go: nowhere, above a key, or, in an item of a list, behind its value.
type placing int

const (
	nowhere placing = iota
	above
	behind
)

// node is a value as a YAML node, with the comments of its type's tags where asked for.
func node(v reflect.Value, place placing) (*yaml.Node, error) {
	switch v.Kind() {
	case reflect.Pointer:
		return node(v.Elem(), place)
	case reflect.Struct:
		return structNode(v, place)
	case reflect.Slice:
		return listNode(v, place)
	case reflect.Map:
		return mapNode(v)
	default:
		n := &yaml.Node{}
		return n, n.Encode(v.Interface())
	}
}

func structNode(v reflect.Value, place placing) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range fieldsOf(v.Type()) {
		value := v.Field(f.index)
		if f.optional && value.IsZero() || f.optional && value.Kind() == reflect.Slice && value.Len() == 0 {
			continue
		}
		child, err := node(value, place)
		if err != nil {
			return nil, err
		}
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: f.name}
		switch {
		case place == behind && child.Kind == yaml.ScalarNode:
			child.LineComment = comment(f)
		case place != nowhere:
			key.HeadComment = comment(f)
		}
		n.Content = append(n.Content, key, child)
	}
	return n, nil
}

func listNode(v reflect.Value, place placing) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if v.Type().Elem().Kind() != reflect.Struct || v.Len() == 0 {
		n.Style = yaml.FlowStyle
	}
	if place == above {
		place = behind
	}
	for i := range v.Len() {
		child, err := node(v.Index(i), place)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, child)
		place = nowhere // the first item explains all of them
	}
	return n, nil
}

func mapNode(v reflect.Value) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	if v.Len() == 0 {
		n.Style = yaml.FlowStyle
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		key, err := node(k, nowhere)
		if err != nil {
			return nil, err
		}
		value, err := node(v.MapIndex(k), nowhere)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, key, value)
	}
	return n, nil
}

// comment is the doc sentence, with the values to choose from where the sentence does not name them.
func comment(f field) string {
	for _, value := range f.enum {
		if len(f.enum) > 1 && !strings.Contains(f.doc, value) {
			return f.doc + " One of: " + strings.Join(f.enum, ", ") + "."
		}
	}
	return f.doc
}
