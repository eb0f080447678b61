package appset

import (
	"io/fs"
	"slices"

	"github.com/bmatcuk/doublestar/v4"
	"sigs.k8s.io/yaml"
)

// fileCache looks for files and reads them once; a matrix asks for the same components for every environment.
type fileCache struct {
	tree  fs.FS
	seen  map[string]cachedFile
	globs map[string][]string
}

func newFileCache(tree fs.FS) *fileCache {
	return &fileCache{tree: tree, seen: map[string]cachedFile{}, globs: map[string][]string{}}
}

// glob lists the files, not the directories, that a doublestar pattern matches. Callers must not change the list.
func (c *fileCache) glob(pattern string) ([]string, error) {
	if names, ok := c.globs[pattern]; ok {
		return names, nil
	}
	names, err := doublestar.Glob(c.tree, pattern)
	if err != nil {
		return nil, cause(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		info, err := fs.Stat(c.tree, name)
		return err == nil && info.IsDir()
	})
	c.globs[pattern] = names
	return names, nil
}

type cachedFile struct {
	sets []paramSet
	err  error
}

// params reads a file as one object or a list of objects. An empty file is one empty object. Callers copy the values.
func (c *fileCache) params(name string) ([]paramSet, error) {
	if f, ok := c.seen[name]; ok {
		return f.sets, f.err
	}
	sets, err := readParams(c.tree, name)
	c.seen[name] = cachedFile{sets, err}
	return sets, err
}

func readParams(tree fs.FS, name string) ([]paramSet, error) {
	data, err := readFile(tree, name)
	if err != nil {
		return nil, err
	}
	docs, err := parseDocuments(name, data) // for the lines, and to refuse bombs and repeated keys
	if err != nil {
		return nil, err
	}
	top := Position{File: name, Line: 1}
	object := map[string]any{}
	if err := yaml.Unmarshal(data, &object); err == nil {
		if object == nil {
			object = map[string]any{}
		}
		return []paramSet{{object, []Position{top}}}, nil
	}
	var list []map[string]any
	if err := yaml.Unmarshal(data, &list); err != nil {
		return nil, problemf(top, "expected an object or a list of objects: %v", err)
	}
	sets := make([]paramSet, len(list))
	for i, values := range list {
		pos := top
		if len(docs) > 0 && i < len(docs[0].items) {
			pos = docs[0].items[i].pos
		}
		sets[i] = paramSet{values, []Position{pos}}
	}
	return sets, nil
}
