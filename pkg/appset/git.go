package appset

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

func (g *generator) git(n *node) ([]paramSet, error) {
	err := onlyKeys(n, "repoURL", "revision", "directories", "files", "pathParamPrefix", "values", "requeueAfterSeconds", "template")
	if err != nil {
		return nil, err
	}
	if err := g.ownTree(n); err != nil {
		return nil, err
	}
	switch {
	case n.get("directories") != nil:
		return g.gitDirectories(n)
	case n.get("files") != nil:
		return g.gitFiles(n)
	}
	return nil, problemf(n.pos, "the git generator names neither files nor directories")
}

// ownTree refuses a generator that reads another repository or branch than the tree is.
func (g *generator) ownTree(n *node) error {
	if url := n.get("repoURL"); url == nil || !sameRepo(url.text(), g.opts.RepoURL) {
		return problemf(at(url, n), "the git generator reads repository %q; this tree is %q", url.text(), g.opts.RepoURL)
	}
	rev := n.get("revision")
	if g.opts.Revision == "" || rev.text() == "" || rev.text() == "HEAD" || rev.text() == g.opts.Revision {
		return nil
	}
	return problemf(rev.pos, "the git generator reads revision %q; this tree is %q", rev.text(), g.opts.Revision)
}

func at(n, parent *node) Position {
	if n == nil {
		return parent.pos
	}
	return n.pos
}

// sameRepo compares clone URLs without the differences that do not matter to Git hosts.
func sameRepo(a, b string) bool {
	clean := func(s string) string {
		return strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(s, "/"), ".git"))
	}
	return clean(a) == clean(b)
}

func (g *generator) gitFiles(n *node) ([]paramSet, error) {
	found := map[string]bool{}
	for _, excluding := range []bool{false, true} {
		for _, item := range n.get("files").items {
			if exclude, _ := item.get("exclude").value().(bool); exclude != excluding {
				continue
			}
			names, err := g.glob(item)
			if err != nil {
				return nil, err
			}
			for _, name := range names {
				found[name] = !excluding
			}
		}
	}
	var sets []paramSet
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if !found[name] {
			continue
		}
		objects, err := g.files.params(name)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			set, err := g.gitParams(n, paramSet{copyParams(o.values), o.origins}, path.Dir(name), path.Base(name))
			if err != nil {
				return nil, err
			}
			sets = append(sets, set)
		}
	}
	return sets, nil
}

func (g *generator) glob(item *node) ([]string, error) {
	pattern := item.get("path")
	if err := onlyKeys(item, "path", "exclude"); err != nil {
		return nil, err
	}
	if pattern.text() == "" {
		return nil, problemf(item.pos, "the path is empty")
	}
	names, err := g.files.glob(path.Clean(pattern.text()))
	if err != nil {
		return nil, problemf(pattern.pos, "path %q: %v", pattern.text(), err)
	}
	return names, nil
}

// gitDirectories matches every directory of the tree with path.Match; what is below a hidden directory is left out.
func (g *generator) gitDirectories(n *node) ([]paramSet, error) {
	items := n.get("directories").items
	var sets []paramSet
	err := fs.WalkDir(g.tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return problemf(Position{File: name}, "%v", cause(err))
		}
		if !d.IsDir() || name == "." {
			return nil
		}
		if strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		included, err := includes(items, name)
		if err != nil || !included {
			return err
		}
		set, err := g.gitParams(n, paramSet{map[string]any{}, []Position{{File: name}}}, name, "")
		sets = append(sets, set)
		return err
	})
	return sets, err
}

// includes says whether a directory matches an item and none that excludes.
func includes(items []*node, dir string) (bool, error) {
	included, excluded := false, false
	for _, item := range items {
		pattern := item.get("path")
		match, err := path.Match(pattern.text(), dir)
		if err != nil {
			return false, problemf(at(pattern, item), "path %q: %v", pattern.text(), err)
		}
		if exclude, _ := item.get("exclude").value().(bool); exclude {
			excluded = excluded || match
		} else {
			included = included || match
		}
	}
	return included && !excluded, nil
}

// gitParams adds what Argo CD knows of the place, below path or <pathParamPrefix>.path, and the generator's values.
func (g *generator) gitParams(n *node, set paramSet, dir, file string) (paramSet, error) {
	place := map[string]any{
		"path": dir, "basename": path.Base(dir), "basenameNormalized": sanitizeName(path.Base(dir)),
		"segments": strings.Split(dir, "/"),
	}
	if file != "" {
		place["filename"], place["filenameNormalized"] = file, sanitizeName(file)
	}
	if prefix := n.get("pathParamPrefix").text(); prefix != "" {
		set.values[prefix] = map[string]any{"path": place}
	} else {
		set.values["path"] = place
	}
	values := n.get("values")
	if values == nil {
		return set, nil
	}
	extra := map[string]any{}
	for _, key := range values.keys {
		text, err := g.renderer.text(values.fields[key], set.values)
		if err != nil {
			return set, err
		}
		extra[key] = text
	}
	set.values["values"] = extra
	return set, nil
}
