package checkout

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Apply writes the changes. Everything that can fail comes first: the journal, then every new file under a temporary
// name beside its target, all of them flushed to disk; only then are they renamed into place, and when the disk has the
// names too, the lock file last. Cut off at any moment, by a signal or a loss of power, every file is either old or new,
// and the next run finishes the work. An error before the first rename leaves the checkout as it was.
func Apply(root *os.Root, c *Changes) error {
	d := newRootDisk(root)
	defer d.done()
	return apply(d, c)
}

func apply(d disk, c *Changes) error {
	if n := c.Count(Collide); n > 0 {
		return fmt.Errorf("%d files are in conflict", n)
	}
	if !c.Pending() {
		return nil
	}
	w := &writer{disk: d, there: map[string]bool{".": false}}
	if err := w.stage(c); err != nil {
		return errors.Join(err, w.undo())
	}
	return w.commit(c)
}

// writer notes what it staged, so that it can be taken back.
type writer struct {
	disk    disk
	files   []string        // created, in order
	dirs    []string        // created, outermost first
	flushes []flush         // begun
	there   map[string]bool // directories that exist, and whether this run made them
}

// flush waits until the disk has a path.
type flush struct {
	path string
	wait func() error
}

const temporarySuffix = ".ameide-tmp"

// temporary is the name that a file has until it is complete. It is the same in every run, so that leftovers of a run
// that was cut off are found.
func temporary(name string) string {
	dir, file := path.Split(name)
	return dir + "." + file + temporarySuffix
}

// stage checks that nothing has changed since Compare and writes journal and temporary files.
func (w *writer) stage(c *Changes) error {
	if err := w.untouched(c); err != nil {
		return err
	}
	if c.cut != nil {
		if err := w.cleanUp(c); err != nil {
			return err
		}
	}
	if err := w.journal(c.newLock); err != nil {
		return err
	}
	for _, f := range c.Files {
		if f.New == nil {
			continue
		}
		mode, exact := w.mode(f)
		if err := w.write(f.Path, f.New, mode, exact); err != nil {
			return err
		}
	}
	if name, err := w.flushed(); err != nil {
		return writeError(name, err)
	}
	return w.untouched(c) // writing takes its time: an edit that was saved meanwhile must not be replaced
}

// untouched checks that what Compare read is still there, the lock file included: two runs at once must not undo each
// other.
func (w *writer) untouched(c *Changes) error {
	t := newTree(w.disk.FS())
	now, err := t.read(LockFile, maxLock)
	if err != nil {
		return err
	}
	if c.cut == nil && !bytes.Equal(now, c.oldLock) {
		return changedError(LockFile)
	}
	for _, f := range c.Files {
		if f.New == nil {
			continue
		}
		now, err := t.read(f.Path, maxFile)
		if err != nil {
			return err
		}
		if !bytes.Equal(now, f.Old) || (now == nil) != (f.Old == nil) {
			return changedError(f.Path)
		}
	}
	return nil
}

func changedError(name string) error {
	return &Error{Path: name, Problem: "changed while ameide was at work", Advice: "run it again"}
}

// cleanUp removes what a run left behind that was cut off. What its journal knew goes into the lock file before the
// journal goes: of files that it replaced nothing else tells what was written.
func (w *writer) cleanUp(c *Changes) error {
	for _, f := range c.Files {
		w.remove(temporary(f.Path))
	}
	for _, p := range c.cut.paths {
		w.remove(temporary(p))
	}
	if c.cut.lock != nil {
		if err := w.write(LockFile, c.cut.lock, 0o644, false); err != nil {
			return err
		}
		if err := w.place(LockFile); err != nil {
			return err
		}
		if name, err := w.named("."); err != nil {
			return writeError(name, err)
		}
	}
	w.remove(temporary(LockFile))
	w.remove(journalFile)
	return nil
}

// remove takes a leftover away. Where it cannot, the next write of it says why.
func (w *writer) remove(name string) { _ = w.disk.Remove(name) }

// journal puts the next lock file down under another name, whole or not at all.
func (w *writer) journal(text []byte) error {
	if text == nil {
		return nil
	}
	if err := w.write(journalFile, text, 0o644, false); err != nil {
		return err
	}
	if err := w.place(journalFile); err != nil {
		return err
	}
	w.files = append(w.files, journalFile)
	if name, err := w.named("."); err != nil {
		return writeError(name, err)
	}
	return nil
}

// place gives the one file that was written its name, once its content is on disk.
func (w *writer) place(name string) error {
	if name, err := w.flushed(); err != nil {
		return writeError(name, err)
	}
	if err := w.disk.Rename(temporary(name), name); err != nil {
		return writeError(name, err)
	}
	return nil
}

// named waits until the disk has the names of everything in these directories.
func (w *writer) named(dirs ...string) (name string, err error) {
	for _, dir := range dirs {
		w.flushes = append(w.flushes, flush{dir, w.disk.Entries(dir)})
	}
	return w.flushed()
}

// mode is the mode of the file that is replaced, which is kept exactly, or of the plan, which the umask bounds.
func (w *writer) mode(f Change) (mode fs.FileMode, exact bool) {
	if f.Old == nil {
		return f.Mode, false
	}
	if info, err := w.disk.Lstat(f.Path); err == nil {
		return info.Mode().Perm(), true
	}
	return f.Mode, false
}

// write begins to put the content of a file down under its temporary name.
func (w *writer) write(name string, content []byte, mode fs.FileMode, exact bool) error {
	if err := w.mkdir(path.Dir(name)); err != nil {
		return writeError(name, err)
	}
	w.files = append(w.files, temporary(name))
	w.flushes = append(w.flushes, flush{name, w.disk.Create(temporary(name), content, mode, exact)})
	return nil
}

// flushed waits until everything that was begun is on disk, and returns the first path that does not get there.
func (w *writer) flushed() (name string, err error) {
	for _, f := range w.flushes {
		if failed := f.wait(); failed != nil && err == nil {
			name, err = f.path, failed
		}
	}
	w.flushes = nil
	return name, err
}

// mkdir creates a directory and its parents, and remembers which ones are new.
func (w *writer) mkdir(dir string) error {
	if _, known := w.there[dir]; known {
		return nil
	}
	parent := path.Dir(dir)
	if err := w.mkdir(parent); err != nil {
		return err
	}
	if !w.there[parent] { // there is nothing yet in a new one
		if _, err := w.disk.Lstat(dir); err == nil {
			w.there[dir] = false
			return nil
		}
	}
	err := w.disk.Mkdir(dir, 0o755)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	w.there[dir] = err == nil
	if err == nil {
		w.dirs = append(w.dirs, dir)
	}
	return nil
}

func writeError(name string, err error) error {
	return &Error{Path: name, Problem: "cannot be written; nothing was changed", Advice: "check free space and the right to write there", Err: cause(err)}
}

// undo takes back everything that was staged, the journal last: as long as there are temporary files it tells of them.
func (w *writer) undo() error {
	_, _ = w.flushed() // what is still open cannot be removed everywhere, and it goes anyway
	var errs []error
	for i := len(w.files) - 1; i >= 0; i-- {
		err := w.disk.Remove(w.files[i])
		if _, gone := w.disk.Lstat(w.files[i]); err != nil && gone == nil { // a read-only disk refuses even what is not there
			errs = append(errs, &Error{Path: w.files[i], Problem: "was left behind", Advice: "remove it", Err: cause(err)})
		}
	}
	for i := len(w.dirs) - 1; i >= 0; i-- {
		w.remove(w.dirs[i]) // only if empty: somebody else may have used it meanwhile
	}
	return errors.Join(errs...)
}

// commit renames every file into place and, when the disk has all of their names, the journal to the lock file.
func (w *writer) commit(c *Changes) error {
	var done []string
	for _, f := range c.Files {
		if f.New == nil {
			continue
		}
		if err := w.disk.Rename(temporary(f.Path), f.Path); err != nil {
			return replaceError(f.Path, err, done)
		}
		done = append(done, f.Path)
	}
	if dir, err := w.named(w.directories(done)...); err != nil {
		return replaceError(dir, err, done)
	}
	if c.newLock == nil {
		return nil
	}
	if err := w.disk.Rename(journalFile, LockFile); err != nil {
		return replaceError(LockFile, err, done)
	}
	if dir, err := w.named("."); err != nil {
		return replaceError(dir, err, done)
	}
	return nil
}

// directories are those in which something is new, sorted.
func (w *writer) directories(files []string) []string {
	var out []string
	for _, name := range slices.Concat(files, w.dirs) {
		out = append(out, path.Dir(name))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// replaceError lists what was already done.
func replaceError(name string, err error, done []string) error {
	problem := "cannot be replaced; nothing was changed"
	if len(done) > 0 {
		problem = "cannot be replaced; already written are " + strings.Join(done, ", ")
	}
	return &Error{Path: name, Problem: problem, Advice: "run it again to finish", Err: cause(err)}
}
