package checkout

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"
)

func TestFilesAreACheckout(t *testing.T) {
	root := open(t, map[string]string{"a": "1\n", "b/c/d": "2\n", "b/c/e/f": "3\n", "b/cc": "4\n", "bc/d": "5\n", "empty/": ""})
	files, done := Files(root)
	defer done()
	if err := fstest.TestFS(files, "a", "b/c/d", "b/c/e/f", "b/cc", "bc/d"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]error{"gone": fs.ErrNotExist, "b/gone/d": fs.ErrNotExist, "../a": fs.ErrInvalid, "/a": fs.ErrInvalid} {
		if _, err := fs.ReadFile(files, name); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
}

func TestFilesDoNotFollowALinkThatLeavesTheCheckout(t *testing.T) {
	outside := t.TempDir()
	must(t, os.WriteFile(outside+"/secret", []byte("secret\n"), 0o644))
	root := open(t, map[string]string{"a": "1\n"})
	must(t, os.Symlink(outside, root.Name()+"/out"))
	must(t, os.Symlink(outside+"/secret", root.Name()+"/file"))
	files, done := Files(root)
	defer done()
	for _, name := range []string{"out/secret", "file"} {
		if text, err := fs.ReadFile(files, name); err == nil {
			t.Errorf("%s: got %q, want an error", name, text)
		}
	}
}
