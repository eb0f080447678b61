package portal

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/skeleton"
)

// suffix keeps Go's embedding from dropping files; it is not part of a skeleton's name.
const suffix = ".tmpl"

// layers are the folders that a kind's skeleton is made of: below primitives/, and below the template's own skeleton/.
func (f *form) layers() map[string]string {
	if f.definition {
		return map[string]string{path.Join("_design", string(f.kind)): "definition"}
	}
	layers := map[string]string{
		"_common/code":     "common/code",
		"_common/repo":     "common/repo",
		"_gitops/platform": "gitops/platform",
		"_gitops/tenant":   "gitops/tenant",
	}
	for _, lang := range f.langs {
		for _, part := range []string{"code", "harness"} {
			layers[path.Join(string(f.kind), string(lang), part)] = path.Join(string(lang), part)
		}
	}
	return layers
}

// skeletons are the compiled files of every layer.
func (f *form) skeletons(tree fs.FS) ([]checkout.File, error) {
	var files []checkout.File
	layers := f.layers()
	for _, from := range slices.Sorted(maps.Keys(layers)) {
		root := path.Join("primitives", from)
		if _, err := fs.Stat(tree, root); err != nil && strings.HasSuffix(from, "/harness") {
			continue
		}
		err := fs.WalkDir(tree, root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			file, err := f.compiled.file(tree, p, strings.TrimPrefix(p, root+"/"))
			file.Path = path.Join(Dir, f.word(), "skeleton", layers[from], file.Path)
			files = append(files, file)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// compiled are files of skeletons as Nunjucks: what several kinds have in common is compiled once.
type compiled struct {
	mu    sync.Mutex
	files map[string]func() compilation
}

type compilation struct {
	file checkout.File
	err  error
}

func (c *compiled) file(tree fs.FS, file, name string) (checkout.File, error) {
	c.mu.Lock()
	once := c.files[file]
	if once == nil {
		once = sync.OnceValue(func() compilation {
			f, err := compile(tree, file, name)
			return compilation{f, err}
		})
		c.files[file] = once
	}
	c.mu.Unlock()
	done := once()
	return done.file, done.err
}

// compile is one file of a skeleton as Nunjucks, under its name as Nunjucks.
func compile(tree fs.FS, file, name string) (checkout.File, error) {
	text, err := fs.ReadFile(tree, file)
	if err != nil {
		return checkout.File{}, err
	}
	content, err := skeleton.Compile("templates/"+file, string(text), valuesType())
	if err != nil {
		return checkout.File{}, err
	}
	name = strings.TrimSuffix(name, suffix)
	target, err := skeleton.CompilePath(name, valuesType())
	if err != nil {
		return checkout.File{}, fmt.Errorf("%s: %w", file, err)
	}
	return checkout.File{Path: target, Content: []byte(content), Mode: scaffold.Mode(name)}, nil
}
