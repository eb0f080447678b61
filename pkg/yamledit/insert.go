package yamledit

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// addItem is the edit that appends an item to the list at p.
func (d *Document) addItem(p *place, item *yaml.Node, em emitter) *edit {
	n := p.node
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	e := &edit{old: n, new: with(n, list, item), path: p.path}
	switch {
	case n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0:
		dash := d.contentStart(n)
		_, column := d.lines.position(dash)
		lines := em.item(item, column-1, d.gap(n, dash))
		e.splices = d.linesAfter(d.end(n), column-1, lines)
	case len(n.Content) > 0 || p.inFlow() || d.commentInside(n):
		e.splices = d.intoFlow(n, em.flow(item))
	default:
		list.Content = []*yaml.Node{item}
		e.splices = d.fill(p, list, em)
	}
	return e
}

// addPair is the edit that appends a key to the mapping at p.
func (d *Document) addPair(p *place, key, value *yaml.Node, em emitter) *edit {
	n := p.node
	mapping := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	e := &edit{old: n, new: with(n, mapping, key, value), path: p.path}
	switch {
	case n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0:
		_, column := d.lines.position(d.contentStart(n))
		e.splices = d.linesAfter(d.end(n), column-1, em.pair(key, value, column-1))
	case len(n.Content) > 0 || p.inFlow() || d.commentInside(n):
		e.splices = d.intoFlow(n, em.flowPair(key, value))
	default:
		mapping.Content = []*yaml.Node{key, value}
		e.splices = d.fill(p, mapping, em)
	}
	return e
}

// gap is how many columns behind the dash the items of a list start.
func (d *Document) gap(n *yaml.Node, dash int) int {
	first := n.Content[0]
	if gap := d.start(first) - dash; first.Line == d.lines.index(dash)+1 && !isEmpty(first) && gap >= 2 && gap <= 8 {
		return gap
	}
	return 2
}

// commentInside reports whether an empty collection has a comment in it, which
// would be lost if the brackets went.
func (d *Document) commentInside(n *yaml.Node) bool {
	return n.Kind != yaml.ScalarNode && bytes.ContainsRune(d.src[d.contentStart(n):d.end(n)], '#')
}

// linesAfter inserts lines below the line on which offset lies, and below the
// comments that follow it directly and stand deeper than indent: those belong
// to what was there before.
func (d *Document) linesAfter(offset, indent int, lines []string) []splice {
	at := d.lines.nextLine(offset)
	for at < len(d.src) && d.lines.nextLine(at) > at {
		text := d.lineText(at)
		spaces := len(text) - len(bytes.TrimLeft(text, " "))
		if spaces == len(text) || text[spaces] != '#' || spaces <= indent {
			break
		}
		at = d.lines.nextLine(at)
	}
	return []splice{d.insertLines(at, lines)}
}

// insertLines inserts whole lines at the start of a line or at the end of the
// file, where a missing final line break stays missing.
func (d *Document) insertLines(at int, lines []string) splice {
	eol := d.lines.eol(max(at-1, 0))
	text := strings.Join(lines, eol)
	if at == len(d.src) && at != d.lines.lineStart(at) {
		return splice{at, at, eol + text}
	}
	return splice{at, at, text + eol}
}

// fill puts a block collection in the place of a null or empty collection.
func (d *Document) fill(p *place, content *yaml.Node, em emitter) []splice {
	if p.key == nil {
		return d.fillRoot(p.node, em.block(content, 0))
	}
	keyStart := d.start(p.key)
	_, column := d.lines.position(keyStart)
	indent := column - 1
	if p.parent != nil && p.parent.node.Kind == yaml.MappingNode {
		_, column = d.lines.position(d.contentStart(p.parent.node))
		indent = column - 1
	}
	inner := indent + em.style.step
	if content.Kind == yaml.SequenceNode {
		inner = indent + em.style.list
	}
	lines := em.block(content, inner)
	from, to := d.contentStart(p.node), d.end(p.node)
	if isEmpty(p.node) {
		if from = max(d.emptyValue(p.key), min(from, to)); p.node.Anchor == "" && p.node.Style&yaml.TaggedStyle == 0 {
			from = d.emptyValue(p.key)
		}
		return []splice{d.insertLines(d.lines.nextLine(from), lines)}
	}
	if d.lines.blankBefore(from) {
		eol := d.lines.eol(from)
		return []splice{{d.lines.lineStart(from), to, strings.Join(lines, eol)}}
	}
	below := d.insertLines(d.lines.nextLine(to), lines)
	text := bytes.TrimRight(d.src[:from], " \t")
	return []splice{{len(text), to, ""}, below}
}

// fillRoot fills a document without content: in the place of "{}", "[]" or
// "null", else at the end of the file, before a "..." line.
func (d *Document) fillRoot(n *yaml.Node, lines []string) []splice {
	if !isEmpty(n) {
		from, to := d.contentStart(n), d.end(n)
		text := strings.Join(lines, d.lines.eol(from))
		if !d.lines.blankBefore(from) {
			text = d.lines.eol(from) + text
		}
		return []splice{{from, to, text}}
	}
	at := len(d.src)
	for i := n.Line - 1; i < len(d.lines.start); i++ {
		if start := d.lines.start[i]; bytes.HasPrefix(d.src[start:], []byte("...")) {
			at = start
			break
		}
	}
	return []splice{d.insertLines(at, lines)}
}

// intoFlow inserts text as the last entry of a collection in brackets.
func (d *Document) intoFlow(n *yaml.Node, text string) []splice {
	open := d.contentStart(n)
	if len(n.Content) == 0 {
		return []splice{{open + 1, open + 1, text}}
	}
	last := n.Content[len(n.Content)-1]
	first := last
	if n.Kind == yaml.MappingNode {
		first = n.Content[len(n.Content)-2]
	}
	end, begin := d.lastEnd(n), d.start(first)
	closing := d.end(n) - 1
	ownLine := d.lines.blankBefore(begin) && d.lines.index(closing) > d.lines.index(end)
	if ownLine && bytes.ContainsRune(d.src[end:closing], '\n') {
		return d.flowLine(end, begin, text)
	}
	if isEmpty(last) {
		return []splice{{end, end, " , " + text}}
	}
	return []splice{{end, end, ", " + text}}
}

// flowLine adds a line of its own below the last entry, with a comma where the
// list has one behind its last entry.
func (d *Document) flowLine(end, begin int, text string) []splice {
	pad := string(d.src[d.lines.lineStart(begin):begin])
	next := d.lines.nextLine(end)
	if i := d.skipTrivia(end); i < len(d.src) && d.src[i] == ',' {
		return []splice{d.insertLines(d.lines.nextLine(i), []string{pad + text + ","})}
	}
	return []splice{{end, end, ","}, d.insertLines(next, []string{pad + text})}
}
