package checkout

import (
	"io/fs"
	"os"
	"path"
	"strings"
)

// Files is a checkout for Compare, and for one goroutine: directories stay open while files in them are read. The caller
// closes it with done.
func Files(root *os.Root) (fsys fs.FS, done func()) {
	n := &near{root: root}
	return n, func() { n.leave(0) }
}

// near is a checkout in which the directories on the way to the last file stay open. From its root every path costs an
// open and a close for each of its parts, and a run asks for files in the order of their paths, each several times.
type near struct {
	root *os.Root
	way  []level // outermost first
}

// level is one open directory.
type level struct {
	dir  string
	root *os.Root
}

// at is the directory of a path, open, and the path's last part.
func (n *near) at(name string) (*os.Root, string, error) {
	if !fs.ValidPath(name) {
		return nil, "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	dir, err := n.enter(path.Dir(name))
	return dir, path.Base(name), err
}

// enter is a directory, open until another one is entered that is not below it.
func (n *near) enter(dir string) (*os.Root, error) {
	if dir == "." {
		return n.root, nil
	}
	here, rest, depth := n.root, dir, 0
	for _, l := range n.way {
		if l.dir == dir {
			return l.root, nil
		}
		if !strings.HasPrefix(dir, l.dir+"/") {
			break
		}
		here, rest = l.root, dir[len(l.dir)+1:]
		depth++
	}
	n.leave(depth)
	for part := range strings.SplitSeq(rest, "/") {
		next, err := here.OpenRoot(part)
		if err != nil {
			return nil, err
		}
		n.way = append(n.way, level{n.below(part), next})
		here = next
	}
	return here, nil
}

// below is a name in the last directory on the way.
func (n *near) below(name string) string {
	if len(n.way) == 0 {
		return name
	}
	return path.Join(n.way[len(n.way)-1].dir, name)
}

// leave closes the directories on the way but the first ones.
func (n *near) leave(keep int) {
	for len(n.way) > keep {
		n.way[len(n.way)-1].root.Close()
		n.way = n.way[:len(n.way)-1]
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
