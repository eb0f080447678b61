package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// minShared is the JSON length from which a repeated subschema becomes a definition of its own.
const minShared = 64

// sharer finds the subschemas that occur more than once. An ApplicationSet repeats its template under every generator:
// 340 kB of schema are 40 kB of different schemas, and only those have to be decoded and compiled.
type sharer struct {
	count       map[string]int    // canonical JSON -> how often
	names       map[string]string // canonical JSON -> definition name
	definitions map[string]map[string]any
}

// share returns the definitions that spell the roots: each root under its own name, repeated parts under "~1", "~2" …
// in the order of their first appearance, referred to as {"$ref":"~1"}. The roots are changed.
func share(roots map[string]map[string]any) map[string]map[string]any {
	s := &sharer{map[string]int{}, map[string]string{}, map[string]map[string]any{}}
	names := slices.Sorted(maps.Keys(roots))
	for _, name := range names {
		s.tally(roots[name])
	}
	for _, name := range names {
		s.definitions[name] = s.rewriteChildren(roots[name])
	}
	return s.definitions
}

// tally counts the subschemas. Below a repeated one it does not count again: its parts belong to its definition.
func (s *sharer) tally(schema map[string]any) {
	key := canonical(schema)
	s.count[key]++
	if s.count[key] > 1 {
		return
	}
	for _, child := range spine(schema) {
		s.tally(child.schema)
	}
}

func (s *sharer) rewrite(schema map[string]any) map[string]any {
	key := canonical(schema)
	if s.count[key] < 2 || len(key) < minShared {
		return s.rewriteChildren(schema)
	}
	if _, known := s.names[key]; !known {
		s.names[key] = fmt.Sprintf("~%d", len(s.names)+1)
		s.definitions[s.names[key]] = s.rewriteChildren(schema)
	}
	return map[string]any{"$ref": s.names[key]}
}

func (s *sharer) rewriteChildren(schema map[string]any) map[string]any {
	out := maps.Clone(schema)
	if properties, ok := schema["properties"].(map[string]any); ok {
		out["properties"] = maps.Clone(properties)
	}
	for _, child := range spine(schema) {
		if child.property != "" {
			out["properties"].(map[string]any)[child.property] = s.rewrite(child.schema)
			continue
		}
		out[child.keyword] = s.rewrite(child.schema)
	}
	return out
}

// spineChild is a subschema that describes a part of the object: a property, the items, the additional properties.
type spineChild struct {
	keyword, property string
	schema            map[string]any
}

// spine returns the structural children in a fixed order. Schemas below allOf, anyOf, oneOf and not only add value
// validation and stay where they are.
func spine(schema map[string]any) []spineChild {
	var children []spineChild
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if child, ok := properties[name].(map[string]any); ok {
			children = append(children, spineChild{"properties", name, child})
		}
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		if child, ok := schema[keyword].(map[string]any); ok {
			children = append(children, spineChild{keyword, "", child})
		}
	}
	return children
}

func canonical(schema map[string]any) string {
	text, err := json.Marshal(schema)
	if err != nil {
		panic(err) // came from JSON
	}
	return string(text)
}
