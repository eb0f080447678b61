package appset

import (
	"io/fs"
	"path"
	"sort"
	"strings"
)

const (
	kindApplicationSet = "ApplicationSet"
	maxFileSize        = 8 << 20
)

// harmless are the Kustomize keys that cannot change what an ApplicationSet says.
func harmless(key string) bool {
	switch key {
	case "apiVersion", "kind", "metadata", "configMapGenerator", "secretGenerator", "generatorOptions", "sortOptions", "buildMetadata":
		return true
	}
	return false
}

// builder builds Kustomize directories in memory, as far as they concern ApplicationSets. Every error is kept as a
// Problem, and the build goes on with what is left.
type builder struct {
	tree     fs.FS
	problems *problems
}

// build returns the objects of one directory after its patches. stack holds the directories that are being built.
func (b *builder) build(dir string, stack []string) []*node {
	for _, s := range stack {
		if s == dir {
			b.problems.add(problemf(Position{File: dir}, "the directory is a resource of itself"))
			return nil
		}
	}
	k := b.kustomization(dir)
	if k == nil {
		return nil
	}
	stack = append(stack, dir)
	var objects []*node
	for _, key := range k.keys {
		if key == "resources" || key == "bases" {
			for _, r := range k.get(key).items {
				objects = append(objects, b.resource(dir, r, stack)...)
			}
		}
	}
	for _, key := range k.keys {
		switch {
		case key == "resources", key == "bases", harmless(key):
		case key == "patches":
			objects = b.patchAll(dir, k.get(key), objects)
		default:
			b.problems.add(problemf(k.get(key).pos, "kustomization key %q is not evaluated offline", key))
		}
	}
	return objects
}

func (b *builder) kustomization(dir string) *node {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		file := path.Join(dir, name)
		if info, err := fs.Stat(b.tree, file); err != nil || info.IsDir() {
			continue
		}
		docs := b.read(file)
		if len(docs) == 1 && docs[0].isMap() {
			return docs[0]
		}
		if docs != nil {
			b.problems.add(problemf(Position{File: file}, "a kustomization is one YAML map"))
		}
		return nil
	}
	b.problems.add(problemf(Position{File: dir}, "the directory has no kustomization.yaml"))
	return nil
}

func (b *builder) resource(dir string, ref *node, stack []string) []*node {
	if strings.Contains(ref.text(), "://") || strings.HasPrefix(ref.text(), "git@") {
		b.problems.add(problemf(ref.pos, "resource %q is remote and not evaluated offline", ref.text()))
		return nil
	}
	target := path.Join(dir, ref.text())
	info, err := fs.Stat(b.tree, target)
	if err != nil {
		b.problems.add(problemf(ref.pos, "resource %q: %v", ref.text(), cause(err)))
		return nil
	}
	if info.IsDir() {
		return b.build(target, stack)
	}
	return b.read(target)
}

// read parses a file; what fails is recorded and gives nil.
func (b *builder) read(file string) []*node {
	data, err := readFile(b.tree, file)
	if err == nil {
		var docs []*node
		if docs, err = parseDocuments(file, data); err == nil {
			return docs
		}
	}
	b.problems.add(err)
	return nil
}

func readFile(tree fs.FS, file string) ([]byte, error) {
	info, err := fs.Stat(tree, file)
	if err != nil {
		return nil, problemf(Position{File: file}, "%v", cause(err))
	}
	if info.Size() > maxFileSize {
		return nil, problemf(Position{File: file}, "the file is larger than %d MiB", maxFileSize>>20)
	}
	data, err := fs.ReadFile(tree, file)
	if err != nil {
		return nil, problemf(Position{File: file}, "%v", cause(err))
	}
	return data, nil
}

// applicationSets picks the ApplicationSets and sorts them by name.
func applicationSets(objects []*node) []*node {
	var sets []*node
	for _, o := range objects {
		if o.get("kind").text() == kindApplicationSet && strings.HasPrefix(o.get("apiVersion").text(), "argoproj.io/") {
			sets = append(sets, o)
		}
	}
	sort.SliceStable(sets, func(i, j int) bool { return nameOf(sets[i]) < nameOf(sets[j]) })
	return sets
}

func nameOf(o *node) string { return o.get("metadata", "name").text() }
