package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
)

//go:generate go test -run TestPublishedSchemaIsCurrent -update

// object is a JSON object; encoding/json writes its keys sorted.
type object = map[string]any

// Schema is the JSON Schema of a spec file, draft-07 because that is the draft that yaml-language-server reads best. It
// says what Load demands of every single field; whether fields agree only Load knows.
func Schema() ([]byte, error) {
	root := schemaOf(reflect.ValueOf(Default()), field{})
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["$id"] = SchemaURL
	root["title"] = FileName
	root["description"] = "A Backstage installation over all its environments. Every key has a default."
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		return nil, fmt.Errorf("encode schema: %w", err)
	}
	return out.Bytes(), nil
}

// schemaOf describes a field's value. v holds the default; the zero value means that there is none to tell.
func schemaOf(v reflect.Value, f field) object {
	switch v.Kind() {
	case reflect.Pointer:
		return schemaOf(reflect.Zero(v.Type().Elem()), f)
	case reflect.Struct:
		return structSchema(v)
	case reflect.Slice:
		return listSchema(v, f)
	case reflect.Map:
		return object{"type": "object", "propertyNames": scalarSchema(reflect.ValueOf(""), field{rule: f.key}), "additionalProperties": scalarSchema(reflect.Zero(v.Type().Elem()), f)}
	default:
		return scalarSchema(v, f)
	}
}

func structSchema(v reflect.Value) object {
	properties := object{}
	for _, f := range fieldsOf(v.Type()) {
		property := schemaOf(v.Field(f.index), f)
		property["description"] = f.doc
		properties[f.name] = property
	}
	return object{"type": "object", "additionalProperties": false, "properties": properties}
}

func listSchema(v reflect.Value, f field) object {
	item := schemaOf(reflect.Zero(v.Type().Elem()), f)
	s := object{"type": "array", "items": item}
	if f.min > 0 {
		s["minItems"] = f.min
	}
	if f.max > 0 {
		s["maxItems"] = f.max
	}
	if v.Type().Elem().Kind() != reflect.Struct {
		s["uniqueItems"] = true
		if v.Len() > 0 {
			s["default"] = v.Interface()
		}
		return s
	}
	var needed []string
	for _, f := range fieldsOf(v.Type().Elem()) {
		if required(v.Type().Elem(), f) {
			needed = append(needed, f.name)
		}
	}
	item["required"] = needed
	return s
}

func scalarSchema(v reflect.Value, f field) object {
	s := object{"type": "string"}
	switch v.Kind() {
	case reflect.Bool:
		s["type"] = "boolean"
	case reflect.Int:
		s["type"] = "integer"
	}
	if !v.IsZero() {
		s["default"] = v.Interface()
	}
	if len(f.enum) > 0 {
		s["enum"] = enumOf(v.Kind(), f.enum)
	}
	r, ok := rules()[f.rule]
	switch {
	case !ok:
	case v.Kind() == reflect.Int: // the only rule of numbers
		s["minimum"], s["maximum"] = 1, maxPort
	default:
		s["pattern"] = r.pattern
		if r.example != "" {
			s["examples"] = []string{r.example}
		}
	}
	return s
}

func enumOf(kind reflect.Kind, values []string) any {
	if kind != reflect.Int {
		return values
	}
	numbers := make([]int, len(values))
	for i, v := range values {
		numbers[i], _ = strconv.Atoi(v) // a tag of this package
	}
	return numbers
}
