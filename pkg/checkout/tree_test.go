package checkout

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWhatStandsInTheWay(t *testing.T) {
	big := strings.Repeat("x", maxFile+1)
	for _, tc := range []struct {
		name  string
		files map[string]string
		links map[string]string // name to target
		path  string
		want  string
	}{
		{"a file in place of a directory", map[string]string{"a": ""}, nil, "a/b/c", "a: a file is in the way of the directory for a/b/c"},
		{"a directory in place of the file", map[string]string{"a/b/c/": ""}, nil, "a/b/c", "a/b/c: a directory is in the way of the file"},
		{"a link that leaves", nil, map[string]string{"a": "/etc"}, "a/b", "a: a symbolic link is in the way of a/b"},
		{"a link that stays", map[string]string{"d/": ""}, map[string]string{"a": "d"}, "a/b", "a: a symbolic link is in the way of a/b"},
		{"a link in place of the file", map[string]string{"d": ""}, map[string]string{"a": "d"}, "a", "a: a symbolic link is in the place of the file"},
		{"a link to nothing", nil, map[string]string{"a": "nowhere"}, "a", "a: a symbolic link is in the place of the file"},
		{"a link in a circle", nil, map[string]string{"a": "a"}, "a/b", "a: a symbolic link is in the way of a/b"},
		{"a file too large", map[string]string{"a": big}, nil, "a", "a: larger than 5 MiB"},
		{"a file that differs in case", map[string]string{"d/Values.yaml": ""}, nil, "d/values.yaml", "d/values.yaml: exists as d/Values.yaml, which differs in case only"},
		{"a directory that differs in case", map[string]string{"Sources/x": ""}, nil, "sources/a/b", "sources/a/b: exists as Sources, which differs in case only"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := open(t, tc.files)
			for name, target := range tc.links {
				must(t, os.Symlink(target, root.Name()+"/"+name))
			}
			before := everything(t, root)
			_, err := Compare(root.FS(), Plan{{Path: tc.path, Content: []byte("x")}}, Options{Force: true})
			var e *Error
			if !errors.As(err, &e) || err.Error() != tc.want || e.Hint() == "" {
				t.Errorf("got %v\nwant %s, with a hint", err, tc.want)
			}
			if diff := cmp.Diff(before, everything(t, root)); diff != "" {
				t.Errorf("the checkout changed:\n%s", diff)
			}
		})
	}
}

// Both spellings may be there already, on a file system that can hold them.
func TestAFileThatIsThereInBothSpellingsIsRead(t *testing.T) {
	root := open(t, map[string]string{"a": "1", "A": "2"})
	if _, err := Compare(root.FS(), plan(map[string]string{"a": "1"}), Options{}); err != nil {
		t.Error(err)
	}
}

func TestARunWithNothingToDoWritesNothing(t *testing.T) {
	root := open(t, nil)
	p := plan(map[string]string{"a": "1\n", "d/b": "2\n"})
	run(t, root, p, Options{})
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	names := []string{"a", "d/b", LockFile, "d", "."}
	for _, name := range names {
		must(t, root.Chtimes(name, old, old))
	}
	c := run(t, root, p, Options{})
	if c.Pending() {
		t.Error("something is pending")
	}
	for _, name := range names {
		info, err := root.Stat(name)
		must(t, err)
		if !info.ModTime().Equal(old) {
			t.Errorf("%s was written", name)
		}
	}
}

func TestModes(t *testing.T) {
	root := open(t, map[string]string{"theirs.sh": "1\n"})
	must(t, root.Chmod("theirs.sh", 0o775))
	c, err := Compare(root.FS(), Plan{
		{Path: "theirs.sh", Content: []byte("2\n"), From: []byte("1\n"), Kind: Edited},
		{Path: "ours.sh", Content: []byte("x\n"), Mode: 0o755},
		{Path: "plain", Content: []byte("x\n")},
	}, Options{})
	must(t, err)
	must(t, Apply(root, c))
	for name, want := range map[string]os.FileMode{"theirs.sh": 0o775, "ours.sh": 0o755, "plain": 0o644} {
		info, err := root.Stat(name)
		must(t, err)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
}
