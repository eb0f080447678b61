package checkout

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	udiff "github.com/aymanbagabas/go-udiff"
	"github.com/aymanbagabas/go-udiff/myers"
)

// Action is what happens to a file.
type Action string

// The actions, as scripts read them.
const (
	Create    Action = "create"
	Update    Action = "update"
	Unchanged Action = "unchanged"
	Collide   Action = "conflict"
	Skip      Action = "skip"
)

// Change is what a plan means for one file of the checkout.
type Change struct {
	Path      string
	Action    Action
	Reason    string
	Old       []byte // as it is; nil when the file does not exist
	New       []byte // as it shall be; nil when nothing shall be written
	Mode      fs.FileMode
	Conflicts []Conflict // with action conflict; none when ameide never wrote the file

	base []byte // what the lock file shall remember; nil for files that are not generated
}

// Changes is a compared plan, sorted by path, ready for Apply.
type Changes struct {
	Files []Change

	oldLock, newLock []byte // nil when there is no lock file
	journal          bool   // a run was cut off
}

// Options of Compare.
type Options struct {
	Force bool // where an edit and the new version collide, take the new version
}

// Compare reads what the plan is about and decides, without writing, what each file needs. Files that the lock file
// knows and the plan does not are reported as skipped: nothing is ever deleted.
func Compare(fsys fs.FS, plan Plan, o Options) (*Changes, error) {
	if err := plan.validate(); err != nil {
		return nil, err
	}
	known, err := readLock(fsys)
	if err != nil {
		return nil, err
	}
	c := &Changes{}
	next := lock{}
	for _, f := range plan {
		change, err := compare(fsys, f, known, o)
		if err != nil {
			return nil, err
		}
		if change.base != nil {
			next[f.Path] = known.remember(f.Path, change.base, sha256.Sum256(change.result()))
		}
		c.Files = append(c.Files, change)
	}
	c.Files = append(c.Files, forgotten(known, plan)...)
	slices.SortFunc(c.Files, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return c, c.locks(fsys, next)
}

// locks notes the lock file as it is and as it shall be.
func (c *Changes) locks(fsys fs.FS, next lock) error {
	old, err := read(fsys, LockFile)
	if err != nil {
		return err
	}
	c.oldLock = old
	if len(next) > 0 {
		c.newLock = next.bytes()
	}
	_, err = fs.Lstat(fsys, journalFile)
	c.journal = err == nil
	return nil
}

// result is the file's bytes when the change is applied.
func (c Change) result() []byte {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

func compare(fsys fs.FS, f File, known lock, o Options) (Change, error) {
	c := Change{Path: f.Path, Reason: f.Reason, Mode: f.Mode, Action: Unchanged}
	if c.Mode == 0 {
		c.Mode = 0o644
	}
	old, err := read(fsys, f.Path)
	if err != nil {
		return c, err
	}
	c.Old = old
	switch {
	case f.Kind == Absent:
		c.Action = Skip
	case f.Kind == Once && old != nil:
		c.Action, c.Reason = Skip, "it exists"
	case old == nil:
		c.Action, c.New = Create, f.Content
	case f.Kind == Edited && !bytes.Equal(old, f.Content):
		c.Action, c.New = Update, f.Content
	}
	if f.Kind != Generated {
		return c, nil
	}
	c.base = f.Content
	if old != nil && !bytes.Equal(old, f.Content) {
		c.settle(f, known, o)
	} else if _, wrote := known[f.Path]; wrote && old == nil {
		c.Reason = "it was deleted"
	}
	return c, nil
}

// settle decides a generated file that differs from its new version.
func (c *Change) settle(f File, known lock, o Options) {
	e, wrote := known[f.Path]
	merged, conflicts := []byte(nil), []Conflict(nil)
	if wrote {
		merged, conflicts = merge(e.base, c.Old, f.Content)
	}
	switch {
	case wrote && len(conflicts) == 0 && bytes.Equal(merged, c.Old):
		c.Reason = "your edit is kept"
	case wrote && len(conflicts) == 0:
		c.Action, c.New = Update, merged
		if !bytes.Equal(c.Old, e.base) {
			c.Reason = "merged with your edit"
		}
	case o.Force:
		c.Action, c.New, c.Reason = Update, f.Content, "your edit is overwritten (--force)"
	case wrote:
		c.Action, c.Conflicts, c.Reason = Collide, conflicts, "your edit and the new version change the same lines"
	default:
		c.Action, c.Reason = Collide, "exists and was not written by ameide"
	}
}

// forgotten are files that were generated once and are not any more.
func forgotten(known lock, plan Plan) []Change {
	planned := map[string]bool{}
	for _, f := range plan {
		planned[f.Path] = true
	}
	var gone []Change
	for p := range known {
		if !planned[p] {
			gone = append(gone, Change{Path: p, Action: Skip, Reason: "no longer generated; delete it when nothing needs it"})
		}
	}
	return gone
}

// maxFile bounds what is read of one file.
const maxFile = 5 << 20

// read is a file's bytes, nil when it does not exist; anything but a regular file in a place where one shall be is an
// error.
func read(fsys fs.FS, name string) ([]byte, error) {
	if err := way(fsys, name); err != nil {
		return nil, err
	}
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{Path: name, Problem: "cannot be read", Advice: "give yourself the right to read it", Err: cause(err)}
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, &Error{Path: name, Problem: "cannot be read", Err: cause(err)}
	}
	if len(content) > maxFile {
		return nil, &Error{Path: name, Problem: fmt.Sprintf("larger than %d MiB", maxFile>>20), Advice: "check that the path names the right file"}
	}
	return append([]byte{}, content...), nil
}

// way checks that nothing stands in the way of a regular file: no file where a directory must be, no directory or link
// in its place.
func way(fsys fs.FS, name string) error {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		info, err := fs.Lstat(fsys, dir)
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return &Error{Path: dir, Problem: "a symbolic link is in the way of " + name, Advice: "replace the link by a directory"}
		}
		if err == nil && !info.IsDir() {
			return &Error{Path: dir, Problem: "a file is in the way of the directory for " + name, Advice: "move it away"}
		}
	}
	info, err := fs.Lstat(fsys, name)
	switch {
	case err != nil:
		return nil
	case info.IsDir():
		return &Error{Path: name, Problem: "a directory is in the way of the file", Advice: "move it away"}
	case !info.Mode().IsRegular():
		return &Error{Path: name, Problem: "not a regular file", Advice: "replace it by a regular file"}
	}
	return nil
}

// cause is the part of a file error that does not repeat its path.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Count is the number of files with an action.
func (c *Changes) Count(a Action) int {
	n := 0
	for _, f := range c.Files {
		if f.Action == a {
			n++
		}
	}
	return n
}

// Summary is one line about all files.
func (c *Changes) Summary() string {
	s := fmt.Sprintf("%d created, %d updated, %d unchanged", c.Count(Create), c.Count(Update), c.Count(Unchanged))
	if n := c.Count(Collide); n > 0 {
		s += fmt.Sprintf(", %d in conflict", n)
	}
	if n := c.Count(Skip); n > 0 {
		s += fmt.Sprintf(", %d skipped", n)
	}
	return s
}

// Pending tells whether Apply would write anything, the lock file included.
func (c *Changes) Pending() bool {
	return c.Count(Create)+c.Count(Update) > 0 || c.journal || !bytes.Equal(c.oldLock, c.newLock)
}

// Diff is the change as a unified diff, empty when nothing is written.
func (c Change) Diff() string {
	if c.New == nil {
		return ""
	}
	from := "a/" + c.Path
	if c.Old == nil {
		from = "/dev/null"
	}
	old := string(c.Old)
	text, err := udiff.ToUnified(from, "b/"+c.Path, old, myers.ComputeEdits(old, string(c.New)), 3)
	if err != nil { // edits that were computed from the text always fit it
		panic(err)
	}
	return text
}
