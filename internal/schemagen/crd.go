package main

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

// crd is what is needed of a CustomResourceDefinition.
type crd struct {
	Kind string `json:"kind"`
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Scope    string `json:"scope"`
		Versions []struct {
			Name   string `json:"name"`
			Served bool   `json:"served"`
			Schema struct {
				OpenAPIV3Schema map[string]any `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

// crdBundle makes the bundle of one CRD file: the schemas of all its served versions, repeated parts once.
func crdBundle(in inputFile) (*bundle, error) {
	var def crd
	if err := yaml.Unmarshal(in.data, &def); err != nil {
		return nil, fmt.Errorf("read %s: %w", in.path, err)
	}
	if def.Kind != "CustomResourceDefinition" {
		return nil, fmt.Errorf("read %s: kind is %q", in.path, def.Kind)
	}
	b := &bundle{path: fmt.Sprintf("crds/%s/%s.gz", def.Spec.Group, def.Spec.Names.Kind)}
	roots := map[string]map[string]any{}
	for _, version := range def.Spec.Versions {
		if !version.Served {
			continue
		}
		stripSchema(version.Schema.OpenAPIV3Schema)
		roots[version.Name] = version.Schema.OpenAPIV3Schema
		b.kinds = append(b.kinds, kind{def.Spec.Group + "/" + version.Name, def.Spec.Names.Kind, def.Spec.Scope, version.Name})
	}
	b.definitions = share(roots)
	return b, nil
}

// stripSchema deletes, in place, what says nothing about validity from a schema and everything below it.
func stripSchema(schema map[string]any) {
	for _, key := range []string{"description", "example", "externalDocs", "title"} {
		delete(schema, key)
	}
	eachSubschema(schema, stripSchema)
}

// eachSubschema calls visit with every schema directly below schema: also those below allOf, anyOf, oneOf and not.
func eachSubschema(schema map[string]any, visit func(map[string]any)) {
	properties, _ := schema["properties"].(map[string]any)
	for _, property := range properties {
		visitSchema(property, visit)
	}
	for _, key := range []string{"items", "additionalProperties", "not"} {
		visitSchema(schema[key], visit)
	}
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := schema[key].([]any)
		for _, item := range list {
			visitSchema(item, visit)
		}
	}
}

func visitSchema(schema any, visit func(map[string]any)) {
	if object, ok := schema.(map[string]any); ok {
		visit(object)
	}
}
