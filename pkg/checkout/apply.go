package checkout

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// Apply writes the changes. Everything that can fail comes first: the journal, then every new file under a temporary
// name beside its target, synced to disk; only then are they renamed into place, and the lock file last. Cut off at any
// moment, every file is either old or new, and the next run finishes the work. An error before the first rename leaves
// the checkout as it was.
func Apply(root *os.Root, c *Changes) error {
	if n := c.Count(Collide); n > 0 {
		return fmt.Errorf("%d files are in conflict", n)
	}
	if !c.Pending() {
		return nil
	}
	w := &writer{root: root}
	if err := w.stage(c); err != nil {
		return errors.Join(err, w.undo())
	}
	return w.commit(c)
}

// writer notes what it staged, so that it can be taken back.
type writer struct {
	root  *os.Root
	temps []string
	dirs  []string // created, outermost first
}

// temporary is the name that a file has until it is complete. It is the same in every run, so that leftovers of a run
// that was cut off are overwritten.
func temporary(name string) string {
	dir, file := path.Split(name)
	return dir + "." + file + ".ameide-tmp"
}

// stage checks that nothing has changed since Compare and writes journal and temporary files.
func (w *writer) stage(c *Changes) error {
	for _, f := range c.Files {
		if f.New == nil {
			continue
		}
		now, err := read(w.root.FS(), f.Path)
		if err != nil {
			return err
		}
		if !bytes.Equal(now, f.Old) || (now == nil) != (f.Old == nil) {
			return &Error{Path: f.Path, Problem: "changed while ameide was at work", Advice: "run it again"}
		}
	}
	if c.newLock != nil {
		if err := w.write(journalFile, c.newLock, 0o644); err != nil {
			return err
		}
	}
	for _, f := range c.Files {
		if f.New == nil {
			continue
		}
		if err := w.write(temporary(f.Path), f.New, w.mode(f)); err != nil {
			return err
		}
	}
	return nil
}

// mode is the mode of the file that is replaced, or of the plan.
func (w *writer) mode(f Change) fs.FileMode {
	if info, err := w.root.Lstat(f.Path); err == nil {
		return info.Mode().Perm()
	}
	return f.Mode
}

func (w *writer) write(name string, content []byte, mode fs.FileMode) error {
	if err := w.mkdir(path.Dir(name)); err != nil {
		return writeError(name, err)
	}
	w.temps = append(w.temps, name)
	f, err := w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return writeError(name, err)
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return writeError(name, err)
	}
	return nil
}

// mkdir creates a directory and its parents, and remembers which ones are new.
func (w *writer) mkdir(dir string) error {
	if dir == "." {
		return nil
	}
	if _, err := w.root.Stat(dir); err == nil {
		return nil
	}
	if err := w.mkdir(path.Dir(dir)); err != nil {
		return err
	}
	if err := w.root.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	w.dirs = append(w.dirs, dir)
	return nil
}

func writeError(name string, err error) error {
	return &Error{Path: name, Problem: "cannot be written; nothing was changed", Advice: "check free space and the right to write there", Err: cause(err)}
}

// undo takes back everything that was staged.
func (w *writer) undo() error {
	var errs []error
	for _, name := range w.temps {
		if err := w.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	for i := len(w.dirs) - 1; i >= 0; i-- {
		_ = w.root.Remove(w.dirs[i]) // only if empty: somebody else may have used it meanwhile
	}
	return errors.Join(errs...)
}

// commit renames every file into place and the journal to the lock file.
func (w *writer) commit(c *Changes) error {
	for _, f := range c.Files {
		if f.New == nil {
			continue
		}
		if err := w.root.Rename(temporary(f.Path), f.Path); err != nil {
			return &Error{Path: f.Path, Problem: "cannot be replaced; files before it in the list are new, the others old", Advice: "run it again to finish", Err: cause(err)}
		}
	}
	if c.newLock == nil {
		return nil
	}
	if err := w.root.Rename(journalFile, LockFile); err != nil {
		return &Error{Path: LockFile, Problem: "cannot be replaced", Advice: "run it again to finish", Err: cause(err)}
	}
	return nil
}
