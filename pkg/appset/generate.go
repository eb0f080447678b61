package appset

import (
	"encoding/json"
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

// merge joins the sets of its generators on the merge keys. The first generator says which sets exist; the others
// override. Argo CD leaves the order open; here it is the first generator's.
func (g *generator) merge(n *node) ([]paramSet, error) {
	inner, err := children(n, "merge")
	if err != nil {
		return nil, err
	}
	if len(inner) < 2 {
		return nil, problemf(n.pos, "a merge joins at least two generators, not %d", len(inner))
	}
	base, err := g.params(inner[0], nil)
	if err != nil {
		return nil, err
	}
	keys := n.get("mergeKeys")
	index, err := byMergeKey(keys, base, n.pos)
	if err != nil {
		return nil, err
	}
	for _, child := range inner[1:] {
		sets, err := g.params(child, nil)
		if err != nil {
			return nil, err
		}
		if err := join(base, index, sets, keys); err != nil {
			return nil, err
		}
	}
	return base, nil
}

// join overrides the base sets, found by merge key, with the sets of a further generator.
func join(base []paramSet, index map[string]int, sets []paramSet, keys *node) error {
	found, err := byMergeKey(keys, sets, keys.pos)
	if err != nil {
		return err
	}
	for key, j := range found {
		i, ok := index[key]
		if !ok {
			continue
		}
		values, err := overlay(base[i].values, sets[j].values)
		if err != nil {
			return problemf(keys.pos, "merge: %v", err)
		}
		base[i] = paramSet{values, append(append([]Position(nil), base[i].origins...), sets[j].origins...)}
	}
	return nil
}

func byMergeKey(keys *node, sets []paramSet, pos Position) (map[string]int, error) {
	if keys == nil || len(keys.items) == 0 {
		return nil, problemf(pos, "merge needs mergeKeys")
	}
	index := map[string]int{}
	for i, set := range sets {
		id := map[string]any{}
		for _, key := range keys.items {
			id[key.text()] = set.values[key.text()]
		}
		text, err := json.Marshal(id)
		if err != nil {
			return nil, problemf(pos, "merge keys: %v", err)
		}
		if _, twice := index[string(text)]; twice {
			return nil, problemf(pos, "two sets of one generator have the merge key %s", text)
		}
		index[string(text)] = i
	}
	return index, nil
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

// asJSON gives plain data the types that encoding/json reads: numbers become float64.
func asJSON(v map[string]any) map[string]any {
	out, _ := jsonValue(v).(map[string]any)
	return out
}

func jsonValue(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for key, value := range x {
			out[key] = jsonValue(value)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, value := range x {
			out[i] = jsonValue(value)
		}
		return out
	case int64:
		return float64(x)
	}
	return v
}

// copyParams copies maps and lists; a merge must not reach into parameters that other sets share.
func copyParams(in map[string]any) map[string]any {
	out, _ := copyValue(in).(map[string]any)
	return out
}

func copyValue(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for key, value := range x {
			out[key] = copyValue(value)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, value := range x {
			out[i] = copyValue(value)
		}
		return out
	case []string:
		return append([]string(nil), x...)
	}
	return v
}
