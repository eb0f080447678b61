package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// schemaName is how kubeconform finds the schema of an object.
const schemaName = "{{.ResourceKind}}_{{.Group}}_{{.ResourceAPIVersion}}.json"

// writeLocalSchemas makes the standalone JSON Schemas that kubeconform wants, out of the schemas that ameide embeds: the
// built-in kinds of one Kubernetes version, and every custom resource.
func writeLocalSchemas(from, to, version string) error {
	index, err := os.ReadFile(filepath.Join(from, "index.txt"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	opened := map[string]map[string]any{}
	for line := range strings.Lines(string(index)) {
		fields := strings.Fields(line)
		if len(fields) != 5 {
			return fmt.Errorf("index.txt: bad line %q", line)
		}
		bundle, apiVersion, kind, root := fields[0], fields[1], fields[2], fields[4]
		if strings.HasPrefix(bundle, "kubernetes/") && bundle != "kubernetes/"+version+".gz" {
			continue
		}
		if opened[bundle] == nil {
			if opened[bundle], err = readBundle(filepath.Join(from, filepath.FromSlash(bundle))); err != nil {
				return err
			}
		}
		if err := writeStandalone(to, opened[bundle], apiVersion, kind, root); err != nil {
			return err
		}
	}
	return nil
}

// readBundle reads lines of definition name, tab, schema.
func readBundle(file string) (map[string]any, error) {
	packed, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(bufio.NewReader(zip))
	if err != nil {
		return nil, err
	}
	definitions := map[string]any{}
	for line := range bytes.Lines(text) {
		name, data, ok := bytes.Cut(line, []byte("\t"))
		var schema any
		if err := json.Unmarshal(data, &schema); err != nil || !ok {
			return nil, fmt.Errorf("%s: bad line %.40q: %w", file, line, err)
		}
		definitions[string(name)] = schema
	}
	return definitions, nil
}

// writeStandalone writes one kind with the definitions that it reaches.
func writeStandalone(to string, definitions map[string]any, apiVersion, kind, root string) error {
	reached := map[string]any{}
	var reach func(name string)
	reach = func(name string) {
		if _, done := reached[pointer(name)]; done {
			return
		}
		reached[pointer(name)] = nil
		reached[pointer(name)] = standalone(definitions[name], reach)
	}
	reach(root)
	data, err := json.Marshal(map[string]any{"$ref": "#/definitions/" + pointer(root), "definitions": reached})
	if err != nil {
		return err
	}
	group, version, ok := strings.Cut(apiVersion, "/")
	if !ok {
		version = group // kubeconform calls the group of v1 "v1", too
	}
	return os.WriteFile(filepath.Join(to, fmt.Sprintf("%s_%s_%s.json", strings.ToLower(kind), group, version)), data, 0o644)
}

// pointer is a definition's name as a JSON pointer can carry it.
func pointer(name string) string { return strings.ReplaceAll(name, "~", "_") }

// standalone turns a structural schema into plain JSON Schema: references within the document, unknown fields refused,
// numbers or strings where both are allowed.
func standalone(schema any, reach func(string)) any {
	switch s := schema.(type) {
	case []any:
		out := make([]any, len(s))
		for i, v := range s {
			out[i] = standalone(v, reach)
		}
		return out
	case map[string]any:
		if ref, ok := s["$ref"].(string); ok {
			reach(ref)
			return map[string]any{"$ref": "#/definitions/" + pointer(ref)}
		}
		return closed(s, reach)
	}
	return schema
}

func closed(s map[string]any, reach func(string)) map[string]any {
	out := map[string]any{}
	for key, value := range s {
		if key == "properties" {
			if properties, ok := value.(map[string]any); ok {
				value = eachProperty(properties, reach)
			}
		} else if key != "default" && key != "enum" {
			value = standalone(value, reach)
		}
		out[key] = value
	}
	if s["x-kubernetes-int-or-string"] == true {
		out["type"] = []any{"integer", "string"}
	}
	if _, has := s["properties"]; has && s["type"] == "object" && s["additionalProperties"] == nil && s["x-kubernetes-preserve-unknown-fields"] != true {
		out["additionalProperties"] = false
	}
	return out
}

// eachProperty keeps a field that is called like a keyword a field.
func eachProperty(properties map[string]any, reach func(string)) map[string]any {
	out := map[string]any{}
	for name, schema := range properties {
		out[name] = standalone(schema, reach)
	}
	return out
}
