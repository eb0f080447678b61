package checkout

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMerge(t *testing.T) {
	const base = "a\nb\nc\nd\ne\n"
	for _, tc := range []struct {
		name, base, yours, new, want string
		conflicts                    int
	}{
		{"edits of different lines are both taken", base, "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "A\nb\nc\nd\nE\n", 0},
		{"insertions in different places are both taken", base, "0\na\nb\nc\nd\ne\n", "a\nb\nc\nd\ne\nf\n", "0\na\nb\nc\nd\ne\nf\n", 0},
		{"a deletion of yours stays", base, "a\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "a\nc\nd\nE\n", 0},
		{"the same edit on both sides is one edit", base, "a\nB\nc\nd\ne\n", "a\nB\nc\nd\nE\n", "a\nB\nc\nd\nE\n", 0},
		{"the same line changed twice collides", base, "a\nb\nyours\nd\ne\n", "a\nb\nnew\nd\ne\n", "a\nb\nnew\nd\ne\n", 1},
		{"your deletion of a changed line collides", base, "a\nb\nd\ne\n", "a\nb\nnew\nd\ne\n", "a\nb\nnew\nd\ne\n", 1},
		{"edits of neighbouring lines collide", base, "a\nB\nc\nd\ne\n", "a\nb\nC\nd\ne\n", "a\nb\nC\nd\ne\n", 1},
		{"two insertions in one place collide", base, "a\nb\nx\nc\nd\ne\n", "a\nb\ny\nc\nd\ne\n", "a\nb\ny\nc\nd\ne\n", 1},
		{"beside a conflict your other edits stay", base, "A\nb\nc\nyours\ne\n", "a\nb\nc\nnew\ne\n", "A\nb\nc\nnew\ne\n", 1},
		{"everything deleted", base, "", "a\nb\nc\nd\nE\n", "a\nb\nc\nd\nE\n", 1},
		{"CRLF of yours stays, for new lines too", base, "A\r\nb\r\nc\r\nd\r\ne\r\n", "a\nb\nc\nd\ne\nf\n", "A\r\nb\r\nc\r\nd\r\ne\r\nf\r\n", 0},
		{"one CRLF line of yours does not spread", base, "a\r\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "a\r\nb\nc\nd\nE\n", 0},
		{"a base in CRLF and yours in LF", "a\r\nb\r\nc\r\n", "a\nb\nc\n", "a\r\nb\r\nC\r\n", "a\nb\nC\n", 0},
		{"your missing last line feed stays missing", base, "a\nb\nc\nd\ne", "A\nb\nc\nd\ne\n", "A\nb\nc\nd\ne", 0},
		{"a last line feed that the new version adds", "a\nb\nc", "A\nb\nc", "a\nb\nc\n", "A\nb\nc\n", 0},
		{"appended behind a line without line feed", "a\nb\nc", "a\nb\nc", "a\nb\nc\nd", "a\nb\nc\nd", 0},
		{"no byte of a line is read as text", "a\n\xff\xfe\nc\nd\n", "a\n\xff\xfe\nc\nD\n", "A\n\xff\xfe\nc\nd\n", "A\n\xff\xfe\nc\nD\n", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, conflicts := merge(tc.base, tc.yours, tc.new)
			if got != tc.want || len(conflicts) != tc.conflicts {
				t.Errorf("got %q with %d conflicts, want %q with %d", got, len(conflicts), tc.want, tc.conflicts)
			}
		})
	}
}

func TestAConflictShowsAllThreeSides(t *testing.T) {
	_, conflicts := merge("a\nb\nc\n", "0\na\nyours\nc\n", "a\nnew\nnewer\nc\n")
	want := []Conflict{{Line: 3, Base: []string{"b"}, Yours: []string{"yours"}, New: []string{"new", "newer"}}}
	if diff := cmp.Diff(want, conflicts); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
	text := "line 3\n<<<<<<< yours\nyours\n||||||| as ameide wrote it\nb\n=======\nnew\nnewer\n>>>>>>> new version\n"
	if got := conflicts[0].String(); got != text {
		t.Errorf("got\n%s\nwant\n%s", got, text)
	}
}

// A large rewrite far from an edit must not swallow it: a bounded search for common lines gives up there.
func TestAnEditSurvivesALargeRewriteElsewhere(t *testing.T) {
	var base, new []string
	for i := range 2000 {
		base = append(base, "kept "+strings.Repeat("x", i%50)+string(rune('a'+i%26))+strings.Repeat("y", i/50))
		new = append(new, base[i])
		if i < 1900 && i%3 == 0 {
			new[len(new)-1] += " rewritten"
		}
	}
	yours := slices.Clone(base)
	yours[1950] = "mine"
	want := slices.Clone(new)
	want[1950] = "mine"
	join := func(lines []string) string { return strings.Join(lines, "\n") + "\n" }
	got, conflicts := merge(join(base), join(yours), join(new))
	if got != join(want) || len(conflicts) > 0 {
		t.Errorf("%d conflicts, text as wanted: %t", len(conflicts), got == join(want))
	}
}

func FuzzMerge(f *testing.F) {
	for _, seed := range [][3]string{
		{"a\nb\nc\n", "a\nB\nc\n", "a\nb\nC\n"}, {"", "a", "b\n"}, {"a\r\nb\r\n", "a\nb\n", "a\r\nb\r\nc\r\n"},
		{"a\na\na\n", "a\n", "a\na\na\na\n"}, {"x\ny", "x\ny\n", "x"}, {"\r\n\n\r", "\n", "\r\r\n"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, base, yours, new string) {
		same := func(what, got, want string, conflicts []Conflict) {
			if got != want || len(conflicts) > 0 {
				t.Errorf("%s: got %q with %d conflicts, want %q", what, got, len(conflicts), want)
			}
		}
		got, conflicts := merge(base, yours, base)
		same("nothing new", got, yours, conflicts)
		got, conflicts = merge(base, base, new)
		same("no edit", got, new, conflicts)
		got, conflicts = merge(base, new, new)
		same("the same edit", got, new, conflicts)

		got, conflicts = merge(base, yours, new)
		if len(conflicts) > 0 || strings.Contains(base+yours+new, "\r\r") || strings.HasSuffix(base, "\r") || strings.HasSuffix(yours, "\r") || strings.HasSuffix(new, "\r") {
			return // a carriage return that ends a line without being part of its ending becomes part of it
		}
		again, conflicts := merge(new, got, new)
		same("a second run", again, got, conflicts)
		there := counts(base)
		mine, theirs := changed(base, yours), changed(base, new)
		merged := counts(got)
		for line := range union(there, mine.added, theirs.added) {
			least := there[line] - mine.removed[line] - theirs.removed[line] + max(mine.added[line], theirs.added[line])
			if merged[line] < least {
				t.Errorf("line %q is %d times in the merge %q, want %d at least", line, merged[line], got, least)
			}
		}
	})
}

func counts(text string) map[string]int {
	n := map[string]int{}
	for _, l := range bares(splitLines(text)) {
		n[l]++
	}
	return n
}

// edit tells how often each line was added and removed.
type edit struct{ added, removed map[string]int }

func changed(from, to string) edit {
	a, b := bares(splitLines(from)), bares(splitLines(to))
	e := edit{map[string]int{}, map[string]int{}}
	for _, h := range diffLines(a, b) {
		for _, l := range a[h.a0:h.a1] {
			e.removed[l]++
		}
		for _, l := range b[h.b0:h.b1] {
			e.added[l]++
		}
	}
	return e
}

func union(sets ...map[string]int) map[string]int {
	all := map[string]int{}
	for _, s := range sets {
		maps.Copy(all, s)
	}
	return all
}

func TestDiffTurnsOldIntoNew(t *testing.T) {
	c := Change{Path: "f", Old: []byte("a\nb\n-- x\nc\nd\ne\nf\ng\nh"), New: []byte("a\nB\nc\nd\ne\nf\ng\nh\n")}
	want := "--- a/f\n+++ b/f\n@@ -1,9 +1,8 @@\n a\n-b\n--- x\n+B\n c\n d\n e\n f\n g\n-h\n\\ No newline at end of file\n+h\n"
	if diff := cmp.Diff(want, c.Diff()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	kinds := []LineKind{Header, Header, Hunk, Context, Removed, Removed, Added, Context, Context, Context, Context, Context, Removed, Context, Added}
	var got []LineKind
	for _, l := range c.DiffLines() {
		got = append(got, l.Kind)
	}
	if diff := cmp.Diff(kinds, got); diff != "" {
		t.Errorf("kinds, -want +got:\n%s", diff)
	}
}

func TestDiffOfANewFileAndOfNone(t *testing.T) {
	got := Change{Path: "f", New: []byte("a\n")}.Diff()
	if want := "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+a\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if c := (Change{Path: "f", Old: []byte("a\n")}); c.Diff() != "" || c.DiffLines() != nil {
		t.Errorf("a file that is not written has the diff %q", c.Diff())
	}
}

func TestAFileThatIsNotTextIsNeverMerged(t *testing.T) {
	if _, conflicts := merge("a\n", "a\x00\n", "b\na\n"); len(conflicts) == 0 {
		t.Error("a file with a NUL byte was merged line by line")
	}
}
