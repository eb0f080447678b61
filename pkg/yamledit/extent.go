package yamledit

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The parser tells where a node starts, never where it ends. The functions
// here find both ends of a node's text. They may trust that the text parses;
// what they get wrong is caught by the comparison after the edit.

// start is the offset of a node, its anchor and tag included.
func (d *Document) start(n *yaml.Node) int { return d.lines.offset(n.Line, n.Column) }

// contentStart is the offset of a node behind its anchor and tag.
func (d *Document) contentStart(n *yaml.Node) int {
	i := d.start(n)
	if n.Kind == yaml.AliasNode {
		return i
	}
	for properties := 2; properties > 0 && i < len(d.src); properties-- {
		switch c := d.src[i]; {
		case c == '&' && n.Anchor != "":
		case c == '!' && (n.Style&yaml.TaggedStyle != 0 || n.Kind == yaml.ScalarNode):
		default:
			return i
		}
		end := i + endOfWord(d.src[i:])
		if i = d.skipTrivia(end); isEmpty(n) {
			return end
		}
	}
	return i
}

// endOfWord is the length of an anchor or tag.
func endOfWord(src []byte) int {
	if bytes.HasPrefix(src, []byte("!<")) {
		if i := bytes.IndexByte(src, '>'); i > 0 {
			return i + 1
		}
	}
	if i := bytes.IndexAny(src, " \t\r\n,[]{}\u0085\u2028\u2029"); i >= 0 {
		return i
	}
	return len(src)
}

// skipTrivia is the first offset from i on that is not white space, a line
// break or a comment.
func (d *Document) skipTrivia(i int) int {
	for i < len(d.src) {
		if c := d.src[i]; c == ' ' || c == '\t' {
			i++
		} else if n := breakAt(d.src, i); n > 0 {
			i += n
		} else if c == '#' && d.commentAt(i) {
			i = d.lines.nextLine(i)
		} else {
			return i
		}
	}
	return i
}

// commentAt reports whether the '#' at i starts a comment: it does at the
// start of a line and behind white space.
func (d *Document) commentAt(i int) bool {
	return i == d.lines.lineStart(i) || d.src[i-1] == ' ' || d.src[i-1] == '\t'
}

// isEmpty reports whether a node has no text of its own.
func isEmpty(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style&quotedStyles == 0
}

const quotedStyles = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// end is the offset behind the last byte of a node.
func (d *Document) end(n *yaml.Node) int {
	switch {
	case n.Kind == yaml.AliasNode:
		return d.start(n) + 1 + len(n.Value)
	case n.Kind == yaml.ScalarNode:
		return d.scalarEnd(n)
	case n.Style&yaml.FlowStyle != 0:
		return d.flowEnd(n)
	}
	return d.lastEnd(n)
}

// lastEnd is the end of the last child of a collection.
func (d *Document) lastEnd(n *yaml.Node) int {
	if len(n.Content) == 0 {
		return d.contentStart(n)
	}
	last := n.Content[len(n.Content)-1]
	if n.Kind == yaml.MappingNode && isEmpty(last) && last.Anchor == "" && last.Style&yaml.TaggedStyle == 0 {
		return d.emptyValue(n.Content[len(n.Content)-2])
	}
	return d.end(last)
}

// emptyValue is the offset behind the colon of a key without a value, or
// behind the key where it has no colon. The parser places such a value
// sometimes at the next token, which may be far away.
func (d *Document) emptyValue(key *yaml.Node) int {
	end := d.end(key)
	if i := d.skipTrivia(end); i < len(d.src) && d.src[i] == ':' {
		return i + 1
	}
	return end
}

// flowEnd is the offset behind the closing bracket. A pair inside a flow list,
// as in [a: b], is a mapping without brackets.
func (d *Document) flowEnd(n *yaml.Node) int {
	open := d.contentStart(n)
	if open >= len(d.src) || d.src[open] != '[' && d.src[open] != '{' {
		return d.lastEnd(n)
	}
	i := open + 1
	if len(n.Content) > 0 {
		i = d.lastEnd(n)
	}
	for i = d.skipTrivia(i); i < len(d.src) && d.src[i] != ']' && d.src[i] != '}'; i = d.skipTrivia(i + 1) {
		continue
	}
	return min(i+1, len(d.src))
}

func (d *Document) scalarEnd(n *yaml.Node) int {
	i := d.contentStart(n)
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return quotedEnd(d.src, i, '\\')
	case n.Style&yaml.SingleQuotedStyle != 0:
		return quotedEnd(d.src, i, '\'')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return d.blockScalarEnd(i)
	}
	return plainEnd(d.src, i, n.Value)
}

// quotedEnd is the offset behind the closing quote. The escape is a backslash
// or, inside single quotes, a second quote.
func quotedEnd(src []byte, i int, escape byte) int {
	if i >= len(src) {
		return len(src)
	}
	quote := src[i]
	for i++; i < len(src); i++ {
		switch {
		case src[i] == escape && (escape != quote || i+1 < len(src) && src[i+1] == quote):
			i++
		case src[i] == quote:
			return i + 1
		}
	}
	return len(src)
}

// plainEnd follows a plain scalar's value through the text. Folding changes
// white space only, so the other characters must agree one by one.
func plainEnd(src []byte, i int, value string) int {
	end := i
	for _, want := range value {
		if unicode.IsSpace(want) {
			continue
		}
		for i < len(src) {
			got, n := utf8.DecodeRune(src[i:])
			i += n
			if got == want {
				end = i
				break
			}
		}
	}
	return end
}
