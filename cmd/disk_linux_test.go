package cmd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ameideio/ameide/cmd"
)

// A tree that cannot be written is exit 3, a file that cannot be read exit 2; neither leaves anything behind.
func TestGenerateWithoutTheRights(t *testing.T) {
	for _, tc := range []struct {
		name, path string
		mode       os.FileMode
		code       int
		want       string
	}{
		{"a read-only root", ".", 0o555, 3, "cannot be written; nothing was changed: permission denied"},
		{"a read-only directory", "sources/values/_shared/platform", 0o555, 3, "sources/values/_shared/platform/platform-backstage.yaml: cannot be written; nothing was changed: permission denied"},
		{"an unreadable file", "argocd/applicationsets/ameide.yaml", 0, 2, "argocd/applicationsets/ameide.yaml: cannot be read: permission denied"},
		{"an unreadable directory", "sources/charts/platform", 0, 2, "cannot be read: permission denied"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := platformCheckout(t, t.TempDir())
			before := listing(t, dir)
			code, out := 0, ""
			asOwner(t, dir, func() {
				if err := os.Chmod(filepath.Join(dir, tc.path), tc.mode); err != nil {
					t.Error(err)
				}
				code, out = generate(dir)
			})
			must(t, os.Chmod(filepath.Join(dir, tc.path), 0o755))
			if code != tc.code || !strings.Contains(out, tc.want) || !strings.Contains(out, "hint: ") {
				t.Errorf("exit code %d, want %d\n%s\nwant %s, with a hint", code, tc.code, out, tc.want)
			}
			if after := listing(t, dir); after != before {
				t.Errorf("the tree changed:\n%s\nwas\n%s", after, before)
			}
		})
	}
}

func TestGenerateOnAFullDiskAndOnAReadOnlyOne(t *testing.T) {
	mount := t.TempDir()
	if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("only who may mount can try this: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(mount, 0)) })
	dir := platformCheckout(t, mount)
	before := listing(t, dir)
	check := func(want string) {
		t.Helper()
		code, out := generate(dir)
		if code != 3 || !strings.Contains(out, "nothing was changed: "+want) {
			t.Errorf("exit code %d, want 3\n%s\nwant %s", code, out, want)
		}
		if after := listing(t, dir); after != before {
			t.Errorf("%s: the tree changed:\n%s\nwas\n%s", want, after, before)
		}
	}
	fill(t, filepath.Join(mount, "ballast"))
	check("no space left on device")
	must(t, syscall.Mount("", mount, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	check("read-only file system")
}

// fill takes all but a little of what is free.
func fill(t *testing.T, file string) {
	t.Helper()
	var s syscall.Statfs_t
	must(t, syscall.Statfs(filepath.Dir(file), &s))
	must(t, os.WriteFile(file, make([]byte, int64(s.Bfree-8)*s.Bsize), 0o644))
}

func generate(dir string) (code int, out string) {
	var b bytes.Buffer
	code = cmd.Execute(context.Background(), testEnv(&b), []string{"platform", "backstage", "generate", "--gitops-root", dir})
	return code, b.String()
}

// platformCheckout is the example platform's checkout below a directory.
func platformCheckout(t *testing.T, parent string) string {
	t.Helper()
	dir := filepath.Join(parent, "gitops")
	must(t, os.CopyFS(dir, os.DirFS("../testdata/gitops")))
	must(t, os.Mkdir(filepath.Join(dir, ".git"), 0o755))
	return dir
}

// asOwner runs f where permissions count, which they do not for root: there the tree is somebody else's, and the whole
// process is that user while f works: no other test may run beside it.
func asOwner(t *testing.T, dir string, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		f()
		return
	}
	const nobody = 65534
	top := filepath.Dir(filepath.Dir(dir)) // the test's own folder, which its temporary directories lie in
	if rel, err := filepath.Rel(os.TempDir(), top); err != nil || !filepath.IsLocal(rel) || rel == "." {
		t.Fatalf("%s is not below a temporary directory of this test: %s would be given away", dir, top)
	}
	must(t, filepath.WalkDir(top, func(p string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(p, nobody, nobody))
	}))
	must(t, syscall.Seteuid(nobody))
	defer func() { must(t, syscall.Seteuid(0)) }()
	f()
}

// listing is name and content of everything below a directory.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fmt.Fprintln(&out, p)
		if d.Type().IsRegular() {
			text, err := os.ReadFile(p)
			out.Write(text)
			return err
		}
		return nil
	}))
	return out.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A checkout that cannot be written to is exit 3 and stays as it is; what the other one has already is said.
func TestScaffoldWithoutTheRights(t *testing.T) {
	for _, tc := range []struct{ readOnly, want string }{
		{"repo", "cannot be written; nothing was changed: permission denied"},
		{"repo/primitives", "cannot be written; nothing was changed: permission denied"},
		{"ops/sources", "files of the code are written; in the next checkout: sources/"},
	} {
		dir := filepath.Join(t.TempDir(), "checkouts") // asOwner gives the folder above the temporary one away, too
		must(t, os.MkdirAll(filepath.Join(dir, "repo/primitives"), 0o755))
		must(t, os.MkdirAll(filepath.Join(dir, "ops/sources"), 0o755))
		checkout, _, _ := strings.Cut(tc.readOnly, "/")
		before := listing(t, filepath.Join(dir, checkout))
		code, text := 0, ""
		asOwner(t, dir, func() {
			if err := os.Chmod(filepath.Join(dir, tc.readOnly), 0o555); err != nil {
				t.Error(err)
			}
			var out bytes.Buffer
			code = cmd.Execute(context.Background(), cmd.Env{Out: &out, Err: &out, Lookup: func(string) (string, bool) { return "", false }},
				[]string{"primitive", "scaffold", "--kind", "process", "--name", "l2o", "--origin", "platform", "--sku", "Shared",
					"--repo-root", filepath.Join(dir, "repo"), "--gitops-root", filepath.Join(dir, "ops"), "--include-gitops"})
			text = out.String()
		})
		must(t, os.Chmod(filepath.Join(dir, tc.readOnly), 0o755))
		if code != 3 || !strings.Contains(text, tc.want) {
			t.Errorf("%s: exit code %d\n%s", tc.readOnly, code, text)
		}
		if after := listing(t, filepath.Join(dir, checkout)); after != before {
			t.Errorf("%s: the tree changed:\n%s\nwas\n%s", tc.readOnly, after, before)
		}
	}
}
