package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// imageCaseName is the only figure that is no time: how big the container image is.
const imageCaseName = "container image"

// printImageSizes makes the image of a release for every platform from this repository, and prints what a node pulls.
func printImageSizes(ctx context.Context, w io.Writer, work string) error {
	dist := filepath.Join(work, "dist")
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return err
	}
	var artifacts []map[string]string
	for _, arch := range []string{"amd64", "arm64"} {
		bin := filepath.Join(dist, "ameide-"+arch)
		if _, err := goTool(ctx, []string{"GOOS=linux", "GOARCH=" + arch}, "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, "."); err != nil {
			return err
		}
		artifacts = append(artifacts, map[string]string{"path": bin, "goos": "linux", "goarch": arch, "type": "Binary"})
	}
	for name, value := range map[string]any{"artifacts.json": artifacts, "metadata.json": map[string]string{"version": "0.0.0"}} {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dist, name), text, 0o600); err != nil {
			return err
		}
	}
	out, err := goTool(ctx, nil, "run", "./internal/release", "image", dist, filepath.Join(work, "image.tar"))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\n%s, from scratch: %s\n", imageCaseName, strings.Join(strings.Split(strings.TrimSpace(out), "\n"), "; "))
	return err
}

// goTool runs the Go toolchain in this repository, as a release does, and returns its stdout.
func goTool(ctx context.Context, env []string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, "go", args...)
	c.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, problems.String())
	}
	return out.String(), nil
}
