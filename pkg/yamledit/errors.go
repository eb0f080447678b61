package yamledit

import (
	"errors"
	"fmt"
)

// The kinds of refusal. An [Error] unwraps to one of them.
var (
	// ErrSyntax: the file, a path or a fragment does not parse.
	ErrSyntax = errors.New("does not parse")
	// ErrEncoding: the file is not UTF-8 text or contains NUL bytes.
	ErrEncoding = errors.New("not UTF-8 text")
	// ErrTooLarge: the file is larger than [MaxSize].
	ErrTooLarge = errors.New("too large")
	// ErrAmbiguous: more than one place could be meant.
	ErrAmbiguous = errors.New("place is ambiguous")
	// ErrShared: an edit would also change other places, through an alias or a merge key.
	ErrShared = errors.New("place is shared")
	// ErrKind: a mapping, list or scalar stands where another kind is expected.
	ErrKind = errors.New("unexpected kind")
	// ErrNotFound: a place that must exist does not.
	ErrNotFound = errors.New("not found")
	// ErrUnsafe: the edit cannot be made without changing something else.
	ErrUnsafe = errors.New("cannot be edited safely")
)

// Error is a refusal. Line and Column count from one, columns in characters;
// they are zero when no place in the file is meant.
type Error struct {
	File    string
	Line    int
	Column  int
	Path    string // the place that was asked for, empty for the whole file
	Problem string // what is wrong, lower case, no full stop
	Hint    string // what to do about it
	Kind    error  // one of the sentinels of this package
}

// Error renders "file:line:column: path: problem".
func (e *Error) Error() string {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	}
	if e.Path != "" {
		return where + ": " + e.Path + ": " + e.Problem
	}
	return where + ": " + e.Problem
}

// Unwrap returns the kind of refusal.
func (e *Error) Unwrap() error { return e.Kind }
