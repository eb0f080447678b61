package checkout

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// maxFile bounds what is read of one file.
const maxFile = 5 << 20

// Read is a file's bytes as Compare takes them, nil when it does not exist. What stands in the way of a regular file, a
// link included, is an Error, and so is a file that cannot be read or is larger than 5 MiB.
func Read(fsys fs.FS, name string) ([]byte, error) { return newTree(fsys).read(name, maxFile) }

// tree reads a checkout and remembers what it learnt about directories.
type tree struct {
	fsys  fs.FS
	dirs  map[string]bool                // whether a directory that somebody asked for exists, and is no link
	names map[string]map[string][]string // what is in them, where somebody asked
}

func newTree(fsys fs.FS) *tree {
	return &tree{fsys: fsys, dirs: map[string]bool{".": true}, names: map[string]map[string][]string{}}
}

// read is a file's bytes, nil when it does not exist. Anything but a regular file in a
// place where one shall be is an error, and so is one of more than limit bytes.
func (t *tree) read(name string, limit int64) ([]byte, error) {
	info, err := t.lstat(name)
	if err != nil || info == nil {
		return nil, err
	}
	f, err := t.fsys.Open(name)
	if err != nil {
		return nil, readError(name, err)
	}
	defer f.Close()
	content := make([]byte, 0, min(info.Size(), limit)+1)
	for err == nil && int64(len(content)) <= limit {
		if len(content) == cap(content) {
			content = append(content, 0)[:len(content)]
		}
		var n int
		n, err = f.Read(content[len(content):cap(content)])
		content = content[:len(content)+n]
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, readError(name, err)
	}
	if int64(len(content)) > limit {
		return nil, &Error{Path: name, Problem: fmt.Sprintf("larger than %d MiB", limit>>20), Advice: "check that the path names the right file"}
	}
	return content, nil
}

func readError(name string, err error) error {
	return &Error{Path: name, Problem: "cannot be read", Advice: "give yourself the right to read it", Err: cause(err)}
}

// lstat describes a regular file, nil when it does not exist. It is an error when something stands in its way: a file
// where a directory must be, a directory or a link in its place.
func (t *tree) lstat(name string) (fs.FileInfo, error) {
	if there, err := t.directory(path.Dir(name), name); err != nil || !there {
		return nil, err
	}
	info, err := fs.Lstat(t.fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, readError(name, err)
	case info.IsDir():
		return nil, &Error{Path: name, Problem: "a directory is in the way of the file", Advice: "move it away"}
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, &Error{Path: name, Problem: "a symbolic link is in the place of the file", Advice: "replace the link by a copy of the file it points to"}
	case !info.Mode().IsRegular():
		return nil, &Error{Path: name, Problem: "not a regular file", Advice: "replace it by a regular file"}
	}
	return info, nil
}

// directory tells whether a directory that a file needs exists.
func (t *tree) directory(dir, file string) (bool, error) {
	if there, known := t.dirs[dir]; known {
		return there, nil
	}
	there, err := t.directory(path.Dir(dir), file)
	if err != nil {
		return false, err
	}
	if !there {
		t.dirs[dir] = false
		return false, nil
	}
	info, err := fs.Lstat(t.fsys, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.dirs[dir] = false
		return false, nil
	case err != nil:
		return false, readError(dir, err)
	case info.Mode()&fs.ModeSymlink != 0:
		return false, &Error{Path: dir, Problem: "a symbolic link is in the way of " + file, Advice: "replace the link by a directory"}
	case !info.IsDir():
		return false, &Error{Path: dir, Problem: "a file is in the way of the directory for " + file, Advice: "move it away"}
	}
	t.dirs[dir] = true
	return true, nil
}

// clash refuses a new file when the checkout already has its path, or that of one of its directories, in another
// spelling: people with a case-insensitive file system could not check both out.
func (t *tree) clash(name string) error {
	dir := "."
	for part := range strings.SplitSeq(name, "/") {
		names, err := t.list(dir)
		if err != nil {
			return err
		}
		spelt := names[fold(part)]
		if len(spelt) == 0 {
			return nil
		}
		if !slices.Contains(spelt, part) {
			return &Error{Path: name, Problem: "exists as " + path.Join(dir, spelt[len(spelt)-1]) + ", which differs in case only", Advice: "rename or remove one of the two"}
		}
		dir = path.Join(dir, part)
	}
	return nil
}

// list is what a directory holds: the folded name to how it is spelt there.
func (t *tree) list(dir string) (map[string][]string, error) {
	if names, ok := t.names[dir]; ok {
		return names, nil
	}
	all, err := Names(t.fsys, dir)
	if err != nil {
		return nil, readError(dir, err)
	}
	names := make(map[string][]string, len(all))
	for _, name := range all {
		names[fold(name)] = append(names[fold(name)], name)
	}
	t.names[dir] = names
	return names, nil
}

// Names are what a directory holds, in any order. fs.ReadDir asks an os.Root for the kind of each, too, which takes far
// longer where there are many.
func Names(fsys fs.FS, dir string) ([]string, error) {
	f, err := fsys.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if d, ok := f.(interface{ Readdirnames(n int) ([]string, error) }); ok {
		return d.Readdirnames(-1)
	}
	entries, err := fs.ReadDir(fsys, dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}
