package yamledit

import "go.yaml.in/yaml/v3"

// Value is what a path leads to.
type Value struct {
	// Line and Column count from one; the column in characters.
	Line, Column int
	// Start and End are byte offsets into the document, anchor and tag included.
	Start, End int
	// Path is the place, as [Document.Get] takes it.
	Path string
	// Key is the byte offset of the value's key, or Start for an item of a list.
	Key int

	doc   *Document
	place *place
}

// Get returns the value at a path and whether there is one. Aliases and merge
// keys are followed. A path is keys joined with dots; an item of a list is
// selected by its fields: managed.roles[name=backstage]. Names with other
// characters are quoted: metadata.annotations."argocd.argoproj.io/hook".
// The error is an [*Error]: ErrSyntax for the path, ErrAmbiguous, or ErrKind
// where the path leads through a value of the wrong kind.
func (d *Document) Get(path string) (Value, bool, error) {
	steps, err := parsePath(path)
	if err != nil {
		return Value{}, false, err
	}
	p, rest, err := d.resolve(steps)
	if err != nil || p == nil || len(rest) > 0 {
		return Value{}, false, err
	}
	return d.value(p), true, nil
}

func (d *Document) value(p *place) Value {
	v := Value{Line: p.node.Line, Column: p.node.Column, Path: p.path, doc: d, place: p,
		Start: d.start(p.node), End: d.end(p.node)}
	v.Key = v.Start
	if p.key != nil {
		v.Key = d.start(p.key)
		if isEmpty(p.node) && p.node.Anchor == "" && p.node.Style&yaml.TaggedStyle == 0 {
			v.Start = d.emptyValue(p.key)
			v.End = v.Start
			v.Line, v.Column = d.lines.position(v.Start)
		}
	}
	return v
}

// Text is the value of a scalar, unquoted, and empty for a mapping or list.
func (v Value) Text() string { return v.place.node.Value }

// Null reports whether the value is null or missing behind its key.
func (v Value) Null() bool { return isNull(v.place.node) }

// List reports whether the value is a list.
func (v Value) List() bool { return v.place.node.Kind == yaml.SequenceNode }

// Mapping reports whether the value is a mapping.
func (v Value) Mapping() bool { return v.place.node.Kind == yaml.MappingNode }

// Flow reports whether the value is written in brackets.
func (v Value) Flow() bool { return v.List() && v.place.node.Style&yaml.FlowStyle != 0 }

// Items are the items of a list in order.
func (v Value) Items() []Value {
	if !v.List() {
		return nil
	}
	var out []Value
	for _, n := range v.place.node.Content {
		if p, err := v.doc.child(v.place, nil, n, v.Path); err == nil {
			out = append(out, v.doc.value(p))
		}
	}
	return out
}

// Keys are the mapping's own keys in order, without those of merge keys.
func (v Value) Keys() []string {
	var out []string
	for i := 0; v.Mapping() && i+1 < len(v.place.node.Content); i += 2 {
		out = append(out, v.place.node.Content[i].Value)
	}
	return out
}

// Field is the value of a key of a mapping.
func (v Value) Field(name string) (Value, bool, error) {
	if !v.Mapping() {
		return Value{}, false, nil
	}
	p, err := v.doc.lookup(v.place, name)
	if p == nil || err != nil {
		return Value{}, false, err
	}
	return v.doc.value(p), true, nil
}

// Fields reports whether the value is a mapping whose fields have these texts.
func (v Value) Fields(want map[string]string) (bool, error) {
	for name, text := range want {
		f, ok, err := v.Field(name)
		if err != nil || !ok || f.Text() != text {
			return false, err
		}
	}
	return true, nil
}
