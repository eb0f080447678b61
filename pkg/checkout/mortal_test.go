package checkout

import (
	"io/fs"
	"os"
	"path"
	"slices"
)

// quick is a checkout on disk that leaves it to the system when to write.
type quick struct{ *os.Root }

func (q quick) Create(name string, content []byte, mode fs.FileMode, exact bool) func() error {
	f, err := create(q.Root, name, content, mode, exact)
	if err == nil {
		err = f.Close()
	}
	return func() error { return err }
}

func (q quick) Entries(string) func() error { return func() error { return nil } }

// mortal is a disk that dies at one operation, or reports that it is full. A write that it dies of is half done.
type mortal struct {
	quick
	left int   // operations until then
	full error // what it answers from then on; nil kills the run

	power     int             // whether the machine dies with the run; below
	unflushed map[string]bool // files
	renames   []rename        // not flushed
	dirs      []string        // created, not flushed
}

// rename can be undone.
type rename struct {
	from, to string
	old, new []byte // of to; nil when there was none
}

// What a machine takes with it of what was not flushed: nothing if only the run is killed, else every directory, the content
// of every file, and every second name, the last one too or not.
const (
	powerKept = iota
	powerLost
	powerLostLast
	powers
)

type death struct{}

// op counts one operation; the caller goes on only when it returns nil.
func (m *mortal) op(half func()) error {
	if m.left--; m.left >= 0 {
		return nil
	}
	half()
	if m.full == nil {
		m.powerOff()
		panic(death{})
	}
	return m.full
}

// flush is an operation where it makes a difference.
func (m *mortal) flush() error {
	if m.full == nil && m.power == powerKept {
		return nil
	}
	return m.op(nothing)
}

func nothing() {}

// powerOff loses what was not flushed.
func (m *mortal) powerOff() {
	if m.power == powerKept {
		return
	}
	for name := range m.unflushed {
		_ = m.WriteFile(name, []byte("lost"), 0o644)
	}
	for _, dir := range m.dirs {
		_ = m.RemoveAll(dir)
	}
	for i, r := range slices.Backward(m.renames) {
		if (len(m.renames)-i)%2 == m.power-powerLost {
			continue
		}
		_ = m.WriteFile(r.from, r.new, 0o644)
		if r.old == nil {
			_ = m.quick.Remove(r.to)
		} else {
			_ = m.WriteFile(r.to, r.old, 0o644)
		}
	}
}

func (m *mortal) Mkdir(name string, mode fs.FileMode) error {
	if err := m.op(nothing); err != nil {
		return &fs.PathError{Op: "mkdir", Path: name, Err: err}
	}
	m.dirs = append(m.dirs, name)
	return m.quick.Mkdir(name, mode)
}

func (m *mortal) Rename(from, to string) error {
	if m.full != nil {
		return m.quick.Rename(from, to) // a full disk can rename
	}
	_ = m.op(nothing)
	r := rename{from: from, to: to}
	r.old, _ = m.ReadFile(to)
	r.new, _ = m.ReadFile(from)
	m.renames = append(m.renames, r)
	if m.unflushed[from] {
		delete(m.unflushed, from)
		m.unflushed[to] = true
	}
	return m.quick.Rename(from, to)
}

func (m *mortal) Remove(name string) error {
	if m.full == nil {
		_ = m.op(nothing)
	}
	delete(m.unflushed, name)
	return m.quick.Remove(name)
}

func (m *mortal) Create(name string, content []byte, mode fs.FileMode, exact bool) func() error {
	half := func() { _ = m.quick.Create(name, content[:len(content)/2], mode, exact)() }
	if err := m.op(half); err != nil {
		return func() error { return &fs.PathError{Op: "write", Path: name, Err: err} }
	}
	if m.unflushed == nil {
		m.unflushed = map[string]bool{}
	}
	m.unflushed[name] = true
	written := m.quick.Create(name, content, mode, exact)
	return func() error {
		if err := m.flush(); err != nil {
			return &fs.PathError{Op: "sync", Path: name, Err: err}
		}
		delete(m.unflushed, name)
		return written()
	}
}

func (m *mortal) Entries(dir string) func() error {
	return func() error {
		if m.full == nil { // a full disk has room for names that are there
			_ = m.flush()
		}
		m.renames = slices.DeleteFunc(m.renames, func(r rename) bool { return path.Dir(r.to) == dir })
		m.dirs = slices.DeleteFunc(m.dirs, func(d string) bool { return path.Dir(d) == dir })
		return nil
	}
}
