package yamledit

import "go.yaml.in/yaml/v3"

// style is how a file indents, read from the block collections it has.
type style struct {
	step int // columns from a key to the keys of its mapping
	list int // columns from a key to the dashes of its list: 0 or step
}

// detectStyle takes the most frequent indentation of the file. Without any it
// is two columns, lists indented.
func detectStyle(d *Document) style {
	steps, lists := map[int]int{}, map[int]int{}
	for _, doc := range d.docs {
		countStyle(doc, steps, lists)
	}
	st := style{step: most(steps, 2)}
	st.list = most(lists, st.step)
	return st
}

func countStyle(n *yaml.Node, steps, lists map[int]int) {
	for i, c := range n.Content {
		countStyle(c, steps, lists)
		block := c.Style&yaml.FlowStyle == 0 && c.Anchor == "" && c.Style&yaml.TaggedStyle == 0
		if n.Kind != yaml.MappingNode || i%2 == 0 || !block || c.Line == n.Content[i-1].Line {
			continue
		}
		indent := c.Column - n.Content[i-1].Column
		switch {
		case c.Kind == yaml.MappingNode && indent > 0:
			steps[indent]++
		case c.Kind == yaml.SequenceNode && indent >= 0:
			lists[indent]++
		}
	}
}

// most is the key with the highest count, the smallest of several.
func most(counts map[int]int, otherwise int) int {
	best, count := otherwise, 0
	for k, n := range counts {
		if n > count || n == count && k < best {
			best, count = k, n
		}
	}
	return best
}
