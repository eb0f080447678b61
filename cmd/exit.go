package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/ameideio/ameide/pkg/yamledit"
)

// Exit codes, as scripts rely on them.
const (
	exitOK          = 0 // done, or nothing to do; all checks passed
	exitFindings    = 1 // it worked and found something
	exitUsage       = 2 // the command line or an input file is wrong; nothing was touched
	exitUnavailable = 3 // it could not be done
	exitRefused     = 4 // a guard refused
)

// failure is an error that knows its exit code and the next thing to type.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usage is a wrong command line or input file: exit 2, nothing touched.
func usage(err error, hint string) error { return &failure{exitUsage, err, hint} }

// refused is a guard that said no: exit 4.
func refused(err error, hint string) error { return &failure{exitRefused, err, hint} }

// unavailable is something that could not be done: exit 3.
func unavailable(err error, hint string) error { return &failure{exitUnavailable, err, hint} }

// errFindings ends a command that printed its findings already: exit 1 without another message.
var errFindings = errors.New("findings")

// hinter is implemented by library errors that know what to do next.
type hinter interface{ Hint() string }

// finish prints an error and its hint and returns the exit code.
func finish(w io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	if errors.Is(err, errFindings) {
		return exitFindings
	}
	code, hint := classify(err)
	if errors.Is(err, syscall.EPIPE) {
		return code // whoever read our output has enough of it
	}
	fmt.Fprintf(w, "ameide: error: %s\n", plainLines([]byte(err.Error())))
	if hint != "" {
		fmt.Fprintf(w, "ameide: hint: %s\n", plainLines([]byte(hint)))
	}
	return code
}

// classify is the one table from an error to exit code and hint.
func classify(err error) (code int, hint string) {
	var f *failure
	var h hinter
	var edit *yamledit.Error
	switch {
	case errors.As(err, &h):
		hint = h.Hint()
	case errors.As(err, &edit):
		hint = edit.Hint
	}
	switch {
	case errors.As(err, &f):
		if f.hint != "" {
			hint = f.hint
		}
		return f.code, hint
	case errors.Is(err, context.Canceled):
		return exitUnavailable, "interrupted; run it again to go on"
	}
	return exitUnavailable, hint
}
