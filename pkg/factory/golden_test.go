package factory_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/spec"
)

// The golden trees hold every file that a run writes into the example checkout. `make golden` rewrites them; the diff of a
// change to a template is then the diff that a platform team will see. The skeletons of the portal's forms are left out: they are
// what package skeleton makes of templates/primitives, and the real scaffolder is asked what they become.
func TestGoldenTrees(t *testing.T) {
	for _, name := range []string{"default", "schema-mode"} {
		t.Run(name, func(t *testing.T) {
			loaded, err := spec.LoadOptional(os.DirFS(filepath.Join("testdata", name)), spec.FileName)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, c := range compare(t, platform(t), &loaded.Spec).Files {
				if c.New != nil && !strings.Contains(c.Path, "/skeleton/") {
					got[c.Path] = string(c.New)
				}
			}
			golden(t, filepath.Join("../../testdata/golden", name), got)
		})
	}
}

// golden compares files with a tree, or rewrites the tree.
func golden(t *testing.T, dir string, got map[string]string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		rewrite(t, dir, got)
	}
	want := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, p))
		want[p] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stale golden tree (make golden), -want +got:\n%s", diff)
	}
}

func rewrite(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	root, err := openNew(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var plan checkout.Plan
	for p, content := range files {
		plan = append(plan, checkout.File{Path: p, Content: []byte(content), Kind: checkout.Once})
	}
	changes, err := checkout.Compare(root.FS(), plan, checkout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := checkout.Apply(root, changes); err != nil {
		t.Fatal(err)
	}
}

func openNew(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}
