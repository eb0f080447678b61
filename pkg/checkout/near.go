package checkout

import (
	"io/fs"
	"os"
	"path"
	"strings"
)

// Files is a checkout for Compare, and for one goroutine: directories stay open. The caller closes it with done.
func Files(root *os.Root) (fsys fs.FS, done func()) {
	n := &near{root: root}
	return n, func() { n.leave("") }
}

// near is a checkout in which directories stay open. From its root every path costs an open and a close for each of its
// parts, and a run asks for each file several times.
type near struct {
	root *os.Root
	open map[string]*os.Root
	idle func() // returns when nobody works in an open directory; nil where nobody ever does
}

// mostOpen bounds the directories that stay open; a run's own files come on top.
const mostOpen = 128

// at is the directory of a path, open until the next call, and the path's last part.
func (n *near) at(name string) (*os.Root, string, error) {
	if !fs.ValidPath(name) {
		return nil, "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if len(n.open) > mostOpen {
		n.leave("")
	}
	dir, err := n.enter(path.Dir(name))
	return dir, path.Base(name), err
}

func (n *near) enter(dir string) (*os.Root, error) {
	if dir == "." {
		return n.root, nil
	}
	if r := n.open[dir]; r != nil {
		return r, nil
	}
	parent, err := n.enter(path.Dir(dir))
	if err != nil {
		return nil, err
	}
	r, err := parent.OpenRoot(path.Base(dir))
	if err != nil {
		return nil, err
	}
	if n.open == nil {
		n.open = map[string]*os.Root{}
	}
	n.open[dir] = r
	return r, nil
}

// leave closes a directory and what is below it; all of them for the empty name.
func (n *near) leave(dir string) {
	if len(n.open) > 0 && n.idle != nil {
		n.idle()
	}
	for name, r := range n.open {
		if dir == "" || name == dir || strings.HasPrefix(name, dir+"/") {
			r.Close()
			delete(n.open, name)
		}
	}
}

// Open implements fs.FS.
func (n *near) Open(name string) (fs.File, error) {
	dir, base, err := n.at(name)
	if err != nil {
		return nil, err
	}
	return dir.Open(base)
}

// Lstat implements fs.ReadLinkFS.
func (n *near) Lstat(name string) (fs.FileInfo, error) {
	dir, base, err := n.at(name)
	if err != nil {
		return nil, err
	}
	return dir.Lstat(base)
}

// ReadLink implements fs.ReadLinkFS.
func (n *near) ReadLink(name string) (string, error) {
	dir, base, err := n.at(name)
	if err != nil {
		return "", err
	}
	return dir.Readlink(base)
}
