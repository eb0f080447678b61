package yamledit

import "go.yaml.in/yaml/v3"

// InsertAfter adds an item, given as a YAML fragment, behind the item with an
// index in the list at a path: for lists whose order means something. The
// list must be written in block style; ErrNotFound without the item.
func (d *Document) InsertAfter(path string, index int, fragment string) (*Document, error) {
	t, err := d.target(path, fragment)
	if err != nil {
		return nil, err
	}
	p := t.place
	if p == nil || len(t.rest) > 0 || p.node.Kind != yaml.SequenceNode || index < 0 || index >= len(p.node.Content) {
		return nil, d.errorAt(nil, path, ErrNotFound, "no such list item", "add the item by hand")
	}
	if p.node.Style&yaml.FlowStyle != 0 {
		return nil, d.errorAt(p.node, path, ErrUnsafe, "the list is written in brackets", "write it with one line for each item, or add the item by hand")
	}
	e, err := d.unshared(p, func() *edit { return d.insertItem(p, index, t.value, t.emitter) })
	if err != nil {
		return nil, err
	}
	return d.apply(e)
}

// insertItem is the edit that puts an item behind the one at index of a block list.
func (d *Document) insertItem(p *place, index int, item *yaml.Node, em emitter) *edit {
	n := p.node
	if index == len(n.Content)-1 {
		return d.addItem(p, item, em)
	}
	changed := with(n, n)
	changed.Content = append(changed.Content[:index+1:index+1], append([]*yaml.Node{item}, n.Content[index+1:]...)...)
	dash := d.contentStart(n)
	_, column := d.lines.position(dash)
	lines := em.item(item, column-1, d.gap(n, dash))
	return &edit{old: n, new: changed, path: p.path, splices: d.linesAfter(d.end(n.Content[index]), column-1, lines)}
}
