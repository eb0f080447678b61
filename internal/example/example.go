// Package example is the checkout of the example platform, which testdata/gitops holds, for tests that work on it in memory.
package example

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing/fstest"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/factory"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/templates"
)

// Folder is where the checkout lies as the platform has it before Backstage arrives.
func Folder() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "testdata", "gitops")
}

// Platform is that checkout.
func Platform() (fstest.MapFS, error) {
	tree, platform := fstest.MapFS{}, os.DirFS(Folder())
	err := fs.WalkDir(platform, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(platform, p)
		tree[p] = &fstest.MapFile{Data: text, Mode: 0o644}
		return err
	})
	return tree, err
}

// Installed is the checkout after generate for a spec, but for the file in which generate remembers what it wrote.
func Installed(s *spec.Spec) (fstest.MapFS, error) {
	tree, err := Platform()
	if err != nil {
		return nil, err
	}
	return tree, Install(tree, s)
}

// Install adds to a checkout what generate adds.
func Install(tree fstest.MapFS, s *spec.Spec) error {
	plan, err := factory.NewPlan(templates.FS(), tree, s, s.EnvironmentNames())
	if err != nil {
		return err
	}
	for _, f := range plan {
		if f.Kind != checkout.Absent {
			tree[f.Path] = &fstest.MapFile{Data: f.Content, Mode: 0o644}
		}
	}
	return nil
}
