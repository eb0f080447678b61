package live

import (
	"context"
	"errors"
	"fmt"
)

// future is a part that is being read. Whoever waits for it gives up with the context, even where the reading itself
// does not: what it finds later is dropped.
type future[T any] struct {
	done chan struct{}
	part Part[T]
}

// begin reads a part beside others.
func begin[T any](ctx context.Context, read func(context.Context) (T, error)) *future[T] {
	f := &future[T]{done: make(chan struct{})}
	go func() {
		defer close(f.done)
		value, err := read(ctx)
		if err != nil && ctx.Err() != nil { // whatever it says, it says it because it had to stop
			err = lateError{context.Cause(ctx)}
		}
		f.part = partOf(value, err)
	}()
	return f
}

// partOf is a part of what a read gave.
func partOf[T any](value T, err error) Part[T] {
	if errors.Is(err, ErrMissing) {
		return Part[T]{Missing: true}
	}
	return Part[T]{Value: value, Err: err}
}

// wait is the part, or why it did not come in time.
func (f *future[T]) wait(ctx context.Context) Part[T] {
	select {
	case <-f.done:
		return f.part
	default:
	}
	select {
	case <-f.done:
		return f.part
	case <-ctx.Done():
		return Part[T]{Err: lateError{context.Cause(ctx)}}
	}
}

// value is for a read that depends on the part.
func (f *future[T]) value(ctx context.Context, what string) (T, error) {
	p := f.wait(ctx)
	switch {
	case p.Err != nil:
		return p.Value, fmt.Errorf("%s: %w", what, p.Err)
	case p.Missing:
		return p.Value, fmt.Errorf("%s does not exist", what)
	}
	return p.Value, nil
}

// lateError is something that was not answered before the whole look had to end.
type lateError struct{ cause error }

func (e lateError) Error() string {
	if errors.Is(e.cause, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return "not finished: " + e.cause.Error()
}

func (e lateError) Unwrap() error { return e.cause }

// Hint is how to wait longer.
func (e lateError) Hint() string {
	if errors.Is(e.cause, context.DeadlineExceeded) {
		return "give it more time with --timeout"
	}
	return ""
}
