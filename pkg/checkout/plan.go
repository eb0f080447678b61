package checkout

import (
	"fmt"
	"io/fs"
	"strings"
)

// Kind says whose a planned file is, and so how it meets a file that is there already.
type Kind int

const (
	// Generated files are ours: an edit of theirs is merged with the new version.
	Generated Kind = iota
	// Edited files are somebody else's: Content was computed from the bytes in the checkout and replaces them.
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
	Mode    fs.FileMode // permission bits of a new file; 0 means 0644
	Kind    Kind
	Reason  string // why, for the report; may be empty
}

// Plan is every file that shall be there, in any order.
type Plan []File

// validate refuses paths that leave the checkout and paths that one file system or another takes for the same.
func (p Plan) validate() error {
	seen := map[string]string{}
	for _, f := range p {
		if !fs.ValidPath(f.Path) || f.Path == "." || strings.ContainsAny(f.Path, "\\\x00\n") {
			return &Error{Path: f.Path, Problem: "not a path inside the checkout"}
		}
		folded := strings.ToLower(f.Path)
		if other, ok := seen[folded]; ok {
			return &Error{Path: f.Path, Problem: fmt.Sprintf("planned twice, also as %s", other)}
		}
		seen[folded] = f.Path
	}
	return nil
}

// Error is a file that cannot be read, planned or written, and what to do about it.
type Error struct {
	Path    string
	Problem string // lower case, no full stop
	Advice  string // the next thing to do; may be empty
	Err     error  // cause; may be nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Path, e.Problem, e.Err)
	}
	return e.Path + ": " + e.Problem
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Hint returns the next thing to do.
func (e *Error) Hint() string { return e.Advice }
