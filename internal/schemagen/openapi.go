package main

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// stableDocument matches the documents of GA groups: "api__v1", "apis__apps__v1", not "v1beta1". Kubernetes does not
// serve a beta version unless somebody asks for it (KEP 3136), so an object of one is refused like an unknown kind.
var stableDocument = regexp.MustCompile(`^(api|apis__[a-z0-9.]+)__v[0-9]+_openapi\.json$`)

// collection matches the path that objects are posted to, not those of subresources.
var collection = regexp.MustCompile(`^/apis?/[^{}]*(/namespaces/\{namespace\}/[^/{}]+)?$`)

const refPrefix = "#/components/schemas/"

type document struct {
	Paths map[string]struct {
		Post *struct {
			Kind gvk `json:"x-kubernetes-group-version-kind"`
		} `json:"post"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]map[string]any `json:"schemas"`
	} `json:"components"`
}

type gvk struct {
	Group   string `json:"group"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
}

func (g gvk) apiVersion() string { return strings.TrimPrefix(g.Group+"/"+g.Version, "/") }

// builtinBundle makes the bundle of one Kubernetes minor version from its OpenAPI documents.
func builtinBundle(minor string, inputs []inputFile) (*bundle, error) {
	b := &bundle{path: fmt.Sprintf("kubernetes/%s.gz", minor), definitions: map[string]map[string]any{}}
	seen := map[gvk]bool{}
	for _, in := range inputs {
		if !stableDocument.MatchString(path.Base(in.path)) {
			continue
		}
		var doc document
		if err := json.Unmarshal(in.data, &doc); err != nil {
			return nil, fmt.Errorf("read %s: %w", in.path, err)
		}
		for _, k := range documentKinds(&doc) {
			id := gvk{Version: k.apiVersion, Kind: k.kind}
			if !seen[id] {
				seen[id] = true
				b.kinds = append(b.kinds, k)
			}
			if err := addDefinition(b.definitions, doc.Components.Schemas, k.definition); err != nil {
				return nil, fmt.Errorf("read %s: %w", in.path, err)
			}
		}
	}
	if err := addEnums(b.definitions); err != nil {
		return nil, fmt.Errorf("kubernetes %s: %w", minor, err)
	}
	breakCycles(b.definitions)
	return b, nil
}

// documentKinds lists the kinds that can be created through the document's paths.
func documentKinds(doc *document) []kind {
	definitions := map[gvk]string{}
	for name, schema := range doc.Components.Schemas {
		ids, _ := schema["x-kubernetes-group-version-kind"].([]any)
		if len(ids) != 1 { // DeleteOptions and WatchEvent belong to every group
			continue
		}
		id := ids[0].(map[string]any)
		definitions[gvk{id["group"].(string), id["version"].(string), id["kind"].(string)}] = name
	}
	var kinds []kind
	for p, operations := range doc.Paths {
		if operations.Post == nil || !collection.MatchString(p) {
			continue
		}
		scope := "Cluster"
		if strings.Contains(p, "/namespaces/{namespace}/") {
			scope = "Namespaced"
		}
		id := operations.Post.Kind
		if definition, ok := definitions[id]; ok {
			kinds = append(kinds, kind{id.apiVersion(), id.Kind, scope, definition})
		}
	}
	return kinds
}

// addDefinition copies one schema and everything it refers to, rewritten as structural schemas.
func addDefinition(out, schemas map[string]map[string]any, name string) error {
	if _, done := out[name]; done {
		return nil
	}
	schema, ok := schemas[name]
	if !ok {
		return fmt.Errorf("schema %s is missing", name)
	}
	out[name] = structural(name, schema)
	for _, ref := range references(out[name]) {
		if err := addDefinition(out, schemas, ref); err != nil {
			return err
		}
	}
	return nil
}

// structural rewrites a schema of the OpenAPI document in the form that a CRD has: one reference instead of allOf, the
// Kubernetes extensions instead of oneOf, open objects marked as open.
func structural(name string, schema map[string]any) map[string]any {
	switch name {
	case "io.k8s.apimachinery.pkg.util.intstr.IntOrString":
		return map[string]any{"x-kubernetes-int-or-string": true}
	case "io.k8s.apimachinery.pkg.api.resource.Quantity": // a string or a number; its text is parsed by kubeschema
		return map[string]any{"x-kubernetes-preserve-unknown-fields": true}
	}
	return normalise(schema)
}

var kept = regexp.MustCompile(`^(type|format|required|nullable|enum|x-kubernetes-(list-type|list-map-keys|map-type|int-or-string|preserve-unknown-fields|embedded-resource))$`)

func normalise(schema map[string]any) map[string]any {
	if ref, ok := reference(schema); ok {
		return map[string]any{"$ref": ref}
	}
	out := map[string]any{}
	for key, value := range schema {
		if kept.MatchString(key) {
			out[key] = value
		}
	}
	// Only a text that is not empty is a default that somebody relies on ("TCP" is part of a port's identity); 0, ""
	// and {} are the zero values of Go and would satisfy "required".
	if text, ok := schema["default"].(string); ok && text != "" {
		out["default"] = text
	}
	if properties, ok := schema["properties"].(map[string]any); ok {
		clean := map[string]any{}
		for name, property := range properties {
			clean[name] = normalise(property.(map[string]any))
		}
		out["properties"] = clean
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if child, ok := schema[key].(map[string]any); ok {
			out[key] = normalise(child)
		}
	}
	if isOpen(out) {
		out["x-kubernetes-preserve-unknown-fields"] = true
	}
	return out
}

// isOpen reports whether a schema says nothing about its fields: RawExtension, FieldsV1, any JSON value.
func isOpen(schema map[string]any) bool {
	kind := schema["type"]
	if kind == nil {
		return true
	}
	return kind == "object" && schema["properties"] == nil && schema["additionalProperties"] == nil
}

// reference returns the definition that a schema only points at: {"$ref"} or {"allOf":[{"$ref"}], "default":…}.
func reference(schema map[string]any) (string, bool) {
	if list, ok := schema["allOf"].([]any); ok && len(list) == 1 {
		schema, _ = list[0].(map[string]any)
	}
	ref, ok := schema["$ref"].(string)
	return strings.TrimPrefix(ref, refPrefix), ok
}

// references lists the definitions a normalised schema points at, anywhere inside.
func references(schema map[string]any) []string {
	if ref, ok := schema["$ref"].(string); ok {
		return []string{ref}
	}
	var refs []string
	for _, child := range spine(schema) {
		refs = append(refs, references(child.schema)...)
	}
	return refs
}
