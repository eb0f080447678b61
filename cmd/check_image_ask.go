package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/images"
)

// ask fills in the verdicts: from registries, or offline from the lock file.
func (r *imageRun) ask(ctx context.Context, env Env, t *tree, f registryFlags) error {
	locks := lockStore{tree: t, file: f.lockFile}
	lock, err := locks.load(f.offline)
	if err != nil {
		return err
	}
	answers, err := r.answers(ctx, env, f, lock)
	if err != nil {
		return err
	}
	r.verdicts = make([]imagecheck.Verdict, len(r.items))
	for i, item := range r.items {
		known := lock
		if f.updateLock {
			known = nil // what is about to be written is not stale
		}
		r.verdicts[i] = item.Judge(answers[i], known)
	}
	return r.lock(locks, lock, f, answers)
}

func (r *imageRun) answers(ctx context.Context, env Env, f registryFlags, lock *imagecheck.Lock) ([]imagecheck.Answer, error) {
	if f.offline {
		answers := make([]imagecheck.Answer, len(r.items))
		for i, item := range r.items {
			answers[i] = lock.Answer(item.Image, item.Request.Need)
		}
		return answers, nil
	}
	client, err := f.client(env)
	if err != nil {
		return nil, err
	}
	requests := make([]imagecheck.Request, len(r.items))
	for i, item := range r.items {
		requests[i] = item.Request
	}
	p := newProgress(env, len(requests))
	answers := client.ReadAll(ctx, requests, func(i int, _ imagecheck.Answer) { p.step(requests[i].Image) })
	p.end()
	r.requests = client.Requests()
	return answers, ctx.Err()
}

// lock says which entries nothing uses any more, and with --update-lock writes the file without them.
func (r *imageRun) lock(locks lockStore, lock *imagecheck.Lock, f registryFlags, answers []imagecheck.Answer) error {
	used := func(image string) bool {
		return slices.ContainsFunc(r.items, func(i images.Item) bool { return i.Image == image })
	}
	if lock != nil && r.whole {
		r.stale = lock.Stale(used)
	}
	if !f.updateLock {
		return nil
	}
	if lock == nil {
		lock = &imagecheck.Lock{}
	}
	if r.whole {
		lock.Keep(used)
	}
	for i, item := range r.items {
		if answers[i].Err == nil {
			lock.Put(item.Image, item.Request.Need, answers[i].Facts)
		}
	}
	return locks.save(lock)
}

// lockStore is where the lock file is: in the checkout, or where --image-lock says.
type lockStore struct {
	tree *tree
	file string
}

// load reads the lock file; nil when the default one does not exist and nothing depends on it.
func (s lockStore) load(needed bool) (*imagecheck.Lock, error) {
	name, data, err := s.read()
	if errors.Is(err, fs.ErrNotExist) && !needed {
		return nil, nil
	}
	if err != nil {
		return nil, usage(fmt.Errorf("read the lock file: %w", err), "make it online with --update-lock and commit it")
	}
	lock, err := imagecheck.ParseLock(name, data)
	if err != nil {
		return nil, usage(err, "make it again: delete it and run with --update-lock")
	}
	return lock, nil
}

func (s lockStore) read() (string, []byte, error) {
	if s.file != "" {
		data, err := os.ReadFile(s.file)
		return filepath.Base(s.file), data, err
	}
	data, err := s.tree.root.ReadFile(imagecheck.LockName)
	return imagecheck.LockName, data, err
}

// save writes the lock file if it changes.
func (s lockStore) save(lock *imagecheck.Lock) error {
	data, err := lock.Bytes()
	if err != nil {
		return err
	}
	if _, old, err := s.read(); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if s.file != "" {
		err = os.WriteFile(s.file, data, 0o644)
	} else {
		err = images.Apply(s.tree.root, []images.Edit{{Path: imagecheck.LockName, Data: data}})
	}
	if err != nil {
		return unavailable(fmt.Errorf("write the lock file: %w", err), "")
	}
	return nil
}
