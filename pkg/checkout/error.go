package checkout

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Error is a file that cannot be read, planned or written, and what to do about it.
type Error struct {
	Path    string // relative to the root; with :line where a line is meant
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

// cause is the part of a file error that does not repeat its path.
func cause(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}
