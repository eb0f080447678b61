package spec

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
	"go.yaml.in/yaml/v3"
)

// budget bounds the keys that one file may lead to once its aliases and merge keys are followed.
const budget = 50_000

// decoder writes YAML nodes into a Spec and keeps every problem and position.
type decoder struct {
	file      string
	spec      *Spec
	problems  Problems
	positions map[string]Position
	rules     map[string]rule
	patterns  map[string]*regexp.Regexp
	budget    int
}

func newDecoder(file string, s *Spec) *decoder {
	return &decoder{file: file, spec: s, positions: map[string]Position{}, rules: rules(), patterns: map[string]*regexp.Regexp{}, budget: budget}
}

func (d *decoder) root(n *yaml.Node) {
	if n != nil {
		d.value(n, reflect.ValueOf(d.spec).Elem(), "", field{})
	}
}

func (d *decoder) problem(n *yaml.Node, hint, format string, args ...any) {
	d.problems = append(d.problems, Problem{File: d.file, Line: n.Line, Column: n.Column, Message: fmt.Sprintf(format, args...), Hint: hint})
}

func (d *decoder) mark(path string, n *yaml.Node) {
	d.positions[path] = Position{File: d.file, Line: n.Line, Column: n.Column}
}

// value writes a node into v. The path is empty for the whole file.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string, f field) {
	n = target(n)
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() { // the image of an environment starts from the common one
			image := d.spec.Image
			v.Set(reflect.ValueOf(&image))
		}
		d.value(n, v.Elem(), path, f)
	case reflect.Struct:
		d.object(n, v, path)
	case reflect.Slice:
		d.list(n, v, path, f)
	case reflect.Map:
		d.table(n, v, path, f)
	default:
		d.scalar(n, v, path, f)
	}
}

// target follows aliases. A node cannot be an alias of itself: an anchor stands on content.
func target(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// object writes a mapping into a struct, in the struct's order: environments come after what they derive from.
func (d *decoder) object(n *yaml.Node, v reflect.Value, path string) {
	given, ok := d.keys(n, path)
	if !ok {
		return
	}
	fields := fieldsOf(v.Type())
	d.unknown(given, fields, path)
	start(d.spec, given, v)
	for _, f := range fields {
		p, ok := find(given, f.name)
		if !ok {
			continue
		}
		at := join(path, f.name)
		d.mark(at, p.key)
		d.value(p.value, v.Field(f.index), at, f)
	}
}

func (d *decoder) unknown(given []pair, fields []field, path string) {
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	for _, p := range given {
		if !slices.Contains(names, p.key.Value) {
			d.problem(p.key, suggestion(p.key.Value, names), "unknown key %q", join(path, p.key.Value))
		}
	}
}

// suggestion names the valid key that is nearest to a misspelt one, or all of them.
func suggestion(key string, names []string) string {
	best, distance := "", max(2, len(key)/3)+1
	for _, name := range names {
		if n := levenshtein.Distance(strings.ToLower(key), strings.ToLower(name), nil); n < distance {
			best, distance = name, n
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return "known here: " + strings.Join(names, ", ")
}

// list writes a sequence into a slice, which it replaces as a whole.
func (d *decoder) list(n *yaml.Node, v reflect.Value, path string, f field) {
	if n.Kind != yaml.SequenceNode {
		d.wrong(n, path, "a list", "write [] for an empty list")
		return
	}
	if len(n.Content) < f.min {
		d.problem(n, "", "%s must have at least %d %s", path, f.min, plural(f.min, "item"))
	}
	if f.max > 0 && len(n.Content) > f.max {
		d.problem(n, "split the installation", "%s has %d items, at most %d are possible", path, len(n.Content), f.max)
		return
	}
	v.SetZero()
	for i, item := range n.Content {
		at := path + "[" + strconv.Itoa(i) + "]"
		d.mark(at, item)
		element := reflect.New(v.Type().Elem()).Elem()
		d.value(item, element, at, f)
		if element.Kind() == reflect.Struct {
			d.missing(target(item), element, at)
		} else if contains(v, element) {
			d.problem(item, "", "%s repeats %q", at, element)
		}
		v.Set(reflect.Append(v, element))
	}
}

func contains(list, element reflect.Value) bool {
	for i := range list.Len() {
		if list.Index(i).Equal(element) {
			return true
		}
	}
	return false
}

// missing reports the keys that an item of a list must have and has not.
func (d *decoder) missing(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		return // reported as a wrong type
	}
	for _, f := range fieldsOf(v.Type()) {
		if _, given := d.positions[join(path, f.name)]; !given && required(v.Type(), f) {
			d.problem(n, "", "%s needs %s", path, f.name)
		}
	}
}

// table writes a mapping with free keys.
func (d *decoder) table(n *yaml.Node, v reflect.Value, path string, f field) {
	given, ok := d.keys(n, path)
	if !ok {
		return
	}
	v.SetZero()
	if len(given) == 0 {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, p := range given {
		at := join(path, p.key.Value)
		d.mark(at, p.key)
		d.text(p.key, p.key.Value, at, field{rule: f.key})
		value := reflect.New(v.Type().Elem()).Elem()
		d.value(p.value, value, at, f)
		v.SetMapIndex(reflect.ValueOf(p.key.Value), value)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
