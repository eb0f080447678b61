package main

import (
	"maps"
	"slices"
)

// cycleBreaker walks definitions depth first and remembers which ones it is inside of.
type cycleBreaker struct {
	definitions map[string]map[string]any
	inside      map[string]bool
	done        map[string]bool
}

// breakCycles replaces every reference that leads back to a definition it is part of by an open value. Only the schema
// of schemas (JSONSchemaProps in a CustomResourceDefinition) is recursive; its first level stays checked.
func breakCycles(definitions map[string]map[string]any) {
	c := &cycleBreaker{definitions, map[string]bool{}, map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		c.visit(name)
	}
}

func (c *cycleBreaker) visit(name string) {
	if c.done[name] {
		return
	}
	c.inside[name] = true
	c.walk(c.definitions[name])
	delete(c.inside, name)
	c.done[name] = true
}

func (c *cycleBreaker) walk(schema map[string]any) {
	ref, ok := schema["$ref"].(string)
	switch {
	case !ok:
		for _, child := range spine(schema) {
			c.walk(child.schema)
		}
	case c.inside[ref]:
		delete(schema, "$ref")
		schema["x-kubernetes-preserve-unknown-fields"] = true
	default:
		c.visit(ref)
	}
}
