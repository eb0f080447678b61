package yamledit

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// sameScalar reports whether two scalars mean the same: the same text, or
// numbers, booleans and nulls of one type that are spelled differently.
func sameScalar(a, b *yaml.Node) bool {
	if a.Kind != yaml.ScalarNode || b.Kind != yaml.ScalarNode || a.ShortTag() != b.ShortTag() {
		return false
	}
	switch a.ShortTag() {
	case "!!null":
		return true
	case "!!int", "!!float", "!!bool":
		var x, y any
		if a.Decode(&x) == nil && b.Decode(&y) == nil {
			return x == y
		}
	}
	return a.Value == b.Value
}

// reads reports whether text, written as a scalar, is read as n.
func reads(text string, n *yaml.Node, flow bool) bool {
	if word(text) {
		read := yaml.Node{Kind: yaml.ScalarNode, Value: text}
		return read.ShortTag() == n.ShortTag() && text == n.Value
	}
	if flow {
		text = "[" + text + "]"
	} else {
		text = "k: " + text
	}
	var doc yaml.Node
	if yaml.Unmarshal([]byte(text), &doc) != nil || len(doc.Content) != 1 {
		return false
	}
	c := doc.Content[0].Content
	if len(c) == 0 {
		return false
	}
	got := c[len(c)-1]
	return len(c) <= 2 && got.Kind == yaml.ScalarNode && got.ShortTag() == n.ShortTag() && got.Value == n.Value &&
		got.HeadComment+got.LineComment+got.FootComment == ""
}

// word tells that a text has no sign that means something to YAML, wherever it stands: it is read as it is written, and need
// not be parsed to find out. Most scalars are words.
func word(text string) bool {
	for i, r := range text {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("_./-", r)) {
			return false
		}
	}
	return text != ""
}

func singleQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// doubleQuoted escapes as JSON does, which YAML reads, too.
func doubleQuoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f || r == 0x85 || r == 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			b.WriteString(`\u` + strconv.FormatInt(0x10000+int64(r), 16)[1:])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// scalarText writes a scalar on one line. The first of the preferred quoting,
// the fragment's own text, plain, and double quotes that reads back as the
// same value is taken.
func scalarText(n *yaml.Node, quoting yaml.Style, source string, flow bool) string {
	var candidates []string
	switch {
	case quoting&yaml.DoubleQuotedStyle != 0:
		candidates = append(candidates, doubleQuoted(n.Value))
	case quoting&yaml.SingleQuotedStyle != 0:
		candidates = append(candidates, singleQuoted(n.Value))
	case quoting&(yaml.LiteralStyle|yaml.FoldedStyle) == 0:
		candidates = append(candidates, n.Value)
	}
	for _, text := range append(candidates, source, n.Value) {
		if text != "" && !strings.ContainsAny(text, "\n\r\u0085\u2028\u2029") && reads(text, n, flow) {
			return text
		}
	}
	return doubleQuoted(n.Value)
}
