package kubeschema

import (
	"bytes"
	"fmt"

	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// document is one part of a YAML stream.
type document struct {
	line int // of its first line in the stream, from 1
	text []byte
}

// Decode reads every object of a YAML stream as Validate wants it: whole numbers as int64 (the CEL rules tell them from
// floats) and no key twice in a mapping. Empty documents are skipped. Scalars are read as kubectl and Argo CD read them,
// by YAML 1.1: an unquoted y is true. An error says at which line the document starts.
func Decode(data []byte) ([]map[string]any, error) {
	var objects []map[string]any
	for _, doc := range splitDocuments(data) {
		text, err := yaml.YAMLToJSONStrict(doc.text)
		if err != nil {
			return nil, fmt.Errorf("read the document at line %d: %w", doc.line, err)
		}
		if bytes.Equal(text, []byte("null")) {
			continue
		}
		var object map[string]any
		if err := json.Unmarshal(text, &object); err != nil {
			return nil, fmt.Errorf("read the document at line %d: not a mapping: %w", doc.line, err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// splitDocuments cuts a YAML stream at the lines that start with "---", which a block scalar cannot contain unindented.
func splitDocuments(data []byte) []document {
	var documents []document
	start, startLine, line := 0, 1, 1
	for offset := 0; offset < len(data); line++ {
		end := len(data)
		if i := bytes.IndexByte(data[offset:], '\n'); i >= 0 {
			end = offset + i + 1
		}
		if isSeparator(data[offset:end]) {
			documents = append(documents, document{startLine, data[start:offset]})
			start, startLine = offset, line
		}
		offset = end
	}
	return append(documents, document{startLine, data[start:]})
}

func isSeparator(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && (len(rest) == 0 || bytes.ContainsAny(rest[:1], " \t\r\n"))
}
