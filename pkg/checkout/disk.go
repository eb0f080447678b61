package checkout

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
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
	// Create writes a file that must not exist, with this mode whatever the umask says if exact.
	Create(name string, content []byte, mode fs.FileMode, exact bool) (flush func() error, err error)
	// Entries begins to put down what a directory holds: the names that were created, replaced and removed in it.
	Entries(dir string) (flush func() error)
}

// flushing bounds the files that are flushed, and so held open, at once. A disk flushes many in the time of a few.
const flushing = 16

// rootDisk is a checkout on disk: no path and no link leads out of it.
type rootDisk struct {
	*near
	slots chan struct{}
}

func newRootDisk(root *os.Root) rootDisk {
	return rootDisk{&near{root: root}, make(chan struct{}, flushing)}
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
	dir, base, err := d.at(name)
	if i := slices.IndexFunc(d.way, func(l level) bool { return l.dir == name }); i >= 0 {
		d.leave(i) // Windows keeps a directory that is open
	}
	if err != nil {
		return err
	}
	return dir.Remove(base)
}

// Create implements disk.
func (d rootDisk) Create(name string, content []byte, mode fs.FileMode, exact bool) (flush func() error, err error) {
	dir, base, err := d.at(name)
	if err != nil {
		return nil, err
	}
	d.slots <- struct{}{}
	f, err := dir.OpenFile(base, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		<-d.slots
		return nil, err
	}
	if exact {
		err = f.Chmod(mode)
	}
	_, writeErr := f.Write(content)
	if err = errors.Join(err, writeErr); err != nil {
		<-d.slots
		return nil, errors.Join(err, f.Close())
	}
	return d.flush(f), nil
}

// Entries implements disk.
func (d rootDisk) Entries(dir string) func() error {
	if runtime.GOOS == "windows" { // it flushes no directories, and its file systems log names by themselves
		return func() error { return nil }
	}
	in, err := d.enter(dir)
	if err != nil {
		return func() error { return err }
	}
	d.slots <- struct{}{}
	f, err := in.Open(".")
	if err != nil {
		<-d.slots
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

// flush begins to flush a file, and closes it.
func (d rootDisk) flush(f *os.File) func() error {
	done := make(chan error, 1)
	go func() {
		done <- errors.Join(f.Sync(), f.Close())
		<-d.slots
	}()
	return func() error { return <-done }
}
