package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	check := flag.Bool("check", false, "change nothing; exit 1 if the embedded files are stale")
	offline := flag.Bool("offline", false, "use the module cache only")
	out := flag.String("out", filepath.Join("pkg", "kubeschema", "schemas"), "directory to write")
	flag.Parse()
	if err := run(context.Background(), *out, *check, *offline); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen: error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string, check, offline bool) error {
	want, err := build(ctx, offline)
	if err != nil {
		return err
	}
	stale, err := compare(out, want)
	if err != nil {
		return err
	}
	if check {
		if len(stale) > 0 {
			return fmt.Errorf("%s is stale: %v differ\nhint: go run ./internal/schemagen", out, stale)
		}
		return nil
	}
	return write(out, want, stale)
}

// compare lists the paths below dir whose bytes are not the wanted ones, missing and superfluous files included.
func compare(dir string, want map[string][]byte) ([]string, error) {
	got := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		got[filepath.ToSlash(rel)], err = os.ReadFile(path)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var stale []string
	for path, data := range want {
		if old, ok := got[path]; !ok || !bytes.Equal(old, data) {
			stale = append(stale, path)
		}
	}
	for path := range got {
		if _, ok := want[path]; !ok {
			stale = append(stale, path)
		}
	}
	slices.Sort(stale)
	return stale, nil
}

// write makes the stale paths below dir what they should be.
func write(dir string, want map[string][]byte, stale []string) error {
	for _, path := range stale {
		name := filepath.Join(dir, filepath.FromSlash(path))
		data, ok := want[path]
		if !ok {
			if err := os.Remove(name); err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("%s: %d files, %d changed\n", dir, len(want), len(stale))
	return nil
}
