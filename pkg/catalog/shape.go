package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// shape is what a value must look like: the part of JSON Schema that Backstage's kinds use.
type shape struct {
	types    []valueType
	empty    bool              // an empty text is fine
	enum     []string          // of a text
	fields   map[string]*shape // of a mapping; other fields are free unless extra or closed says so
	required []string
	extra    *shape // of fields that are not listed
	closed   bool   // no other fields
	items    *shape // of a list
}

func text() *shape             { return &shape{types: []valueType{typeString}} }
func anyText() *shape          { return &shape{types: []valueType{typeString}, empty: true} }
func list(items *shape) *shape { return &shape{types: []valueType{typeArray}, items: items} }
func mapping(fields map[string]*shape) *shape {
	return &shape{types: []valueType{typeObject}, fields: fields}
}
func (s *shape) requires(keys ...string) *shape { s.required = keys; return s }

// texts is a mapping of non-empty texts.
func texts(keys ...string) *shape {
	fields := map[string]*shape{}
	for _, key := range keys {
		fields[key] = text()
	}
	return mapping(fields)
}

func (s *shape) with(key string, value *shape) *shape { s.fields[key] = value; return s }

// checker collects the problems of one entity.
type checker struct {
	entity   Entity
	problems []Problem
	raw      bool // below a mapping with a key that begins with $, where Backstage replaces no placeholder
}

func (c *checker) add(n *yaml.Node, field, hint, format string, args ...any) {
	c.problems = append(c.problems, Problem{
		File: c.entity.File, Line: n.Line, Column: n.Column, Entity: c.entity.Ref(),
		Field: field, Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// check judges a value by its shape. A placeholder's own content is unknown.
func (c *checker) check(n *yaml.Node, s *shape, field string) {
	n = target(n)
	t := typeOf(n)
	if c.raw && n.Kind == yaml.MappingNode {
		t = typeObject
	}
	if t == typeAny || s.types == nil {
		return
	}
	if !slices.Contains(s.types, t) {
		c.add(n, field, quote(n, s, t), "must be %s, not %s", names(s.types), t)
		return
	}
	switch {
	case n.Kind == yaml.ScalarNode && t == typeString:
		c.checkText(n, s, field)
	case t == typeArray && s.items != nil:
		for i, item := range n.Content {
			c.check(item, s.items, field+"["+strconv.Itoa(i)+"]")
		}
	case t == typeObject:
		c.checkFields(n, s, field)
	}
}

func (c *checker) checkText(n *yaml.Node, s *shape, field string) {
	if n.Value == "" && !s.empty {
		c.add(n, field, "", "must not be empty")
	}
	if s.enum != nil && !slices.Contains(s.enum, n.Value) {
		c.add(n, field, "", "must be one of %s, not %q", strings.Join(s.enum, ", "), n.Value)
	}
}

func (c *checker) checkFields(n *yaml.Node, s *shape, field string) {
	defer func(raw bool) { c.raw = raw }(c.raw)
	c.raw = c.raw || hasDollar(n)
	for _, key := range s.required {
		if child(n, key) == nil {
			c.add(n, join(field, key), "", "is missing")
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := target(n.Content[i]).Value, n.Content[i+1]
		known, ok := s.fields[key]
		switch {
		case ok:
			c.check(value, known, join(field, key))
		case s.closed:
			c.add(n.Content[i], join(field, key), "", "unknown field")
		case s.extra != nil:
			c.check(value, s.extra, join(field, key))
		}
	}
}

// placeholders judges what Backstage reads from elsewhere below n, in fields that no kind knows too.
func (c *checker) placeholders(n *yaml.Node, field string) {
	n = target(n)
	if _, value, ok := placeholder(n); ok && (value.Kind != yaml.ScalarNode || typeOf(value) != typeString) {
		c.add(value, field, "", "a placeholder takes a URL or a relative path as text")
	}
	if n.Kind == yaml.MappingNode && !hasDollar(n) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			c.placeholders(n.Content[i+1], join(field, target(n.Content[i]).Value))
		}
	}
	for i, item := range items(n) {
		c.placeholders(item, index(field, i))
	}
}

func hasDollar(n *yaml.Node) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if strings.HasPrefix(target(n.Content[i]).Value, "$") {
			return true
		}
	}
	return false
}

func quote(n *yaml.Node, s *shape, t valueType) string {
	if (t == typeNumber || t == typeBool) && slices.Contains(s.types, typeString) {
		return "quote it: " + strconv.Quote(n.Value)
	}
	return ""
}

func names(types []valueType) string {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = t.String()
	}
	return strings.Join(words, " or ")
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
