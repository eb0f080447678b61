package checkout

import (
	"errors"
	"os"
	"sync"
)

// few files are flushed one by one, and so held open, at once: a disk flushes some in the time of one. With more of them
// their file systems are flushed as a whole where that can be done: one that is asked for each of three hundred files puts
// down its journal again and again. With fewer of them it is not worth waiting for what others have written there.
const few = 8

// flusher puts down what was written. Any goroutine may hand files over, one waits for them.
type flusher struct {
	mu      sync.Mutex
	waiting []*unflushed
	slots   chan struct{}       // files that are being flushed
	volumes map[uint64]*os.File // an open file of every file system that was flushed as a whole
}

// unflushed is a file or a directory that somebody will wait for.
type unflushed struct {
	file   *os.File // nil when it has been closed
	volume uint64
	err    error
}

func newFlusher() *flusher {
	return &flusher{slots: make(chan struct{}, few), volumes: map[uint64]*os.File{}}
}

// flush takes a file or a directory over. What it returns waits until everything that was taken over is on disk, returns the
// error of this one, and must be called.
func (l *flusher) flush(f *os.File) (wait func() error) {
	id, ok := volume(f)
	if !ok {
		return l.begin(f)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	one := &unflushed{file: f, volume: id}
	l.waiting = append(l.waiting, one)
	switch {
	case len(l.waiting) == few+1:
		l.close(l.waiting...)
	case len(l.waiting) > few:
		l.close(one)
	}
	return func() error {
		l.settle()
		return one.err
	}
}

// begin flushes a file by itself.
func (l *flusher) begin(f *os.File) (wait func() error) {
	l.slots <- struct{}{}
	done := make(chan error, 1)
	go func() {
		done <- errors.Join(f.Sync(), f.Close())
		<-l.slots
	}()
	return func() error { return <-done }
}

// close closes files that their file systems will flush, but for one of each file system.
func (l *flusher) close(files ...*unflushed) {
	for _, one := range files {
		if l.volumes[one.volume] == nil {
			l.volumes[one.volume] = one.file
		} else {
			one.err = one.file.Close()
		}
		one.file = nil
	}
}

// settle waits until all that is waited for is on disk.
func (l *flusher) settle() {
	l.mu.Lock()
	waiting := l.waiting
	l.waiting = nil
	l.mu.Unlock()
	if len(waiting) > few {
		flushed := map[uint64]bool{}
		for _, one := range waiting {
			if !flushed[one.volume] {
				flushed[one.volume] = true
				one.err = errors.Join(one.err, flushVolume(l.volumes[one.volume]))
			}
		}
		return
	}
	waits := make([]func() error, len(waiting))
	for i, one := range waiting {
		waits[i] = l.begin(one.file)
	}
	for i, one := range waiting {
		one.err = waits[i]()
	}
}

// release closes the files that stood for their file systems.
func (l *flusher) release() {
	for _, f := range l.volumes {
		_ = f.Close() // it was flushed through it
	}
}
