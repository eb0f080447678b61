package checkout

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// open makes a checkout that holds files; a path that ends with a slash is a directory.
func open(t *testing.T, files map[string]string) *os.Root {
	t.Helper()
	dir := t.TempDir()
	for p, text := range files {
		if strings.HasSuffix(p, "/") {
			must(t, os.MkdirAll(filepath.Join(dir, p), 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, p)), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, p), []byte(text), 0o644))
	}
	root, err := os.OpenRoot(dir)
	must(t, err)
	t.Cleanup(func() { root.Close() })
	return root
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// snapshot is every file of a checkout but the lock file.
func snapshot(t *testing.T, root *os.Root) map[string]string {
	t.Helper()
	files := everything(t, root)
	delete(files, LockFile)
	return files
}

func everything(t *testing.T, root *os.Root) map[string]string {
	t.Helper()
	files := map[string]string{}
	must(t, fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := fs.ReadFile(root.FS(), p)
		files[p] = string(text)
		return err
	}))
	return files
}

// plan is a plan of generated files.
func plan(files map[string]string) Plan {
	var p Plan
	for name, text := range files {
		p = append(p, File{Path: name, Content: []byte(text)})
	}
	return p
}

// run compares and applies a plan that must work.
func run(t *testing.T, root *os.Root, p Plan, o Options) *Changes {
	t.Helper()
	c, err := Compare(root.FS(), read(t, root.FS(), p), o)
	must(t, err)
	must(t, apply(quick{root}, c))
	return c
}

// read is a plan whose edits were computed from what is there.
func read(t *testing.T, fsys fs.FS, p Plan) Plan {
	t.Helper()
	p = slices.Clone(p)
	for i, f := range p {
		if f.Kind == Edited {
			var err error
			p[i].From, err = Read(fsys, f.Path)
			must(t, err)
		}
	}
	return p
}

func write(t *testing.T, root *os.Root, name, text string) {
	t.Helper()
	must(t, root.WriteFile(name, []byte(text), 0o644))
}

// actions are "action path (reason)" of every file.
func actions(c *Changes) []string {
	var out []string
	for _, f := range c.Files {
		line := string(f.Action) + " " + f.Path
		if f.Reason != "" {
			line += " (" + f.Reason + ")"
		}
		out = append(out, line)
	}
	return out
}
