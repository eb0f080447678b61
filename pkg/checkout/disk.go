package checkout

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"runtime"
	"sync"
	"syscall"
)

// disk is every way in which a checkout is changed. What a flush function belongs to is on disk when it returns nil; every
// one that is handed out must be called.
type disk interface {
	FS() fs.FS
	Lstat(name string) (fs.FileInfo, error)
	Mkdir(name string, mode fs.FileMode) error
	Rename(from, to string) error // both in one directory
	Remove(name string) error
	// Create begins to write a file in the place of a leftover, with this mode whatever the umask says if exact.
	Create(name string, content []byte, mode fs.FileMode, exact bool) (flush func() error)
	// Entries begins to put down what a directory holds: the names that were created, replaced and removed in it.
	Entries(dir string) (flush func() error)
}

// rootDisk is a checkout on disk: no path and no link leads out of it.
type rootDisk struct {
	*near
	*flusher
	begin func(work func()) // does it, or has it done
}

// newRootDisk makes files on every processor: a file system does its part of that on the one that asks for it.
func newRootDisk(root *os.Root) rootDisk {
	var writing sync.WaitGroup
	processors := make(chan struct{}, runtime.GOMAXPROCS(0))
	begin := func(work func()) {
		processors <- struct{}{}
		writing.Go(func() {
			work()
			<-processors
		})
	}
	return rootDisk{&near{root: root, idle: writing.Wait}, newFlusher(), begin}
}

// done closes what was held open.
func (d rootDisk) done() {
	d.leave("")
	d.release()
}

// FS implements disk.
func (d rootDisk) FS() fs.FS { return d.near }

// Mkdir implements disk.
func (d rootDisk) Mkdir(name string, mode fs.FileMode) error {
	dir, base, err := d.at(name)
	if err != nil {
		return err
	}
	return dir.Mkdir(base, mode)
}

// Rename implements disk; both are in one directory.
func (d rootDisk) Rename(from, to string) error {
	dir, base, err := d.at(to)
	if err != nil {
		return err
	}
	return dir.Rename(path.Base(from), base)
}

// Remove implements disk.
func (d rootDisk) Remove(name string) error {
	if d.open[name] != nil {
		d.leave(name) // Windows keeps a directory that is open
	}
	dir, base, err := d.at(name)
	if err != nil {
		return err
	}
	return dir.Remove(base)
}

// Create implements disk.
func (d rootDisk) Create(name string, content []byte, mode fs.FileMode, exact bool) (flush func() error) {
	dir, base, err := d.at(name)
	if err != nil {
		return func() error { return err }
	}
	var flushed func() error
	d.begin(func() {
		f, failed := create(dir, base, content, mode, exact)
		if err = failed; err == nil {
			flushed = d.flush(f)
		}
	})
	return func() error {
		d.idle()
		if err != nil {
			return err
		}
		return flushed()
	}
}

// create writes a file in the place of a leftover.
func create(dir *os.Root, name string, content []byte, mode fs.FileMode, exact bool) (*os.File, error) {
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	f, err := dir.OpenFile(name, flags, mode)
	if errors.Is(err, fs.ErrExist) {
		_ = dir.Remove(name) // else the next line says why not
		f, err = dir.OpenFile(name, flags, mode)
	}
	if err != nil {
		return nil, err
	}
	if exact {
		err = f.Chmod(mode)
	}
	_, writeErr := f.Write(content)
	if err = errors.Join(err, writeErr); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Entries implements disk.
func (d rootDisk) Entries(dir string) func() error {
	if runtime.GOOS == "windows" { // it flushes no directories, and its file systems log names by themselves
		return func() error { return nil }
	}
	in, _, err := d.at(path.Join(dir, "entries"))
	if err != nil {
		return func() error { return err }
	}
	f, err := in.Open(".")
	if err != nil {
		return func() error { return err }
	}
	wait := d.flush(f)
	return func() error {
		err := wait()
		if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) { // so answer file systems of networks
			return nil
		}
		return err
	}
}
