package checkout

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// disk is every way in which a checkout is changed. What a flush function belongs to is on disk when it returns nil; every
// one that is handed out must be called.
type disk interface {
	FS() fs.FS
	Lstat(name string) (fs.FileInfo, error)
	Mkdir(name string, mode fs.FileMode) error
	Rename(from, to string) error
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
	*os.Root
	slots chan struct{}
}

func newRootDisk(root *os.Root) rootDisk { return rootDisk{root, make(chan struct{}, flushing)} }

// Create implements disk.
func (d rootDisk) Create(name string, content []byte, mode fs.FileMode, exact bool) (flush func() error, err error) {
	d.slots <- struct{}{}
	f, err := d.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
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
	d.slots <- struct{}{}
	f, err := d.Open(dir)
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
