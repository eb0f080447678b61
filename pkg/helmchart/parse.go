package helmchart

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	yamlnode "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// maxValueBytes bounds a value file: Kubernetes itself refuses objects above 1.5 MiB, so a larger one is a mistake.
const maxValueBytes = 4 << 20

// parseValues reads one value file. The values are those of Helm's own decoder (YAML 1.1, numbers as float64); the
// places come from a second parser. What Helm lets pass silently is refused: duplicate keys, further documents.
func parseValues(file string, data []byte) (*tree, error) {
	if e := checkBytes(file, data); e != nil {
		return nil, e
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	root, err := parseOne(file, data)
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	if root == nil {
		// Where nothing is written Helm may still see a string: a lone "!" is one.
		if err := yaml.Unmarshal(data, &values); err != nil {
			return nil, yamlError(file, err)
		}
		return &tree{pos: Pos{File: file}, keys: map[string]*tree{}}, nil
	}
	if root.Kind != yamlnode.MappingNode {
		return nil, &Error{Pos: Pos{file, root.Line, root.Column}, Message: "a value file must be a map of keys"}
	}
	if dups := duplicates(file, root); len(dups) > 0 {
		return nil, dups
	}
	if err := yaml.Unmarshal(data, &values); err != nil {
		return nil, yamlError(file, err)
	}
	return locate(file, root, values, Pos{File: file, Line: root.Line, Column: root.Column}), nil
}

// checkBytes refuses what a YAML parser reports badly or not at all.
func checkBytes(file string, data []byte) error {
	if len(data) > maxValueBytes {
		return &Error{Pos: Pos{File: file}, Message: fmt.Sprintf("%d bytes: a value file may have at most %d", len(data), maxValueBytes)}
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return &Error{Pos: Pos{File: file, Line: lineOf(data, i)}, Message: "NUL byte"}
	}
	if utf8.Valid(data) {
		return nil
	}
	i := 0
	for i < len(data) {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return &Error{Pos: Pos{File: file, Line: lineOf(data, i)}, Message: "not UTF-8", Hint: "save the file as UTF-8"}
}

func lineOf(data []byte, offset int) int { return bytes.Count(data[:offset], []byte("\n")) + 1 }

// parseOne parses a single document; nil when it holds nothing.
func parseOne(file string, data []byte) (*yamlnode.Node, error) {
	dec := yamlnode.NewDecoder(bytes.NewReader(data))
	var doc yamlnode.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, tabError(data, yamlError(file, err))
	}
	var next yamlnode.Node
	switch err := dec.Decode(&next); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, tabError(data, yamlError(file, err))
	case !isNothing(next.Content[0]):
		return nil, &Error{Pos: Pos{File: file, Line: next.Content[0].Line}, Message: "a second YAML document",
			Hint: "Helm 3 ignores it and Helm 4 merges it: keep one document per value file"}
	}
	if isNothing(doc.Content[0]) {
		return nil, nil
	}
	return doc.Content[0], nil
}

func isNothing(n *yamlnode.Node) bool { return n.Kind == yamlnode.ScalarNode && n.Tag == "!!null" }

// tabError moves the error to the first line that is indented with a tab: the parser names a line near it.
func tabError(data []byte, e *Error) *Error {
	if !strings.Contains(e.Message, "cannot start any token") && !strings.Contains(e.Message, "tab character") {
		return e
	}
	for i, line := range strings.Split(string(data), "\n") {
		if trimmed := strings.TrimLeft(line, " "); strings.HasPrefix(trimmed, "\t") && i+1 >= e.Line-1 {
			e.Line, e.Message = i+1, "indented with a tab"
			return e
		}
	}
	return e
}

// duplicates lists keys that occur twice in one map: Helm's decoder silently takes the last.
func duplicates(file string, n *yamlnode.Node) Errors {
	var out Errors
	if n.Kind == yamlnode.MappingNode {
		first := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			name := keyName(key)
			if line, twice := first[name]; twice {
				out = append(out, &Error{Pos: Pos{file, key.Line, key.Column},
					Message: fmt.Sprintf("duplicate key %q, first on line %d", name, line), Hint: "the last one would win silently: merge the two"})
				continue
			}
			first[name] = key.Line
		}
	}
	for _, c := range n.Content {
		out = append(out, duplicates(file, c)...)
	}
	return out
}

// keyName is the JSON name of a key: Helm's YAML 1.1 decoder turns the plain keys yes, 010 and 1.0 into others.
func keyName(key *yamlnode.Node) string {
	if key.Kind == yamlnode.AliasNode {
		key = key.Alias
	}
	if key.Kind != yamlnode.ScalarNode || key.Style != 0 || !mayResolve(key.Value) {
		return key.Value
	}
	m := map[string]any{}
	if err := yaml.Unmarshal([]byte(key.Value+": 0"), &m); err != nil {
		return key.Value
	}
	for name := range m {
		return name
	}
	return key.Value
}

func mayResolve(plain string) bool {
	if plain == "" {
		return false
	}
	if strings.ContainsRune("0123456789.+-~", rune(plain[0])) {
		return true
	}
	switch strings.ToLower(plain) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return true
	}
	return false
}
