package appset

import (
	"io/fs"

	"dario.cat/mergo"
	"sigs.k8s.io/yaml"
)

// paramSet is one set of parameters and the places it was read from.
type paramSet struct {
	values  map[string]any
	origins []Position
}

// generator evaluates the generators of one ApplicationSet.
type generator struct {
	tree     fs.FS
	opts     Options
	renderer *renderer
	files    *fileCache
}

// params evaluates one generator. outer holds the parameters of a matrix's first generator, which the second one's
// strings are templates of.
func (g *generator) params(n *node, outer map[string]any) ([]paramSet, error) {
	kind, err := generatorKind(n)
	if err != nil {
		return nil, err
	}
	body := n.get(kind)
	if len(outer) > 0 {
		if body, err = g.interpolate(body, outer); err != nil {
			return nil, err
		}
	}
	var sets []paramSet
	switch kind {
	case "list":
		sets, err = g.list(body)
	case "git":
		sets, err = g.git(body)
	case "matrix":
		sets, err = g.matrix(body)
	case "merge":
		sets, err = g.merge(body)
	}
	if err != nil || n.get("selector") == nil {
		return sets, err
	}
	return filter(sets, n.get("selector"))
}

// generatorKind finds the one key that says which generator a node is, and refuses what cannot be evaluated offline.
func generatorKind(n *node) (string, error) {
	if !n.isMap() {
		return "", problemf(n.pos, "a generator is a map")
	}
	kind := ""
	for _, key := range n.keys {
		switch key {
		case "selector":
		case "list", "git", "matrix", "merge":
			if kind != "" {
				return "", problemf(n.get(key).pos, "generator %q stands beside %q; write one generator for each list item", key, kind)
			}
			kind = key
		default:
			return "", problemf(n.get(key).pos, "generator %q is not evaluated offline", key)
		}
	}
	if kind == "" {
		return "", problemf(n.pos, "the generator is empty")
	}
	if t := n.get(kind, "template"); t.isMap() && len(t.keys) > 0 {
		return "", problemf(t.pos, "a generator's own template is not evaluated offline")
	}
	return kind, nil
}

// interpolate renders a generator with outer parameters. `values` may also name the generator's own parameters, which
// are not known yet: what does not resolve stays as written.
func (g *generator) interpolate(body *node, outer map[string]any) (*node, error) {
	rest, values := body.clone(), body.get("values")
	rest.remove("values")
	out, err := g.renderer.tree(rest, outer)
	if err != nil || values == nil {
		return out, err
	}
	resolved := values.clone()
	for _, key := range values.keys {
		if text, err := g.renderer.text(values.fields[key], outer); err == nil {
			resolved.fields[key].scalar = text
		}
	}
	out.set("values", resolved)
	return out, nil
}

func (g *generator) list(n *node) ([]paramSet, error) {
	if err := onlyKeys(n, "elements", "elementsYaml", "template"); err != nil {
		return nil, err
	}
	var sets []paramSet
	if elements := n.get("elements"); elements != nil {
		for _, e := range elements.items {
			if !e.isMap() {
				return nil, problemf(e.pos, "a list element is a map")
			}
			sets = append(sets, paramSet{asJSON(e.object()), []Position{e.pos}})
		}
	}
	if text := n.get("elementsYaml"); text.text() != "" {
		var elements []map[string]any
		if err := yaml.Unmarshal([]byte(text.text()), &elements); err != nil {
			return nil, problemf(text.pos, "elementsYaml: %v", err)
		}
		for _, e := range elements {
			sets = append(sets, paramSet{e, []Position{text.pos}})
		}
	}
	return sets, nil
}

// matrix combines every set of the first generator with every set that the second then gives. The maps are merged
// deeply, and the first generator wins.
func (g *generator) matrix(n *node) ([]paramSet, error) {
	inner, err := children(n, "matrix")
	if err != nil {
		return nil, err
	}
	if len(inner) != 2 {
		return nil, problemf(n.pos, "a matrix combines exactly two generators, not %d", len(inner))
	}
	first, err := g.params(inner[0], nil)
	if err != nil {
		return nil, err
	}
	var sets []paramSet
	for _, a := range first {
		second, err := g.params(inner[1], a.values)
		if err != nil {
			return nil, err
		}
		for _, b := range second {
			values, err := overlay(b.values, a.values)
			if err != nil {
				return nil, problemf(n.pos, "matrix: %v", err)
			}
			sets = append(sets, paramSet{values, append(append([]Position(nil), a.origins...), b.origins...)})
		}
	}
	return sets, nil
}

// overlay merges over into a copy of base with the library that Argo CD merges with.
func overlay(base, over map[string]any) (map[string]any, error) {
	out := copyParams(base)
	err := mergo.Merge(&out, copyParams(over), mergo.WithOverride)
	return out, err
}

func children(n *node, kind string) ([]*node, error) {
	if err := onlyKeys(n, "generators", "mergeKeys", "template"); err != nil {
		return nil, err
	}
	inner := n.get("generators")
	if inner == nil || !inner.list {
		return nil, problemf(n.pos, "%s has no generators", kind)
	}
	return inner.items, nil
}

func onlyKeys(n *node, known ...string) error {
	if !n.isMap() {
		return problemf(n.pos, "expected a map with %v", known)
	}
next:
	for _, key := range n.keys {
		for _, k := range known {
			if k == key {
				continue next
			}
		}
		return problemf(n.fields[key].pos, "key %q is not evaluated offline", key)
	}
	return nil
}
