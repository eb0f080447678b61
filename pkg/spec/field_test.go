package spec

import (
	"reflect"
	"regexp"
	"testing"
)

// TestEveryTagIsUnderstood keeps a misspelt rule from meaning that anything goes.
func TestEveryTagIsUnderstood(t *testing.T) {
	all := rules()
	var walk func(path string, typ reflect.Type)
	walk = func(path string, typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice:
			walk(path, typ.Elem())
		case reflect.Struct:
			for _, f := range fieldsOf(typ) {
				at := join(path, f.name)
				if f.name == "" || f.doc == "" {
					t.Errorf("%s has no name or no doc", at)
				}
				for _, name := range []string{f.rule, f.key} {
					if _, known := all[name]; name != "" && !known {
						t.Errorf("%s: unknown rule %q", at, name)
					}
				}
				walk(at, typ.Field(f.index).Type)
			}
		}
	}
	walk("", reflect.TypeFor[Spec]())
}

func TestEveryRuleAcceptsItsExample(t *testing.T) {
	for name, r := range rules() {
		if r.example != "" && !regexp.MustCompile(r.pattern).MatchString(r.example) {
			t.Errorf("%s: %q does not match %s", name, r.example, r.pattern)
		}
		if r.says == "" {
			t.Errorf("%s says nothing", name)
		}
	}
}
