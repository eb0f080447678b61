package appset

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// cause drops the path that fs errors repeat.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

func (b *builder) patchAll(dir string, patches *node, objects []*node) []*node {
	for _, p := range patches.items {
		patched, err := b.patch(dir, p, objects)
		if err != nil {
			b.problems.add(err)
			continue
		}
		objects = patched
	}
	return objects
}

// patch applies one entry of `patches`: a JSON patch or a merge patch, inline or from a file.
func (b *builder) patch(dir string, p *node, objects []*node) ([]*node, error) {
	for _, key := range p.keys {
		if key != "path" && key != "patch" && key != "target" {
			return nil, problemf(p.get(key).pos, "patch key %q is not evaluated offline", key)
		}
	}
	bodies, err := b.patchBodies(dir, p)
	if err != nil {
		return nil, err
	}
	for _, body := range bodies {
		if objects, err = applyPatch(body, p, objects); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

func (b *builder) patchBodies(dir string, p *node) ([]*node, error) {
	inline, file := p.get("patch"), p.get("path")
	if (inline == nil) == (file == nil) {
		return nil, problemf(p.pos, "a patch has either `path` or `patch`")
	}
	if inline != nil {
		docs, err := parseDocuments(inline.pos.File, []byte(inline.text()))
		for _, d := range docs {
			d.shift(inline)
		}
		return docs, err
	}
	name := path.Join(dir, file.text())
	data, err := readFile(b.tree, name)
	if err != nil {
		return nil, problemf(file.pos, "patch %v", err)
	}
	return parseDocuments(name, data)
}

// shift moves the lines of text that was written inside a scalar to where they are in the file.
func (n *node) shift(outer *node) {
	if n == nil {
		return
	}
	n.pos.Line += outer.pos.Line - 1
	if outer.block {
		n.pos.Line++
	}
	for _, f := range n.fields {
		f.shift(outer)
	}
	for _, i := range n.items {
		i.shift(outer)
	}
}

func applyPatch(body, p *node, objects []*node) ([]*node, error) {
	matches, err := patchTarget(body, p)
	if err != nil {
		return nil, err
	}
	out, hits := make([]*node, len(objects)), 0
	for i, o := range objects {
		out[i] = o
		if !matches(o) {
			continue
		}
		hits++
		if body.list {
			out[i], err = applyJSONPatch(o, body)
		} else {
			out[i], err = mergePatch(o, body)
		}
		if err != nil {
			return nil, err
		}
	}
	if hits == 0 && p.get("target") == nil {
		return nil, problemf(body.pos, "no object %s %q to patch", body.get("kind").text(), nameOf(body))
	}
	return out, nil
}

// patchTarget says which objects a patch is for: those that match its target, whose fields are anchored regular
// expressions, or the one that a merge patch names itself.
func patchTarget(body, p *node) (func(*node) bool, error) {
	target := p.get("target")
	if target == nil {
		if body.list {
			return nil, problemf(p.pos, "a JSON patch needs a target")
		}
		return func(o *node) bool {
			return o.get("kind").text() == body.get("kind").text() && nameOf(o) == nameOf(body)
		}, nil
	}
	want := map[string]*regexp.Regexp{}
	for _, key := range target.keys {
		value := target.get(key)
		if !strings.Contains(" group version kind name namespace ", " "+key+" ") {
			return nil, problemf(value.pos, "target key %q is not evaluated offline", key)
		}
		re, err := regexp.Compile("^(?:" + value.text() + ")$")
		if err != nil {
			return nil, problemf(value.pos, "target %s: %v", key, err)
		}
		want[key] = re
	}
	return func(o *node) bool { return matchesTarget(o, want) }, nil
}

func matchesTarget(o *node, want map[string]*regexp.Regexp) bool {
	group, version, found := strings.Cut(o.get("apiVersion").text(), "/")
	if !found {
		group, version = "", group
	}
	have := map[string]string{
		"group": group, "version": version, "kind": o.get("kind").text(),
		"name": nameOf(o), "namespace": o.get("metadata", "namespace").text(),
	}
	for key, re := range want {
		if !re.MatchString(have[key]) {
			return false
		}
	}
	return true
}

// mergePatch applies a strategic merge patch to an object that has no merge keys, which a custom resource has not: maps
// merge, null deletes, lists and scalars replace.
func mergePatch(original, patch *node) (*node, error) {
	if !original.isMap() || !patch.isMap() {
		return patch.clone(), nil
	}
	out := original.clone()
	for _, key := range patch.keys {
		value := patch.fields[key]
		if strings.HasPrefix(key, "$") {
			return nil, problemf(value.pos, "merge directive %q is not evaluated offline", key)
		}
		if !value.list && value.fields == nil && value.scalar == nil {
			out.remove(key)
			continue
		}
		have := out.fields[key]
		if !have.isMap() && value.isMap() {
			have = &node{pos: value.pos, fields: map[string]*node{}}
		}
		merged, err := mergePatch(have, value)
		if err != nil {
			return nil, err
		}
		out.set(key, merged)
	}
	return out, nil
}
