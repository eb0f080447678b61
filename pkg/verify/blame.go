package verify

import (
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/lazy"
)

var (
	appConfigKey   = lazy.Regexp(`^app-config.*\.ya?ml$`)
	valueReference = lazy.Regexp(`(?:\.Values|\$values)((?:\.[A-Za-z_][A-Za-z0-9_]*)+)`)
	dynamicKey     = lazy.Regexp(`^\{\{[^}]*\}\}:`)
	includeCall    = lazy.Regexp(`include\s+"([^"]+)"`)
)

// blame is the place to mend for a field of a rendered object: the leaf of the values that the template's line refers to,
// or else the template's line. The path is keys as the template (or a partial of its chart) writes them; a list item is
// named by the value of one of its fields, for example "env", "KEYCLOAK_ISSUER", "value". Keys inside a block of text
// (app-config) count like others.
func (e *Env) blame(c *Component, m *helmchart.Manifest, path ...string) helmchart.Pos {
	at, lines, rest := e.written(c, m, path)
	if lines == nil {
		return at
	}
	if p, ok := e.leaf(c, around(lines, at.Line, len(rest) == 0), rest); ok {
		return p
	}
	return at
}

// written is the line of the template or partial that writes the field at path, the lines of that file, and the end of
// the path that it does not write itself.
func (e *Env) written(c *Component, m *helmchart.Manifest, path []string) (at helmchart.Pos, lines, rest []string) {
	found := 0
	for _, file := range e.templates(c, m) {
		text, err := e.tree.read(file)
		if err != nil {
			continue
		}
		all := strings.Split(string(text), "\n")
		for start := range path { // a partial does not repeat the keys around the place that includes it
			if line, n := keyLine(all, path[start:]); n > found {
				at, lines, found, rest = helmchart.Pos{File: file, Line: line}, all, n, path[start+n:]
			}
		}
	}
	if found == 0 {
		return helmchart.Pos{File: m.Template}, nil, path
	}
	return at, lines, rest
}

// templates are the files that may have written an object: its template, then the chart's partials.
func (e *Env) templates(c *Component, m *helmchart.Manifest) []string {
	files := []string{m.Template}
	if c.Chart == nil {
		return files
	}
	for _, f := range c.Chart.Templates() {
		if strings.HasSuffix(f, ".tpl") {
			files = append(files, f)
		}
	}
	return files
}

// cause is the place of a rendered text: the leaf of the values if the text is or contains what the leaf says, or else
// what blame finds.
func (e *Env) cause(c *Component, m *helmchart.Manifest, actual string, leaf []string, path ...string) helmchart.Pos {
	if c.Values != nil {
		if v, pos, ok := c.Values.Lookup(leaf...); ok && pos.File != "" {
			if s := dig.Text(v); s == actual || s != "" && strings.Contains(actual, s) {
				return pos
			}
		}
	}
	return e.blame(c, m, path...)
}

// keyLine is the line (from 1) at which the keys of path stand one inside the other, and how many of them were found.
func keyLine(lines, path []string) (line, found int) {
	start, indent := 0, -1
	for _, key := range path {
		at := -1
		for i := start; i < len(lines); i++ {
			trimmed := strings.TrimSpace(lines[i])
			if trimmed == "" || strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, "{{") && !dynamicKey().MatchString(trimmed) {
				continue
			}
			depth := len(lines[i]) - len(strings.TrimLeft(lines[i], " "))
			if i >= line && outside(lines, line, depth, indent, trimmed) {
				break
			}
			if says(trimmed, key) || found > 0 && i >= line && dynamicKey().MatchString(trimmed) {
				at, indent = i, depth
				break
			}
		}
		if at < 0 {
			return line, found
		}
		line, start, found = at+1, at, found+1
	}
	return line, found
}

// outside tells whether a line ends the block of the key at parent: it is no deeper, unless it is an item of the key's
// list, which may stand as deep as the key.
func outside(lines []string, parent, depth, indent int, trimmed string) bool {
	if depth == indent && strings.HasPrefix(trimmed, "- ") {
		return parent > 0 && strings.HasPrefix(strings.TrimSpace(lines[parent-1]), "- ")
	}
	return depth <= indent
}

// says tells whether a line is a mapping's key or a list's item of this name.
func says(line, key string) bool {
	line = strings.TrimLeft(strings.TrimPrefix(line, "- "), `"' {`)
	if rest, ok := strings.CutPrefix(line, key); ok && strings.HasPrefix(strings.TrimLeft(rest, `"'`), ":") {
		return true
	}
	for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return strings.ContainsRune(` ,"'{}[]`, r) }) {
		if word == key || word == key+":" {
			return true
		}
	}
	return false
}

// around is the text that may name the value of a line: the line, and the next one when the field itself is not written
// there but comes out of it.
func around(lines []string, line int, exact bool) string {
	text := lines[line-1]
	if !strings.Contains(text, "{{") && line < len(lines) && (!exact || strings.HasPrefix(strings.TrimSpace(lines[line]), "{{")) {
		text += "\n" + lines[line]
	}
	return text
}

// leaf is the place in the value files that a template's text takes its value from, directly or through a partial.
func (e *Env) leaf(c *Component, text string, rest []string) (helmchart.Pos, bool) {
	if c.Values == nil {
		return helmchart.Pos{}, false
	}
	for _, call := range includeCall().FindAllStringSubmatch(text, -1) {
		text += "\n" + e.partial(c, call[1])
	}
	for _, ref := range valueReference().FindAllStringSubmatch(text, -1) {
		path := append(strings.Split(ref[1], ".")[1:], rest...)
		if _, p, ok := c.Values.Lookup(path...); ok && p.File != "" {
			return p, true
		}
	}
	return helmchart.Pos{}, false
}

// partial is the body of a named template of the component's chart, empty when there is none.
func (e *Env) partial(c *Component, name string) string {
	for _, file := range c.Chart.Templates() {
		text, err := e.tree.read(file)
		if err != nil || !strings.HasSuffix(file, ".tpl") {
			continue
		}
		_, body, ok := strings.Cut(string(text), `define "`+name+`"`)
		if !ok {
			continue
		}
		body, _, _ = strings.Cut(body, "{{- define")
		return body
	}
	return ""
}

// read is a file of the tree.
func (t *Tree) read(path string) ([]byte, error) { return fs.ReadFile(t.FS, path) }

// fieldLine is the line at which a field of a YAML file stands, or its nearest parent that does. The field is written as
// the API server does: spec.steps[0].key. Of several documents it is the one that holds the line from.
func (t *Tree) fieldLine(file string, from int, field string) int {
	src, err := t.read(file)
	if err != nil {
		return from
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(src)))
	var node *yaml.Node
	for {
		var doc yaml.Node
		if decoder.Decode(&doc) != nil || node != nil && doc.Line > from || len(doc.Content) == 0 {
			break
		}
		node = doc.Content[0]
	}
	for key := range strings.FieldsFuncSeq(field, func(r rune) bool { return strings.ContainsRune(".[]", r) }) {
		key, value := child(node, key)
		if value == nil {
			break
		}
		node, from = value, key.Line
	}
	return from
}

// child is the key and value below a node: of a mapping by name, of a list by index.
func child(n *yaml.Node, name string) (key, value *yaml.Node) {
	if n == nil {
		return nil, nil
	}
	if index, err := strconv.Atoi(name); err == nil && n.Kind == yaml.SequenceNode && index < len(n.Content) {
		return n.Content[index], n.Content[index]
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

// lineOf is the first line (from 1) of a file that contains a text; 0 when none does.
func (t *Tree) lineOf(path, part string) int {
	text, err := t.read(path)
	if err != nil {
		return 0
	}
	before, _, ok := strings.Cut(string(text), part)
	if !ok {
		return 0
	}
	return strings.Count(before, "\n") + 1
}

// parseYAML is a text's first document as maps, lists and scalars.
func parseYAML(name, text string) (any, error) {
	var root any
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return nil, &helmchart.Error{Pos: helmchart.Pos{File: name}, Message: err.Error()}
	}
	return root, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
