package checkout

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kind says whose a planned file is, and so how it meets a file that is there already.
type Kind int

const (
	// Generated files are ours: an edit of theirs is merged with the new version.
	Generated Kind = iota
	// Edited files are somebody else's: Content was computed from the bytes in the checkout, From, and replaces them and
	// no others.
	Edited
	// Once files are written when they do not exist and never touched again.
	Once
	// Absent files are somebody else's, not in this checkout and not ours to create; they are only reported.
	Absent
)

// File is one file as it shall be.
type File struct {
	Path    string // slash-separated, relative to the root of the checkout
	Content []byte
	From    []byte      // of edited files: what Content was computed from; nil where there was no file
	Mode    fs.FileMode // permission bits of a new file; 0 means 0644
	Kind    Kind
	Reason  string // why, for the report; may be empty
}

// Plan is every file that shall be there, in any order.
type Plan []File

// validate refuses paths that leave the checkout, that belong to Git or to this package, and paths that one file system
// or another takes for the same.
func (p Plan) validate() error {
	spelt := map[string]string{} // folded path of every file and directory, as it was first spelt
	files := map[string]bool{}   // folded
	for _, f := range p {
		if err := validPath(f.Path); err != nil {
			return err
		}
		folded := fold(f.Path)
		if other, twice := spelt[folded]; twice {
			return &Error{Path: f.Path, Problem: "planned twice, also as " + other}
		}
		files[folded], spelt[folded] = true, f.Path
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			folded := fold(dir)
			other, known := spelt[folded]
			switch {
			case files[folded]:
				return &Error{Path: f.Path, Problem: "its directory is also planned as the file " + other}
			case known && other != dir:
				return &Error{Path: f.Path, Problem: "its directory is also spelt " + other}
			}
			spelt[folded] = dir
		}
	}
	return nil
}

func validPath(name string) error {
	strange := func(r rune) bool { return r == '\\' || r < ' ' || r == 0x7f }
	if !fs.ValidPath(name) || name == "." || strings.ContainsFunc(name, strange) {
		return &Error{Path: strconv.Quote(name), Problem: "not a path inside the checkout"}
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.EqualFold(part, ".git") {
			return &Error{Path: name, Problem: "inside Git's own directory"}
		}
	}
	if fold(name) == LockFile || fold(name) == journalFile || strings.HasSuffix(name, temporarySuffix) {
		return &Error{Path: name, Problem: "the name of a file that ameide keeps for itself"}
	}
	return nil
}

// fold is equal for paths that a case-insensitive file system (macOS, Windows) takes for the same.
func fold(name string) string {
	if ascii(name) {
		return strings.ToLower(name)
	}
	return strings.ToLower(strings.ToUpper(name))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
