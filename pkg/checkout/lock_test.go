package checkout

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestALockFileThatCannotBeUsedNamesTheLine(t *testing.T) {
	good := lock{"a": entry{base: []byte("1\n")}, "b": entry{base: []byte("2\n")}}.bytes()
	lines := strings.SplitAfter(string(good), "\n")
	entry := lines[2]
	bomb := fmt.Sprintf("%x %s z\n", make([]byte, 32), new(packer).pack(make([]byte, maxFile+1)))
	for _, tc := range []struct{ name, text, want, hint string }{
		{"another version", strings.Replace(string(good), "version 1", "version 2", 1), `ameide.lock:2: "version 2" is not a lock file version`, "newer"},
		{"not a lock file", "hello\n", `ameide.lock:1: "hello" is not a lock file version`, "newer"},
		{"a duplicate", string(good) + entry, "ameide.lock:5: a is remembered twice", "restore"},
		{"a truncated line", string(good[:len(good)-8]), "ameide.lock:4: ", "restore"},
		{"a broken digest", strings.Replace(string(good), entry[:4], "zzzz", 1), "ameide.lock:3: not a sha256 digest", "restore"},
		{"a short digest", lines[0] + lines[1] + entry[2:], "ameide.lock:3: not a sha256 digest", "restore"},
		{"a long digest", lines[0] + lines[1] + "00" + entry, "ameide.lock:3: not a sha256 digest", "restore"},
		{"broken content", strings.Replace(string(good), new(packer).pack([]byte("1\n")), "!!!!", 1), "ameide.lock:3: damaged content", "restore"},
		{"cut content", strings.Replace(string(good), new(packer).pack([]byte("1\n")), "Mw", 1), "ameide.lock:3: damaged content", "restore"},
		{"a bomb", string(good) + bomb, "ameide.lock:5: damaged content", "restore"},
		{"a path that leaves", strings.Replace(string(good), " a\n", " ../a\n", 1), "ameide.lock:3: not a line that ameide wrote", "restore"},
		{"a merge conflict", lines[0] + lines[1] + "<<<<<<< HEAD\n" + entry + "=======\n" + entry + ">>>>>>> main\n", "ameide.lock:3: Git left a merge conflict here", "git checkout --theirs ameide.lock"},
		{"NUL bytes", string(good) + "\x00\x00\x00\n", "ameide.lock:5: not a line that ameide wrote", "restore"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Compare(open(t, map[string]string{LockFile: tc.text}).FS(), plan(map[string]string{"a": "1\n"}), Options{})
			var e *Error
			if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), tc.want) || !strings.Contains(e.Hint(), tc.hint) {
				t.Errorf("got %v (hint: %v)\nwant %s… (hint: …%s…)", err, e, tc.want, tc.hint)
			}
		})
	}
}

func TestALockFileInCRLFIsUpToDate(t *testing.T) {
	root := open(t, nil)
	p := plan(map[string]string{"a": "1\n"})
	run(t, root, p, Options{})
	write(t, root, LockFile, strings.ReplaceAll(everything(t, root)[LockFile], "\n", "\r\n"))
	c, err := Compare(root.FS(), p, Options{})
	must(t, err)
	if c.Pending() {
		t.Error("a checkout with CRLF line endings is never up to date")
	}
}

// Two branches of a repository add different files: Git merges the lock file line by line.
func TestTheLockFileHasOneLineForEachFileInOrder(t *testing.T) {
	l := lock{}
	for _, name := range []string{"b", "a", "d/c"} {
		l[name] = entry{base: []byte(name)}
	}
	var order []string
	for line := range strings.Lines(string(l.bytes())) {
		if f := strings.Fields(line); len(f) == 3 && len(f[0]) == 64 {
			order = append(order, f[2])
		}
	}
	if diff := cmp.Diff([]string{"a", "b", "d/c"}, order); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestALostLockFileIsWrittenAgain(t *testing.T) {
	root := open(t, nil)
	p := plan(map[string]string{"a": "1\n"})
	run(t, root, p, Options{})
	lockText := everything(t, root)[LockFile]
	must(t, root.Remove(LockFile))
	c := run(t, root, p, Options{})
	if want := "0 created, 0 updated, 1 unchanged; ameide.lock is out of date"; c.Summary() != want {
		t.Errorf("summary %q, want %q", c.Summary(), want)
	}
	if got := everything(t, root)[LockFile]; got != lockText {
		t.Errorf("got %q, want %q", got, lockText)
	}
}

func FuzzLock(f *testing.F) {
	f.Add(lock{"a": entry{base: []byte("1\n")}}.bytes())
	f.Add([]byte("version 1\n<<<<<<< x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := parseLock(LockFile, text)
		if err != nil {
			return
		}
		again, err := parseLock(LockFile, l.bytes())
		if err != nil {
			t.Fatalf("written again it cannot be read: %v", err)
		}
		if diff := cmp.Diff(l, again, cmp.AllowUnexported(entry{})); diff != "" {
			t.Errorf("-first +again:\n%s", diff)
		}
	})
}
