package checkout

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nobody owns the trees of tests that root runs.
const nobody = 65534

// giveAway makes a tree that of somebody whom permissions stop.
func giveAway(t *testing.T, root *os.Root) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	must(t, filepath.WalkDir(root.Name(), func(p string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(p, nobody, nobody))
	}))
}

// asUser runs f as the owner of such a tree: where the test is root's, the whole process is that user while f works.
func asUser(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() == 0 {
		must(t, syscall.Seteuid(nobody))
		defer func() { must(t, syscall.Seteuid(0)) }()
	}
	f()
}

func TestPermissions(t *testing.T) {
	for _, tc := range []struct {
		name  string
		chmod map[string]os.FileMode
		want  string
	}{
		{"an unreadable file", map[string]os.FileMode{"d/a": 0}, "d/a: cannot be read: permission denied"},
		{"an unreadable directory", map[string]os.FileMode{"d": 0}, "d/a: cannot be read: permission denied"},
		{"a root that may not be written", map[string]os.FileMode{".": 0o555}, ".ameide.lock.pending: cannot be written; nothing was changed: permission denied"},
		{"a directory that may not be written", map[string]os.FileMode{"d": 0o555}, "d/a: cannot be written; nothing was changed: permission denied"},
		{"a new directory where none may be made", map[string]os.FileMode{"e": 0o555}, "e/new/b: cannot be written; nothing was changed: permission denied"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := open(t, map[string]string{"d/a": "1\n", "e/": ""})
			before := everything(t, root)
			giveAway(t, root)
			for name, mode := range tc.chmod {
				must(t, os.Chmod(filepath.Join(root.Name(), name), mode))
			}
			asUser(t, func() {
				err := try(root, Plan{{Path: "d/a", Content: []byte("2\n"), From: []byte("1\n"), Kind: Edited}, {Path: "e/new/b", Content: []byte("2\n")}, {Path: "c", Content: []byte("2\n")}})
				var e *Error
				if !errors.As(err, &e) || err.Error() != tc.want || e.Hint() == "" {
					t.Errorf("got %v\nwant %s, with a hint", err, tc.want)
				}
			})
			for name := range tc.chmod {
				must(t, os.Chmod(filepath.Join(root.Name(), name), 0o755))
			}
			if diff := cmp.Diff(before, everything(t, root)); diff != "" {
				t.Errorf("-before +after:\n%s", diff)
			}
		})
	}
}

func try(root *os.Root, p Plan) error {
	c, err := Compare(root.FS(), p, Options{})
	if err != nil {
		return err
	}
	return Apply(root, c)
}

// mount puts a file system of its own under the checkout.
func mount(t *testing.T, size string) *os.Root {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("only who may mount can try this: %v", err)
	}
	root, err := os.OpenRoot(dir)
	must(t, err)
	t.Cleanup(func() {
		root.Close()
		must(t, syscall.Unmount(dir, 0))
	})
	return root
}

func TestAFullFileSystem(t *testing.T) {
	root := mount(t, "64k")
	write(t, root, "a", "1\n")
	before := everything(t, root)
	err := try(root, Plan{
		{Path: "a", Content: []byte("2\n"), From: []byte("1\n"), Kind: Edited},
		{Path: "b/c", Content: []byte(strings.Repeat("x\n", 1_000))},
		{Path: "b/d", Content: []byte(strings.Repeat("y\n", 50_000))},
	})
	// Files are written side by side: each may be the one for which there is no room.
	if want := ": cannot be written; nothing was changed: no space left on device"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v\nwant a file%s", err, want)
	}
	if diff := cmp.Diff(before, everything(t, root)); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
}

func TestAReadOnlyFileSystem(t *testing.T) {
	root := mount(t, "64k")
	write(t, root, "a", "1\n")
	must(t, syscall.Mount("", root.Name(), "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	err := try(root, Plan{{Path: "a", Content: []byte("2\n"), From: []byte("1\n"), Kind: Edited}, {Path: "b", Content: []byte("2\n")}})
	if want := ".ameide.lock.pending: cannot be written; nothing was changed: read-only file system"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
