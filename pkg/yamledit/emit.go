package yamledit

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// emitter renders nodes of a fragment in the style of a file. Scalars keep the
// text that they have in the fragment, comments go along in block style.
type emitter struct {
	fragment *Document
	style    style
}

const unquoted = yaml.LiteralStyle // as a preference: no quoting is preferred

// source is the fragment's own text of a scalar, empty for a made-up node.
func (e emitter) source(n *yaml.Node) string {
	if n.Line == 0 || n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return ""
	}
	return string(e.fragment.src[e.fragment.start(n):e.fragment.end(n)])
}

// flow renders a node on one line, the way it stands inside brackets.
func (e emitter) flow(n *yaml.Node) string {
	var parts []string
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			parts = append(parts, e.flowPair(n.Content[i], n.Content[i+1]))
		}
		if len(parts) == 0 {
			return "{}"
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case yaml.SequenceNode:
		for _, c := range n.Content {
			parts = append(parts, e.flow(c))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return e.flowScalar(n)
}

func (e emitter) flowScalar(n *yaml.Node) string {
	if isEmpty(n) && isNull(n) {
		return "null"
	}
	return scalarText(n, unquoted, e.source(n), true)
}

func (e emitter) flowPair(key, value *yaml.Node) string {
	return e.flowScalar(key) + ": " + e.flow(value)
}

// inline is the text of a node that stands behind its key or dash on the same
// line, or false for a block collection or a block scalar.
func (e emitter) inline(n *yaml.Node) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		return e.flow(n), n.Style&yaml.FlowStyle != 0 || len(n.Content) == 0
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 && literalFits(n.Value):
		return "", false
	case isEmpty(n) && isNull(n):
		return "", true
	}
	return scalarText(n, unquoted, e.source(n), false), true
}

// literalFits reports whether a literal block scalar without an indentation
// indicator can carry the value.
func literalFits(value string) bool {
	text := strings.TrimRight(value, "\n")
	first := strings.TrimLeft(text, "\n")
	return text != "" && !strings.HasPrefix(first, " ") && !strings.HasPrefix(first, "\t") &&
		!strings.ContainsAny(value, "\r\u0085\u2028\u2029\ufeff") && !strings.HasPrefix(text, "\n") && strings.TrimSpace(lastLine(text)) != ""
}

func lastLine(s string) string { return s[strings.LastIndexByte(s, '\n')+1:] }

// block renders the lines of a block collection at a column from zero.
func (e emitter) block(n *yaml.Node, indent int) []string {
	var out []string
	if n.Kind == yaml.SequenceNode {
		for _, c := range n.Content {
			out = append(out, e.item(c, indent, 2)...)
		}
		return out
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		out = append(out, e.pair(n.Content[i], n.Content[i+1], indent)...)
	}
	return out
}

// pair renders a key and its value, with the key at a column from zero.
func (e emitter) pair(key, value *yaml.Node, indent int) []string {
	pad := strings.Repeat(" ", indent)
	head := pad + scalarText(key, unquoted, e.source(key), false) + ":"
	out := comments(pad, key.HeadComment)
	if text, ok := e.inline(value); ok {
		if text != "" {
			head += " " + text
		}
		return append(append(out, head+lineComment(key, value)), comments(pad, key.FootComment)...)
	}
	if value.Kind == yaml.ScalarNode {
		return append(out, e.literal(head+" ", value, indent+e.style.step)...)
	}
	inner := indent + e.style.step
	if value.Kind == yaml.SequenceNode {
		inner = indent + e.style.list
	}
	out = append(append(out, head+lineComment(key)), comments(strings.Repeat(" ", inner), value.HeadComment)...)
	out = append(out, e.block(value, inner)...)
	return append(out, comments(pad, key.FootComment)...)
}

// item renders an item of a list with the dash at a column from zero and the
// item gap columns further.
func (e emitter) item(n *yaml.Node, indent, gap int) []string {
	pad := strings.Repeat(" ", indent)
	dash := pad + "-" + strings.Repeat(" ", gap-1)
	out := comments(pad, n.HeadComment)
	if text, ok := e.inline(n); ok {
		return append(out, strings.TrimRight(dash+text+lineComment(n), " "))
	}
	if n.Kind == yaml.ScalarNode {
		return append(out, e.literal(dash, n, indent+gap)...)
	}
	first := *n.Content[0]
	if n.Kind == yaml.MappingNode {
		out = append(out, comments(pad, first.HeadComment)...)
		first.HeadComment = ""
	}
	bare := *n
	bare.Content = append([]*yaml.Node{&first}, n.Content[1:]...)
	lines := e.block(&bare, indent+gap)
	lines[0] = dash + lines[0][indent+gap:]
	return append(out, lines...)
}

// literal renders a block scalar behind head, its text at a column from zero.
func (e emitter) literal(head string, n *yaml.Node, indent int) []string {
	text := strings.TrimRight(n.Value, "\n")
	chomp := map[int]string{0: "-", 1: ""}
	mark, ok := chomp[len(n.Value)-len(text)]
	if !ok {
		mark = "+"
		text = strings.TrimSuffix(n.Value, "\n")
	}
	out := []string{head + "|" + mark}
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" {
			line = strings.Repeat(" ", indent) + line
		}
		out = append(out, line)
	}
	return out
}

func comments(pad, text string) []string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" {
			out = append(out, pad+line)
		}
	}
	return out
}

func lineComment(nodes ...*yaml.Node) string {
	for _, n := range nodes {
		if n.LineComment != "" {
			return "  " + n.LineComment
		}
	}
	return ""
}
