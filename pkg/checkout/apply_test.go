package checkout

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dies tells whether a run died.
func dies(t *testing.T, d disk, p Plan) (died bool) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(death); !ok {
				panic(r)
			}
			died = true
		}
	}()
	c, err := Compare(d.FS(), read(t, d.FS(), p), Options{})
	must(t, err)
	must(t, apply(d, c))
	return false
}

// The checkout of the crash tests: files that nobody edited, that the user edited here and there, new ones, other
// people's.
var (
	firstVersion  = map[string]string{"plain": text("1", "1"), "edited": text("1", "1"), "d/old": text("1", "1")}
	userEdits     = map[string]string{"edited": text("mine", "1"), "theirs": "theirs\n"}
	secondVersion = map[string]string{"plain": text("2", "2"), "edited": text("1", "2"), "d/old": text("1", "2"), "d/new/x": text("2", "2"), "new": text("2", "2"), "far/new/x": "2\n"}
	thirdVersion  = map[string]string{"plain": text("3", "3"), "edited": text("1", "3"), "d/old": text("3", "3"), "d/new/x": text("3", "3"), "new": text("3", "3"), "far/new/x": "3\n"}
)

func text(first, last string) string { return "first " + first + "\n\nmiddle\n\nlast " + last + "\n" }

func versionPlan(files map[string]string, theirs string) Plan {
	return append(plan(files), File{Path: "theirs", Content: []byte(theirs), Kind: Edited})
}

func merged(version map[string]string, theirs, last string) map[string]string {
	want := maps.Clone(version)
	want["theirs"], want["edited"] = theirs, text("mine", last)
	return want
}

// crashes calls check with a checkout whose second run was killed after each possible number of operations, alone or
// with its machine.
func crashes(t *testing.T, powers []int, check func(t *testing.T, d quick)) {
	for _, power := range powers {
		for n := 0; ; n++ {
			root := open(t, nil)
			run(t, root, plan(firstVersion), Options{})
			for name, text := range userEdits {
				write(t, root, name, text)
			}
			d := &mortal{quick: quick{root}, left: n, power: power}
			if !dies(t, d, versionPlan(secondVersion, "theirs\nours\n")) {
				if n < 20 {
					t.Fatalf("a run is only %d operations: the test kills nothing", n)
				}
				break
			}
			t.Run(fmt.Sprintf("killed after %d operations, power %d", n, power), func(t *testing.T) { check(t, d.quick) })
		}
	}
}

func TestAKilledRunLeavesEveryFileOldOrNewAndTheNextOneFinishes(t *testing.T) {
	before := maps.Clone(firstVersion)
	maps.Copy(before, userEdits)
	after := merged(secondVersion, "theirs\nours\n", "2")
	crashes(t, []int{powerKept, powerLost, powerLostLast}, func(t *testing.T, d quick) {
		for name, got := range snapshot(t, d.Root) {
			if leftover(name) {
				continue
			}
			if old, was := before[name]; got != after[name] && (!was || got != old) {
				t.Errorf("%s is neither old nor new: %q", name, got)
			}
		}
		run(t, d.Root, versionPlan(secondVersion, "theirs\nours\n"), Options{})
		if diff := cmp.Diff(after, snapshot(t, d.Root)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		c, err := Compare(d.FS(), read(t, d.FS(), versionPlan(secondVersion, "theirs\nours\n")), Options{})
		if err != nil || c.Pending() {
			t.Errorf("a third run is not empty: %v, %v", actions(c), err)
		}
	})
}

// When a run is over, nothing of it is only in memory.
func TestAFinishedRunOutlivesItsMachine(t *testing.T) {
	for _, power := range []int{powerLost, powerLostLast} {
		root := open(t, nil)
		d := &mortal{quick: quick{root}, left: 1 << 30, power: power}
		if dies(t, d, plan(secondVersion)) {
			t.Fatal("the run died")
		}
		want := everything(t, root)
		d.powerOff()
		if diff := cmp.Diff(want, everything(t, root)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func leftover(name string) bool {
	return strings.HasSuffix(name, temporarySuffix) || name == journalFile
}

// Between the crash and the next run a newer ameide was installed.
func TestARunAfterACrashMayHaveAnotherPlan(t *testing.T) {
	crashes(t, []int{powerKept, powerLost}, func(t *testing.T, d quick) {
		run(t, d.Root, versionPlan(thirdVersion, "theirs\nours 3\n"), Options{})
		if diff := cmp.Diff(merged(thirdVersion, "theirs\nours 3\n", "3"), snapshot(t, d.Root)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

// Between the crash and the next run the user went on editing.
func TestARunAfterACrashMergesLaterEdits(t *testing.T) {
	crashes(t, []int{powerKept}, func(t *testing.T, d quick) {
		write(t, d.Root, "plain", strings.Replace(snapshot(t, d.Root)["plain"], "middle", "later", 1))
		run(t, d.Root, versionPlan(secondVersion, "theirs\nours\n"), Options{})
		want := strings.Replace(secondVersion["plain"], "middle", "later", 1)
		if got := snapshot(t, d.Root)["plain"]; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// The run that shall finish a killed one is killed itself. One in 131 pairs of places is tried.
func TestTwoCrashesInARow(t *testing.T) {
	first := 0
	crashes(t, []int{powerKept}, func(t *testing.T, d quick) {
		saved := everything(t, d.Root)
		first++
		for n := first % 131; ; n += 131 {
			root := open(t, saved)
			if !dies(t, &mortal{quick: quick{root}, left: n, power: n % powers}, versionPlan(thirdVersion, "theirs\nours 3\n")) {
				return
			}
			run(t, root, versionPlan(thirdVersion, "theirs\nours 3\n"), Options{})
			if diff := cmp.Diff(merged(thirdVersion, "theirs\nours 3\n", "3"), snapshot(t, root)); diff != "" {
				t.Fatalf("killed again after %d operations: -want +got:\n%s", n, diff)
			}
		}
	})
}

func TestAFullDiskLeavesTheCheckoutAsItWas(t *testing.T) {
	full := errors.New("no space left on device")
	for n := 0; ; n++ {
		root := open(t, nil)
		run(t, root, plan(firstVersion), Options{})
		for name, text := range userEdits {
			write(t, root, name, text)
		}
		before := everything(t, root)
		c, err := Compare(root.FS(), read(t, root.FS(), versionPlan(secondVersion, "theirs\nours\n")), Options{})
		must(t, err)
		err = apply(&mortal{quick: quick{root}, left: n, full: full}, c)
		if err == nil {
			if n < 5 {
				t.Fatalf("a run is only %d writes: the test fills nothing", n)
			}
			return
		}
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, full) || !strings.Contains(err.Error(), "nothing was changed") || e.Hint() == "" {
			t.Errorf("after %d writes: %v", n, err)
		}
		if diff := cmp.Diff(before, everything(t, root)); diff != "" {
			t.Errorf("after %d writes, -before +after:\n%s", n, diff)
		}
		if _, err := root.Stat("d/new"); err == nil {
			t.Errorf("after %d writes an empty directory is left", n)
		}
	}
}

func TestAFileThatChangesWhileAtWorkIsNotLost(t *testing.T) {
	root := open(t, map[string]string{"theirs": "1\n"})
	c, err := Compare(root.FS(), read(t, root.FS(), versionPlan(map[string]string{"a": "1\n"}, "2\n")), Options{})
	must(t, err)
	write(t, root, "theirs", "edited meanwhile\n")
	before := everything(t, root)
	if err := Apply(root, c); err == nil || err.Error() != "theirs: changed while ameide was at work" {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, everything(t, root)); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
}

func TestAFileThatAppearsWhileAtWorkIsNotLost(t *testing.T) {
	root := open(t, nil)
	c, err := Compare(root.FS(), plan(map[string]string{"a": "1\n"}), Options{})
	must(t, err)
	write(t, root, "a", "")
	if err := Apply(root, c); err == nil || err.Error() != "a: changed while ameide was at work" {
		t.Errorf("got %v", err)
	}
}

// A link under a temporary name must not redirect the write.
func TestALinkUnderATemporaryNameIsNotFollowed(t *testing.T) {
	root := open(t, map[string]string{"victim": "untouched\n"})
	must(t, root.Symlink("victim", temporary("a")))
	run(t, root, plan(map[string]string{"a": "1\n"}), Options{})
	if got := snapshot(t, root); got["victim"] != "untouched\n" || got["a"] != "1\n" {
		t.Errorf("got %q", got)
	}
}

func TestAFailedReplacementListsWhatWasDone(t *testing.T) {
	root := open(t, nil)
	c, err := Compare(root.FS(), plan(map[string]string{"a": "1\n", "b": "1\n"}), Options{})
	must(t, err)
	err = apply(blocked{quick{root}, "b"}, c)
	if want := "b: cannot be replaced; already written are a: permission denied"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	run(t, root, plan(map[string]string{"a": "1\n", "b": "1\n"}), Options{})
	if diff := cmp.Diff(map[string]string{"a": "1\n", "b": "1\n"}, snapshot(t, root)); diff != "" {
		t.Errorf("the next run: -want +got:\n%s", diff)
	}
}

// blocked refuses to replace one file.
type blocked struct {
	quick
	name string
}

func (b blocked) Rename(from, to string) error {
	if to == b.name {
		return &fs.PathError{Op: "rename", Path: to, Err: errors.New("permission denied")}
	}
	return b.quick.Rename(from, to)
}
