package skeleton

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// place is a field of the values in a path, by its name in JSON.
var place = regexp.MustCompile(`\{([a-z][a-z0-9_]*)\}`)

// Path fills in a path: each place {name} is the string field of the values with that name in JSON. The error names a place
// that is none, or one whose value is empty.
func Path(path string, values any) (string, error) {
	v := reflect.ValueOf(values)
	var problem error
	filled := place.ReplaceAllStringFunc(path, func(match string) string {
		f, ok := Field(v.Type(), match[1:len(match)-1])
		if !ok || f.Type.Kind() != reflect.String {
			problem = fmt.Errorf("path %s: the values have no string %s", path, match)
			return match
		}
		s := v.FieldByIndex(f.Index).String()
		if s == "" {
			problem = fmt.Errorf("path %s: %s is empty", path, match)
		}
		return s
	})
	return filled, problem
}

// CompilePath writes a path out as Nunjucks, which fetch:template renders like a file.
func CompilePath(path string, values reflect.Type) (string, error) {
	var out source
	rest := path
	for {
		at := place.FindStringIndex(rest)
		if at == nil {
			out.literal(rest)
			return out.String(), nil
		}
		name := strings.Trim(rest[at[0]:at[1]], "{}")
		f, ok := Field(values, name)
		if !ok || f.Type.Kind() != reflect.String {
			return "", &Error{path, fmt.Sprintf("the values have no string {%s}", name)}
		}
		out.literal(rest[:at[0]])
		v, _ := access("values", values).member(f.Name)
		out.code(output(v.code))
		rest = rest[at[1]:]
	}
}

// Field is the field of a struct, or of one embedded in it, with that name in JSON.
func Field(t reflect.Type, name string) (reflect.StructField, bool) {
	for f := range t.Fields() {
		if !f.Anonymous {
			if JSONName(f) == name {
				return f, true
			}
			continue
		}
		if inner, ok := Field(f.Type, name); ok {
			return t.FieldByName(inner.Name) // with its index in t
		}
	}
	return reflect.StructField{}, false
}
