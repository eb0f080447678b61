package yamledit

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// maxExpanded bounds how many nodes the aliases of a document stand for. Readers that write them out, Helm and kubectl
// among them, refuse such a file or die of it.
const maxExpanded = 1_000_000

// size is how many nodes a subtree has: of its own, and more when every alias in it is written out.
type size struct{ own, more int }

// checkExpansion refuses YAML bombs.
func (d *Document) checkExpansion() error {
	for _, doc := range d.docs {
		if _, err := d.expand(doc, map[*yaml.Node]size{}); err != nil {
			return err
		}
	}
	return nil
}

// expand measures a subtree; anchored holds what it has met with an anchor. An anchor stands before its aliases; an
// alias inside its own anchor counts as nothing, and is refused where an edit meets it.
func (d *Document) expand(n *yaml.Node, anchored map[*yaml.Node]size) (size, error) {
	total := size{own: 1}
	if n.Kind == yaml.AliasNode {
		target := anchored[n.Alias]
		total.more = target.own + target.more
	}
	for _, child := range n.Content {
		s, err := d.expand(child, anchored)
		if err != nil {
			return total, err
		}
		total.own, total.more = total.own+s.own, total.more+s.more
	}
	if total.more > maxExpanded {
		return total, &Error{File: d.name, Line: n.Line, Column: n.Column, Kind: ErrTooLarge,
			Problem: fmt.Sprintf("aliases stand for more than %d values", maxExpanded), Hint: "write the values out, with fewer aliases of aliases"}
	}
	if n.Anchor != "" {
		anchored[n] = total
	}
	return total, nil
}
