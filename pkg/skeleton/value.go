package skeleton

import (
	"reflect"
	"slices"
	"strings"
)

// value is an expression of Nunjucks and the Go type of what it yields. A nil type can only be asked whether it is true.
// What is not sure may be absent.
type value struct {
	code string
	typ  reflect.Type
	sure bool
}

// computed is the value of a function, in parentheses.
func computed(code string, typ reflect.Type) value { return value{"(" + code + ")", typ, true} }

func access(code string, typ reflect.Type) value { return value{code: code, typ: typ} }

func stringType() reflect.Type { return reflect.TypeFor[string]() }
func boolType() reflect.Type   { return reflect.TypeFor[bool]() }
func intType() reflect.Type    { return reflect.TypeFor[int]() }

func (v value) is(k reflect.Kind) bool { return v.typ != nil && v.typ.Kind() == k }

func (v value) describe() string {
	if v.typ == nil {
		return "a condition"
	}
	return v.typ.String()
}

// argument is the value where a function or a comparison takes it. Backstage drops empty strings from a step's input, so
// an absent one is empty again here.
func (v value) argument() string {
	if v.is(reflect.String) && !v.sure {
		return "(" + v.code + ` or "")`
	}
	return v.code
}

// truth is an expression that JavaScript finds true where text/template finds the value true. It is empty when the two
// cannot agree.
func (v value) truth() string {
	switch {
	case v.typ == nil, v.is(reflect.Bool), v.is(reflect.String):
		return v.code
	case v.is(reflect.Slice):
		return "(" + v.code + " | length)"
	}
	return ""
}

// keyword tells that a name cannot follow a dot in Nunjucks.
func keyword(name string) bool {
	return slices.Contains([]string{"true", "false", "none", "null", "in", "is", "and", "or", "not", "if", "else"}, name)
}

// member is a field of a struct under its name in JSON; ok is false when there is none.
func (v value) member(name string) (value, bool) {
	if !v.is(reflect.Struct) {
		return value{}, false
	}
	f, ok := v.typ.FieldByName(name)
	if !ok {
		return value{}, false
	}
	name = JSONName(f)
	if keyword(name) {
		return access(v.code+"["+literal(name)+"]", f.Type), true
	}
	return access(v.code+"."+name, f.Type), true
}

// JSONName is the name that a field has in JSON, and so in Nunjucks.
func JSONName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		return f.Name
	}
	return name
}
