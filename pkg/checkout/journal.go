package checkout

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
)

// journalFile is the lock file of a run that has not finished: it exists from before the first temporary file is written
// until the last one is in place.
const journalFile = ".ameide.lock.pending"

// memory is what earlier runs left behind.
type memory struct {
	known lock
	text  []byte  // of the lock file; nil when there is none
	cut   *cutOff // nil unless the last run was cut off
}

// cutOff is what is left of a run that did not finish.
type cutOff struct {
	lock  []byte   // the lock file that tells what is on disk; nil when the one that is there does
	paths []string // files that the run may have left temporary files for
}

// readMemory reads the lock file as the last run left it. If that run was cut off, each file counts as it is on disk: one
// that was already replaced by its new entry, the others by their old one. meanwhile runs while the texts are unpacked.
func readMemory(t *tree, meanwhile func()) (memory, error) {
	text, err := t.read(LockFile, maxLock)
	if err != nil {
		return memory{}, err
	}
	pending, err := t.read(journalFile, maxLock)
	if err != nil {
		return memory{}, err
	}
	var known, next lock
	var g errgroup.Group
	g.Go(func() (err error) { known, err = parseLock(LockFile, text); return err })
	g.Go(func() (err error) { next, err = parseLock(journalFile, pending); return err })
	meanwhile()
	if err := g.Wait(); err != nil {
		return memory{}, err
	}
	m := memory{known: known, text: text}
	if pending == nil {
		return m, nil
	}
	m.cut = &cutOff{paths: slices.Sorted(maps.Keys(next))}
	for _, path := range m.cut.paths {
		content, err := t.read(path, maxFile)
		if err != nil {
			return memory{}, err
		}
		if content != nil && sha256.Sum256(content) == next[path].written {
			known[path] = next[path]
		}
	}
	if now := known.bytes(); len(known) > 0 && !bytes.Equal(now, text) {
		m.cut.lock = now
	}
	return m, nil
}
