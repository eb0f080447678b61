package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// inputFile is one file of a module: its slash-separated path below the module's root and its bytes.
type inputFile struct {
	path string
	data []byte
}

// download returns the directory of the source's module in the module cache, fetching it if it is not there yet.
// With offline set nothing is fetched. The zip's hash is compared with the pinned one, so no checksum database is asked.
func download(ctx context.Context, src source, offline bool) (string, error) {
	scratch, err := os.MkdirTemp("", "schemagen")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	name := src.module + "@" + src.version
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", name)
	cmd.Dir = scratch // outside every module: nothing is written to a go.sum
	cmd.Env = append(os.Environ(), "GOSUMDB=off", "GOFLAGS=", "GOWORK=off")
	if offline {
		cmd.Env = append(cmd.Env, "GOPROXY=off")
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, runErr := cmd.Output()
	var got struct{ Dir, Sum, Error string }
	if err := json.Unmarshal(out, &got); err != nil {
		return "", fmt.Errorf("download %s: %w: %s", name, runErr, strings.TrimSpace(stderr.String()))
	}
	if got.Error != "" {
		return "", fmt.Errorf("download %s: %s", name, got.Error)
	}
	if got.Sum != src.sum {
		return "", fmt.Errorf("download %s: sum is %s, pinned is %s", name, got.Sum, src.sum)
	}
	return got.Dir, nil
}

// readInputs reads the files of dir that match the source's globs, sorted by path. A glob without a match is an error:
// upstream has moved the files.
func readInputs(dir string, src source) ([]inputFile, error) {
	var files []inputFile
	for _, glob := range src.globs {
		matches, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(glob)))
		if err != nil {
			return nil, err
		}
		if len(matches) == 0 {
			return nil, fmt.Errorf("%s@%s has no %s", src.module, src.version, glob)
		}
		for _, match := range matches {
			data, err := os.ReadFile(match)
			if err != nil {
				return nil, err
			}
			rel, err := filepath.Rel(dir, match)
			if err != nil {
				return nil, err
			}
			files = append(files, inputFile{filepath.ToSlash(rel), data})
		}
	}
	slices.SortFunc(files, func(a, b inputFile) int { return strings.Compare(a.path, b.path) })
	return files, nil
}

// readNotice returns the module's NOTICE, which the Apache licence asks to be passed on, or "" if it has none. A module
// under another licence is refused: somebody has to read it first.
func readNotice(dir string, src source) (string, error) {
	licence, err := os.ReadFile(filepath.Join(dir, "LICENSE"))
	if err != nil {
		return "", err
	}
	if !bytes.Contains(licence, []byte("Apache License")) || !bytes.Contains(licence, []byte("Version 2.0")) {
		return "", fmt.Errorf("%s@%s: LICENSE is not the Apache License 2.0", src.module, src.version)
	}
	notice, err := os.ReadFile(filepath.Join(dir, "NOTICE"))
	if os.IsNotExist(err) {
		return "", nil
	}
	return strings.TrimSpace(string(notice)), err
}
