package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// documentSet is generated documents: slash-separated path below the output folder to content.
type documentSet map[string][]byte

// ownedFolders hold generated documents only: what is not generated any more is removed from them.
func ownedFolders() []string { return []string{"reference"} }

// compare lists the documents that are missing, different, or left over from an earlier version.
func (d documentSet) compare(out string) ([]string, error) {
	var stale []string
	for _, name := range slices.Sorted(maps.Keys(d)) {
		have, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err != nil || !bytes.Equal(have, d[name]) {
			stale = append(stale, name)
		}
	}
	for _, folder := range ownedFolders() {
		entries, err := os.ReadDir(filepath.Join(out, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if name := path.Join(folder, e.Name()); d[name] == nil {
				stale = append(stale, name)
			}
		}
	}
	return stale, nil
}

// write brings the stale documents up to date.
func (d documentSet) write(out string, stale []string) error {
	for _, name := range stale {
		file := filepath.Join(out, filepath.FromSlash(name))
		if d[name] == nil {
			if err := os.Remove(file); err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, d[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}

// refuse is the error of -check.
func refuse(out string, stale []string) error {
	if len(stale) == 0 {
		return nil
	}
	return fmt.Errorf("stale documents in %s (make docs): %s", out, strings.Join(stale, ", "))
}
