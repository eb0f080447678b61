package spec

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scalar writes one value. Types are strict: a number is not a text, because `version: 1.30` would be 1.3.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string, f field) {
	tag := n.ShortTag()
	isText := tag == "!!str" || tag == "!!timestamp" || tag == "!!merge"
	switch {
	case n.Kind != yaml.ScalarNode:
		d.wrong(n, path, wanted(v.Kind()), "")
	case v.Kind() == reflect.String && isText:
		d.text(n, n.Value, path, f)
		v.SetString(n.Value)
	case v.Kind() == reflect.Bool && tag == "!!bool":
		v.SetBool(strings.EqualFold(n.Value, "true"))
	case v.Kind() == reflect.Int && tag == "!!int":
		d.integer(n, v, path, f)
	default:
		d.wrong(n, path, wanted(v.Kind()), remedy(n, v.Kind()))
	}
}

func (d *decoder) integer(n *yaml.Node, v reflect.Value, path string, f field) {
	i, err := strconv.Atoi(n.Value)
	if err != nil {
		d.problem(n, "", "%s must be a plain decimal number, not %s", path, n.Value)
		return
	}
	d.text(n, n.Value, path, f)
	v.SetInt(int64(i))
}

// text judges a value by its field's list of values and rule.
func (d *decoder) text(n *yaml.Node, value, path string, f field) {
	if len(f.enum) > 0 && !slices.Contains(f.enum, value) {
		d.problem(n, suggestion(value, f.enum), "%s: unknown value %q", path, value)
		return
	}
	r, ok := d.rules[f.rule]
	if !ok || d.pattern(r).MatchString(value) {
		return
	}
	hint := ""
	if r.example != "" {
		hint = "for example " + r.example
	}
	d.problem(n, hint, "%s must be %s, not %q", path, r.says, clip(value))
}

func (d *decoder) pattern(r rule) *regexp.Regexp {
	if d.patterns[r.pattern] == nil {
		d.patterns[r.pattern] = regexp.MustCompile(r.pattern)
	}
	return d.patterns[r.pattern]
}

// clip keeps a message readable when the value is not.
func clip(value string) string {
	if runes := []rune(value); len(runes) > 80 {
		return string(runes[:80]) + "…"
	}
	return value
}

func (d *decoder) wrong(n *yaml.Node, path, want, hint string) {
	if path == "" {
		path = "the file"
	}
	if n.ShortTag() == "!!null" {
		d.problem(n, "give it a value or remove the key", "%s has no value", path)
		return
	}
	d.problem(n, hint, "%s must be %s, not %s", path, want, kindOf(n))
}

func wanted(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a number"
	default:
		return "text"
	}
}

func kindOf(n *yaml.Node) string {
	if n.Kind == yaml.MappingNode {
		return "a mapping"
	}
	if n.Kind == yaml.SequenceNode {
		return "a list"
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "the number " + clip(n.Value)
	case "!!bool":
		return "the truth value " + n.Value
	case "!!str", "!!timestamp":
		return "the text " + strconv.Quote(clip(n.Value))
	default:
		return "a value tagged " + clip(n.Tag)
	}
}

func remedy(n *yaml.Node, want reflect.Kind) string {
	tag := n.ShortTag()
	switch {
	case want == reflect.String && (tag == "!!int" || tag == "!!float" || tag == "!!bool"):
		return "quote it: " + strconv.Quote(n.Value)
	case want == reflect.Int && tag == "!!str":
		return "write it without quotes"
	default:
		return ""
	}
}
