package helmchart

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	yamlnode "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// Manifest is one rendered object. Treat it as read-only: rules share it.
type Manifest struct {
	Template string         // path of the template in the checkout
	Document int            // from 0, among the template's non-empty documents
	Line     int            // line of the template's output where the document starts, from 1
	Object   map[string]any // whole numbers are int64
	YAML     []byte         // the document as rendered, without its --- line

	node func() *yamlnode.Node
}

// APIVersion is the object's apiVersion.
func (m *Manifest) APIVersion() string { return m.text("apiVersion") }

// Kind is the object's kind.
func (m *Manifest) Kind() string { return m.text("kind") }

// Name is the object's metadata.name; empty when it only has generateName.
func (m *Manifest) Name() string { return m.text("metadata", "name") }

// Namespace is the object's metadata.namespace; empty means the release's.
func (m *Manifest) Namespace() string { return m.text("metadata", "namespace") }

// ID names the object in a report: Kind/name.
func (m *Manifest) ID() string { return m.Kind() + "/" + m.Name() }

func (m *Manifest) text(path ...string) string {
	var v any = m.Object
	for _, step := range path {
		next, _ := v.(map[string]any)
		v = next[step]
	}
	s, _ := v.(string)
	return s
}

// Position is the line of the template's output where the field at path (keys, decimal list indexes) stands, or where
// its nearest parent that exists does; found tells which.
func (m *Manifest) Position(path ...string) (line int, found bool) {
	n := m.node()
	if n == nil {
		return m.Line, false
	}
	line = n.Line
	for _, step := range path {
		key, value := stepInto(n, step)
		if value == nil {
			return m.Line + line - 1, false
		}
		n, line = value, key.Line
	}
	return m.Line + line - 1, true
}

func stepInto(n *yamlnode.Node, step string) (key, value *yamlnode.Node) {
	if n.Kind == yamlnode.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yamlnode.MappingNode:
		e := entriesOf(n, nil)[step]
		return e.key, e.value
	case yamlnode.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i], n.Content[i]
		}
	}
	return nil, nil
}

// Duplicates are keys that the document has twice in one map, at lines of the template's output. The API server takes
// the last one and says nothing.
func (m *Manifest) Duplicates() Errors {
	n := m.node()
	if n == nil {
		return nil
	}
	out := duplicates(m.Template, n)
	for _, e := range out {
		e.Message = fmt.Sprintf("rendered line %d: %s", m.Line+e.Line-1, e.Message)
		e.Pos = Pos{File: m.Template}
	}
	return out
}

// splitManifests reads a template's output. It returns what could be read and every document's problem.
func splitManifests(template, output string) ([]*Manifest, error) {
	var out []*Manifest
	var problems Errors
	for _, d := range splitDocuments(output) {
		object, err := decodeObject(d)
		switch {
		case err != nil:
			err.File = template
			problems = append(problems, err)
		case object != nil:
			m := &Manifest{Template: template, Document: len(out), Line: d.line, Object: object, YAML: []byte(d.text)}
			m.node = sync.OnceValue(m.parse)
			out = append(out, m)
		}
	}
	if len(problems) > 0 {
		return out, problems
	}
	return out, nil
}

func (m *Manifest) parse() *yamlnode.Node {
	var doc yamlnode.Node
	if err := yamlnode.Unmarshal(m.YAML, &doc); err != nil || len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// document is a piece of a template's output; line is its first line, from 1.
type document struct {
	text string
	line int
}

// splitDocuments cuts at the lines that start with ---, as YAML does; what follows on such a line belongs to the next
// document.
func splitDocuments(output string) []document {
	var docs []document
	var b strings.Builder
	start := 1
	for i, line := range strings.SplitAfter(output, "\n") {
		rest, marker := strings.CutPrefix(line, "---")
		if !marker || strings.Trim(rest[:min(1, len(rest))], " \t\r\n") != "" {
			b.WriteString(line)
			continue
		}
		docs = append(docs, document{b.String(), start})
		b.Reset()
		start = i + 2
		if rest = strings.TrimSpace(rest); rest != "" {
			b.WriteString(rest + "\n")
			start = i + 1
		}
	}
	return append(docs, document{b.String(), start})
}

// decodeObject is nil without error for a document that holds only blanks and comments. The error has no file yet.
func decodeObject(d document) (map[string]any, *Error) {
	if strings.TrimSpace(d.text) == "" {
		return nil, nil
	}
	data, err := yaml.YAMLToJSON([]byte(d.text))
	if err != nil {
		e := yamlError("", err)
		if e.Line > 0 {
			e.Message = fmt.Sprintf("rendered line %d is not YAML: %s%s", d.line+e.Line-1, e.Message, excerpt(d.text, e.Line))
		}
		e.Line = 0
		return nil, e
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return nil, &Error{Message: fmt.Sprintf("rendered line %d: %v", d.line, err)}
	}
	object, isMap := value.(map[string]any)
	if value == nil {
		return nil, nil
	}
	if !isMap {
		return nil, &Error{Message: fmt.Sprintf("rendered line %d: not an object but %T", d.line, value)}
	}
	for _, key := range []string{"apiVersion", "kind"} {
		if s, _ := object[key].(string); s == "" {
			return nil, &Error{Message: fmt.Sprintf("rendered line %d: an object without %s", d.line, key)}
		}
	}
	return object, nil
}

// excerpt shows the rendered line that does not parse.
func excerpt(text string, line int) string {
	lines := strings.Split(text, "\n")
	if line > len(lines) || strings.TrimSpace(lines[line-1]) == "" {
		return ""
	}
	shown := []rune(strings.TrimSpace(lines[line-1]))
	if len(shown) > 80 {
		shown = append(shown[:79], '…')
	}
	return ": " + string(shown)
}
