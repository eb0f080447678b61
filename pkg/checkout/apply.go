package checkout

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Apply writes the changes. Everything that can fail comes first: the journal, then every new file under a temporary
// name beside its target, synced to disk; only then are they renamed into place, and the lock file last. Cut off at any
// moment, every file is either old or new, and the next run finishes the work. An error before the first rename leaves
// the checkout as it was.
func Apply(root *os.Root, c *Changes) error { return apply(rootDisk{root}, c) }

func apply(d disk, c *Changes) error {
	if n := c.Count(Collide); n > 0 {
		return fmt.Errorf("%d files are in conflict", n)
	}
	if !c.Pending() {
		return nil
	}
	w := &writer{disk: d}
	if err := w.stage(c); err != nil {
		return errors.Join(err, w.undo())
	}
	return w.commit(c)
}

// disk is every way in which a checkout is changed.
type disk interface {
	FS() fs.FS
	Lstat(name string) (fs.FileInfo, error)
	Mkdir(name string, mode fs.FileMode) error
	Rename(from, to string) error
	Remove(name string) error
	// Create writes a file that must not exist, with this mode whatever the umask says if exact, and syncs it.
	Create(name string, content []byte, mode fs.FileMode, exact bool) error
}

// rootDisk is a checkout on disk: no path and no link leads out of it.
type rootDisk struct{ *os.Root }

// Create implements disk.
func (d rootDisk) Create(name string, content []byte, mode fs.FileMode, exact bool) error {
	f, err := d.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if exact {
		err = f.Chmod(mode)
	}
	_, writeErr := f.Write(content)
	return errors.Join(err, writeErr, f.Sync(), f.Close())
}

// writer notes what it staged, so that it can be taken back.
type writer struct {
	disk  disk
	files []string // created, in order
	dirs  []string // created, outermost first
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
		return &Error{Path: LockFile, Problem: "changed while ameide was at work", Advice: "run it again"}
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
			return &Error{Path: f.Path, Problem: "changed while ameide was at work", Advice: "run it again"}
		}
	}
	return nil
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
		if err := w.disk.Rename(temporary(LockFile), LockFile); err != nil {
			return writeError(LockFile, err)
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
	if err := w.disk.Rename(temporary(journalFile), journalFile); err != nil {
		return writeError(journalFile, err)
	}
	w.files = append(w.files, journalFile)
	return nil
}

// mode is the mode of the file that is replaced, which is kept exactly, or of the plan, which the umask bounds.
func (w *writer) mode(f Change) (mode fs.FileMode, exact bool) {
	if info, err := w.disk.Lstat(f.Path); err == nil {
		return info.Mode().Perm(), true
	}
	return f.Mode, false
}

// write puts the content of a file down under its temporary name.
func (w *writer) write(name string, content []byte, mode fs.FileMode, exact bool) error {
	if err := w.mkdir(path.Dir(name)); err != nil {
		return writeError(name, err)
	}
	w.remove(temporary(name))
	w.files = append(w.files, temporary(name))
	if err := w.disk.Create(temporary(name), content, mode, exact); err != nil {
		return writeError(name, err)
	}
	return nil
}

// mkdir creates a directory and its parents, and remembers which ones are new.
func (w *writer) mkdir(dir string) error {
	if dir == "." {
		return nil
	}
	if _, err := w.disk.Lstat(dir); err == nil {
		return nil
	}
	if err := w.mkdir(path.Dir(dir)); err != nil {
		return err
	}
	err := w.disk.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		w.dirs = append(w.dirs, dir)
	}
	return err
}

func writeError(name string, err error) error {
	return &Error{Path: name, Problem: "cannot be written; nothing was changed", Advice: "check free space and the right to write there", Err: cause(err)}
}

// undo takes back everything that was staged, the journal last: as long as there are temporary files it tells of them.
func (w *writer) undo() error {
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

// commit renames every file into place and the journal to the lock file.
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
	if c.newLock == nil {
		return nil
	}
	if err := w.disk.Rename(journalFile, LockFile); err != nil {
		return replaceError(LockFile, err, done)
	}
	return nil
}

// replaceError lists what was already done.
func replaceError(name string, err error, done []string) error {
	problem := "cannot be replaced; nothing was changed"
	if len(done) > 0 {
		problem = "cannot be replaced; already written are " + strings.Join(done, ", ")
	}
	return &Error{Path: name, Problem: problem, Advice: "run it again to finish", Err: cause(err)}
}
