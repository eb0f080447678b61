package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// binary is one program that goreleaser built. Path is relative to the folder it ran in.
type binary struct {
	Path   string `json:"path"`
	OS     string `json:"goos"`
	Arch   string `json:"goarch"`
	Type   string `json:"type"`
	Target string `json:"target"`
}

// metadata is what goreleaser knows about the release as a whole.
type metadata struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Date    string `json:"date"`
}

// binaries lists the programs in goreleaser's output folder, sorted by target.
func binaries(dist string) ([]binary, error) {
	var all []binary
	if err := readJSON(filepath.Join(dist, "artifacts.json"), &all); err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(b binary) bool { return b.Type != "Binary" })
	slices.SortFunc(all, func(a, b binary) int { return strings.Compare(a.Target, b.Target) })
	return all, nil
}

// findBinary is the program for one system.
func findBinary(dist, goos, goarch string) (binary, error) {
	all, err := binaries(dist)
	if err != nil {
		return binary{}, err
	}
	i := slices.IndexFunc(all, func(b binary) bool { return b.OS == goos && b.Arch == goarch })
	if i < 0 {
		return binary{}, fmt.Errorf("%s holds no binary for %s/%s", dist, goos, goarch)
	}
	return all[i], nil
}

func readJSON(name string, v any) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("parse %s: %w", name, err)
	}
	return nil
}
