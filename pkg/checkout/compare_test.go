package checkout

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatAPlanDoesToAFile(t *testing.T) {
	const v1, v2 = "a\nb\nc\nd\n", "a\nb\nc\nD\n"
	for _, tc := range []struct {
		name   string
		wrote  string // by an earlier run; empty means never
		now    string // in the checkout; "-" means deleted
		file   File
		force  bool
		want   string
		result string
	}{
		{name: "a new file is created", now: "-", file: File{Content: []byte(v2)}, want: "create f", result: v2},
		{name: "the same text is left alone", now: v2, file: File{Content: []byte(v2)}, want: "unchanged f", result: v2},
		{name: "a file nobody edited is updated", wrote: v1, now: v1, file: File{Content: []byte(v2)}, want: "update f", result: v2},
		{name: "an edit is kept", wrote: v2, now: "A\nb\nc\nD\n", file: File{Content: []byte(v2)}, want: "unchanged f (your edit is kept)", result: "A\nb\nc\nD\n"},
		{name: "an edit is merged", wrote: v1, now: "A\nb\nc\nd\n", file: File{Content: []byte(v2)}, want: "update f (merged with your edit)", result: "A\nb\nc\nD\n"},
		{name: "an edit that is the new version", wrote: v1, now: v2, file: File{Content: []byte(v2)}, want: "unchanged f", result: v2},
		{name: "an edit of the same line collides", wrote: v1, now: "a\nb\nc\nmine\n", file: File{Content: []byte(v2)},
			want: "conflict f (your edit and the new version change the same lines)", result: "a\nb\nc\nmine\n"},
		{name: "force takes our lines of a conflict and keeps other edits", wrote: v1, now: "A\nb\nc\nmine\n", file: File{Content: []byte(v2)}, force: true,
			want: "update f (your edit is overwritten in 1 places (--force))", result: "A\nb\nc\nD\n"},
		{name: "a stranger's file collides", now: "theirs\n", file: File{Content: []byte(v2)}, want: "conflict f (exists and was not written by ameide)", result: "theirs\n"},
		{name: "force replaces a stranger's file", now: "theirs\n", file: File{Content: []byte(v2)}, force: true, want: "update f (replaced (--force))", result: v2},
		{name: "a deleted file comes back", wrote: v1, now: "-", file: File{Content: []byte(v2)}, want: "create f (it was deleted)", result: v2},
		{name: "line endings alone are no difference", now: "a\r\nb\r\n", file: File{Content: []byte("a\nb\n")}, want: "unchanged f", result: "a\r\nb\r\n"},
		{name: "CRLF survives an update", wrote: v1, now: "a\r\nb\r\nc\r\nd\r\n", file: File{Content: []byte(v2)}, want: "update f", result: "a\r\nb\r\nc\r\nD\r\n"},
		{name: "CRLF survives a merge", wrote: v1, now: "A\r\nb\r\nc\r\nd\r\n", file: File{Content: []byte(v2)}, want: "update f (merged with your edit)", result: "A\r\nb\r\nc\r\nD\r\n"},
		{name: "other people's file is replaced as computed", now: v1, file: File{Content: []byte(v2), From: []byte(v1), Kind: Edited, Reason: "part added"}, want: "update f (part added)", result: v2},
		{name: "other people's file that says it already", now: v2, file: File{Content: []byte(v2), Kind: Edited}, want: "unchanged f", result: v2},
		{name: "other people's file that is missing", now: "-", file: File{Content: []byte(v2), Kind: Edited}, want: "create f", result: v2},
		{name: "other people's file that is empty", now: "", file: File{Content: []byte(v2), From: []byte{}, Kind: Edited}, want: "update f", result: v2},
		{name: "a file for once is written once", now: "-", file: File{Content: []byte(v2), Kind: Once}, want: "create f", result: v2},
		{name: "a file for once is never touched again", now: "theirs\n", file: File{Content: []byte(v2), Kind: Once}, force: true, want: "skip f (it exists)", result: "theirs\n"},
		{name: "an absent file is only reported", now: "-", file: File{Kind: Absent, Reason: "no chart"}, want: "skip f (no chart)", result: "-"},
		{name: "an empty file is a file", now: "-", file: File{}, want: "create f", result: ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := open(t, nil)
			if tc.wrote != "" {
				run(t, root, Plan{{Path: "f", Content: []byte(tc.wrote)}}, Options{})
			}
			if tc.now == "-" {
				_ = root.Remove("f")
			} else {
				write(t, root, "f", tc.now)
			}
			tc.file.Path = "f"
			c, err := Compare(root.FS(), Plan{tc.file}, Options{Force: tc.force})
			must(t, err)
			if got := strings.Join(actions(c), ", "); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if err := Apply(root, c); (err != nil) != (c.Count(Collide) > 0) {
				t.Errorf("apply: %v", err)
			}
			got, there := snapshot(t, root)["f"]
			if !there {
				got = "-"
			}
			if got != tc.result {
				t.Errorf("result %q, want %q", got, tc.result)
			}
			if c.Count(Collide) > 0 {
				return
			}
			if again, err := Compare(root.FS(), Plan{tc.file}, Options{}); err != nil || again.Pending() {
				t.Errorf("a second run is not empty: %v, %v", again, err)
			}
		})
	}
}

// After a merge the next version is merged again: the user's edit is not mistaken for ours.
func TestAnEditOutlivesManyVersions(t *testing.T) {
	root := open(t, nil)
	version := func(n string) Plan { return plan(map[string]string{"f": "one\ntwo\nthree\nversion " + n + "\n"}) }
	run(t, root, version("1"), Options{})
	write(t, root, "f", "mine\ntwo\nthree\nversion 1\n")
	for _, n := range []string{"2", "3", "4"} {
		run(t, root, version(n), Options{})
		if got, want := snapshot(t, root)["f"], "mine\ntwo\nthree\nversion "+n+"\n"; got != want {
			t.Fatalf("version %s: got %q, want %q", n, got, want)
		}
	}
}

func TestAConflictInOneFileWritesNone(t *testing.T) {
	root := open(t, nil)
	run(t, root, plan(map[string]string{"a": "1\n", "b": "1\n"}), Options{})
	write(t, root, "b", "mine\n")
	before := everything(t, root)
	c, err := Compare(root.FS(), plan(map[string]string{"a": "2\n", "b": "2\n", "c": "2\n"}), Options{})
	must(t, err)
	if err := Apply(root, c); err == nil {
		t.Error("a plan with a conflict was applied")
	}
	if diff := cmp.Diff(before, everything(t, root)); diff != "" {
		t.Errorf("the checkout changed, -before +after:\n%s", diff)
	}
	if got, want := c.Summary(), "1 created, 1 updated, 0 unchanged, 1 in conflict"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
}

func TestFilesNoLongerGenerated(t *testing.T) {
	both := plan(map[string]string{"a": "1\nx\ny\n", "b": "1\nx\ny\n"})
	root := open(t, nil)
	run(t, root, both, Options{})
	for range 2 { // they are reported as long as they are there
		c := run(t, root, plan(map[string]string{"a": "1\nx\ny\n"}), Options{})
		want := []string{"unchanged a", "skip b (no longer generated; delete it when nothing needs it)"}
		if diff := cmp.Diff(want, actions(c)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	// A plan that leaves b out on purpose does not speak of it, and the next whole one still merges it.
	if c := run(t, root, plan(map[string]string{"a": "1\nx\ny\n"}), Options{Partial: true}); c.Pending() || len(c.Files) != 1 {
		t.Errorf("a partial plan: %v, pending %t", actions(c), c.Pending())
	}
	write(t, root, "b", "1\nx\nmine\n")
	run(t, root, plan(map[string]string{"a": "1\nx\ny\n", "b": "2\nx\ny\n"}), Options{})
	if got := snapshot(t, root)["b"]; got != "2\nx\nmine\n" {
		t.Errorf("b is %q, want the merge", got)
	}
	must(t, root.Remove("b"))
	if c := run(t, root, plan(map[string]string{"a": "1\nx\ny\n"}), Options{}); len(c.Files) != 1 {
		t.Errorf("a forgotten file that is gone is still reported: %v", actions(c))
	}
}

func TestPlansThatCannotBe(t *testing.T) {
	for _, tc := range []struct {
		paths []string
		want  string
	}{
		{[]string{"../x"}, "not a path inside the checkout"},
		{[]string{"/x"}, "not a path inside the checkout"},
		{[]string{"."}, "not a path inside the checkout"},
		{[]string{`a\b`}, "not a path inside the checkout"},
		{[]string{"a\nb"}, "not a path inside the checkout"},
		{[]string{"a\x00"}, "not a path inside the checkout"},
		{[]string{".git/config"}, "inside Git's own directory"},
		{[]string{"sub/.GIT/hooks/x"}, "inside Git's own directory"},
		{[]string{"ameide.lock"}, "keeps for itself"},
		{[]string{".ameide.lock.pending"}, "keeps for itself"},
		{[]string{"x/.y.ameide-tmp"}, "keeps for itself"},
		{[]string{"x", "x"}, "planned twice"},
		{[]string{"Readme", "README"}, "planned twice"},
		{[]string{"x", "x/y"}, "also planned as the file"},
		{[]string{"x/y", "x"}, "planned twice"},
		{[]string{"x/y", "X/z"}, "also spelt x"},
	} {
		var p Plan
		for _, name := range tc.paths {
			p = append(p, File{Path: name})
		}
		_, err := Compare(open(t, nil).FS(), p, Options{})
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: got %v, want %q", tc.paths, err, tc.want)
		}
	}
}

// An edit of the user's alone is no change of ours: CI must not ask for a run that writes nothing but the lock file.
func TestAUsersEditAloneLeavesNothingToDo(t *testing.T) {
	root := open(t, nil)
	p := plan(map[string]string{"a.yaml": "one: 1\ntwo: 2\n"})
	first, err := Compare(root.FS(), p, Options{})
	must(t, err)
	must(t, Apply(root, first))
	must(t, root.WriteFile("a.yaml", []byte("one: 1\ntwo: two\n"), 0o644))
	second, err := Compare(root.FS(), p, Options{})
	must(t, err)
	if second.Pending() {
		t.Errorf("a run would change something: %s", second.Summary())
	}
}

// The plan was computed from what was read before: an edit that was saved since then must not be lost.
func TestAFileThatChangedSinceItsPartWasComputedIsNotLost(t *testing.T) {
	for name, tc := range map[string]struct{ from, now []byte }{
		"edited":  {[]byte("1\n"), []byte("edited meanwhile\n")},
		"emptied": {[]byte("1\n"), []byte{}},
		"created": {nil, []byte("1\n")},
		"emerged": {nil, []byte{}},
		"deleted": {[]byte("1\n"), nil},
		"gone":    {[]byte{}, nil},
	} {
		root := open(t, nil)
		if tc.now != nil {
			write(t, root, "f", string(tc.now))
		}
		_, err := Compare(root.FS(), Plan{{Path: "f", Content: []byte("2\n"), From: tc.from, Kind: Edited}}, Options{})
		if err == nil || err.Error() != "f: changed while ameide was at work" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
