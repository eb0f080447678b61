package appset

import "encoding/json"

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
