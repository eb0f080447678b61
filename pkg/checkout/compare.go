package checkout

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
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

	oldLock, newLock []byte  // as it is and as it shall be; nil when there is none
	cut              *cutOff // nil unless the last run was cut off
}

// Options of Compare.
type Options struct {
	Force   bool // where an edit and the new version collide, take the new version's lines
	Partial bool // the plan leaves out files on purpose: what it does not name is not reported, and stays remembered
	Collect bool // what is in the way of a file is that file's conflict, and no error: all of them are found
}

// Compare reads what the plan is about and decides, without writing, what each file needs. Files that the lock file
// knows and the plan does not are reported as skipped and stay remembered: nothing is ever deleted.
func Compare(fsys fs.FS, plan Plan, o Options) (*Changes, error) {
	if err := plan.validate(); err != nil {
		return nil, err
	}
	t := newTree(fsys)
	present := make([]present, len(plan))
	m, err := readMemory(t, func() {
		for i, f := range plan {
			present[i] = t.look(f.Path)
		}
	})
	if err != nil {
		return nil, err
	}
	c := &Changes{oldLock: m.text, cut: m.cut}
	next := lock{}
	for i, f := range plan {
		change, err := compare(t, f, present[i], m.known, o)
		if err != nil {
			return nil, err
		}
		if change.base != nil {
			next[f.Path] = m.known.remember(change)
		}
		c.Files = append(c.Files, change)
	}
	gone, err := forgotten(t, m.known, plan, next)
	if err != nil {
		return nil, err
	}
	if o.Partial {
		m.known.keep(plan, next)
	} else {
		c.Files = append(c.Files, gone...)
	}
	slices.SortFunc(c.Files, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	if len(next) > 0 || c.oldLock != nil {
		c.newLock = next.bytes()
	}
	return c, nil
}

// Join is several compared plans as one, which is applied as a whole. What two of them create alike is the first one's; the
// other one's becomes skipped. It is an error when two disagree about a file, or when one is not Joinable.
func Join(all []*Changes) (*Changes, error) {
	if len(all) == 1 {
		return all[0], nil
	}
	joined := &Changes{}
	created := map[string][]byte{}
	for _, c := range all {
		if !c.Joinable() {
			return nil, errors.New("a plan that changes the lock file must be applied alone")
		}
		for i, f := range c.Files {
			first, twice := created[f.Path]
			switch {
			case f.New == nil:
			case !twice:
				created[f.Path] = f.New
			case !bytes.Equal(first, f.New):
				return nil, &Error{Path: f.Path, Problem: "planned twice, and not alike"}
			default:
				c.Files[i].Action, c.Files[i].New, c.Files[i].Reason = Skip, nil, exists
			}
		}
		joined.oldLock, joined.newLock = c.oldLock, c.newLock
		joined.Files = append(joined.Files, c.Files...)
	}
	return joined, nil
}

// Joinable tells whether a plan leaves the lock file as it is and has nothing of a run that was cut off to clean up.
func (c *Changes) Joinable() bool { return c.cut == nil && sameLines(c.oldLock, c.newLock) }

// exists is why a file that is written once is left alone.
const exists = "it exists"

// result is the file's bytes when the change is applied.
func (c Change) result() []byte {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

// present is what is in a file's place: its bytes, nil when nothing is, or what stands in the way.
type present struct {
	content []byte
	err     error
}

func (t *tree) look(name string) present {
	content, err := t.read(name, maxFile)
	return present{content, err}
}

func compare(t *tree, f File, p present, known lock, o Options) (Change, error) {
	c := Change{Path: f.Path, Reason: f.Reason, Mode: f.Mode, Action: Unchanged}
	if c.Mode == 0 {
		c.Mode = 0o644
	}
	old, err := p.content, p.err
	if err != nil {
		return c.obstructed(err, o)
	}
	c.Old = old
	if f.Kind == Edited && !f.meant(old) {
		return c, changedError(f.Path)
	}
	switch {
	case f.Kind == Absent:
		c.Action = Skip
	case f.Kind == Once && old != nil:
		c.Action, c.Reason = Skip, exists
	case old == nil:
		c.Action, c.New = Create, f.content()
		err = t.clash(f.Path)
	case f.Kind == Edited && !bytes.Equal(old, f.Content):
		c.Action, c.New = Update, f.content()
	}
	if err != nil {
		return c.obstructed(err, o)
	}
	if f.Kind != Generated {
		return c, nil
	}
	c.base = f.content()
	if old != nil && !sameLines(old, f.Content) {
		c.settle(f, known, o)
	} else if _, wrote := known[f.Path]; wrote && old == nil {
		c.Reason = "it was deleted"
	}
	return c, nil
}

// obstructed is a file that has something else in its place: a conflict where conflicts are collected, else the error.
func (c Change) obstructed(err error, o Options) (Change, error) {
	var obstacle *Error
	if !o.Collect || !errors.As(err, &obstacle) || obstacle.Err != nil {
		return c, err
	}
	c.Action, c.New, c.Reason = Collide, nil, obstacle.Problem+": "+obstacle.Advice
	if obstacle.Path != c.Path {
		c.Reason = obstacle.Path + ": " + c.Reason
	}
	return c, nil
}

// meant tells whether an edited file was computed from these bytes, or is them already: an edit that was saved after they
// were read must not be replaced.
func (f File) meant(old []byte) bool {
	if old == nil {
		return f.From == nil
	}
	return f.From != nil && bytes.Equal(old, f.From) || bytes.Equal(old, f.Content)
}

// content is never nil, which would mean no file.
func (f File) content() []byte {
	if f.Content == nil {
		return []byte{}
	}
	return f.Content
}

// settle decides a generated file that differs from its new version.
func (c *Change) settle(f File, known lock, o Options) {
	e, wrote := known[f.Path]
	if !wrote {
		c.Action, c.Reason = Collide, "exists and was not written by ameide"
		if o.Force {
			c.Action, c.New, c.Reason = Update, f.content(), "replaced (--force)"
		}
		return
	}
	text, conflicts := merge(string(e.base), string(c.Old), string(f.Content))
	switch {
	case len(conflicts) > 0 && !o.Force:
		c.Action, c.Conflicts, c.Reason = Collide, conflicts, "your edit and the new version change the same lines"
	case text == string(c.Old):
		c.Reason = "your edit is kept"
	default:
		c.Action, c.New, c.Reason = Update, []byte(text), mergeReason(sameLines(c.Old, e.base), len(conflicts))
	}
}

func mergeReason(untouched bool, conflicts int) string {
	switch {
	case conflicts > 0:
		return fmt.Sprintf("your edit is overwritten in %d places (--force)", conflicts)
	case untouched:
		return ""
	}
	return "merged with your edit"
}

// keep remembers what a partial plan says nothing about.
func (l lock) keep(plan Plan, next lock) {
	planned := map[string]bool{}
	for _, f := range plan {
		planned[f.Path] = true
	}
	for p, e := range l {
		if !planned[p] {
			next[p] = e
		}
	}
}

// forgotten are files that were generated once, are not any more, and are still there. They stay in the next lock: a plan
// that names them again finds what it wrote.
func forgotten(t *tree, known lock, plan Plan, next lock) ([]Change, error) {
	planned := map[string]bool{}
	for _, f := range plan {
		planned[f.Path] = true
	}
	var gone []Change
	for p, e := range known {
		if planned[p] {
			continue
		}
		info, err := t.lstat(p)
		if err != nil {
			return nil, err
		}
		if info != nil {
			next[p] = e
			gone = append(gone, Change{Path: p, Action: Skip, Reason: "no longer generated; delete it when nothing needs it"})
		}
	}
	return gone, nil
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
	if c.Pending() && c.Count(Create)+c.Count(Update)+c.Count(Collide) == 0 {
		s += "; " + LockFile + " is out of date"
	}
	return s
}

// Pending tells whether Apply would write anything, the lock file included.
func (c *Changes) Pending() bool {
	return c.Count(Create)+c.Count(Update) > 0 || c.cut != nil || !sameLines(c.oldLock, c.newLock)
}
