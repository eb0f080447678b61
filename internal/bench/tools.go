package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// tool is a peer: a program of a module at a version.
type tool struct {
	name, version, module, pkg string
	replace                    string // a replace directive; `go install` refuses modules that need one
}

func helm4() tool {
	return tool{name: "helm", version: "v4.3.1", module: "helm.sh/helm/v4", pkg: "/cmd/helm"}
}
func helm3() tool {
	return tool{name: "helm", version: "v3.22.0", module: "helm.sh/helm/v3", pkg: "/cmd/helm"}
}

func kubeconform() tool {
	return tool{name: "kubeconform", version: "v0.8.0", module: "github.com/yannh/kubeconform", pkg: "/cmd/kubeconform"}
}

func helmUnittest() tool {
	return tool{
		name: "helm-unittest", version: "v1.1.2", module: "github.com/helm-unittest/helm-unittest", pkg: "/cmd/helm-unittest",
		replace: "github.com/vmware-labs/yaml-jsonpath=github.com/helm-unittest/yaml-jsonpath@v0.4.0",
	}
}

// toolbox keeps peers in a folder, each under its name and version.
type toolbox struct {
	dir      string
	progress io.Writer
}

// need is the path of a peer, built on first use.
func (b toolbox) need(ctx context.Context, t tool) (string, error) {
	dir := filepath.Join(b.dir, t.name+"-"+t.version)
	program := filepath.Join(dir, t.name)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	fmt.Fprintf(b.progress, "building %s %s (once) …\n", t.name, t.version)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	build := b.install
	if t.replace != "" {
		build = b.wrap
	}
	if err := build(ctx, t, dir); err != nil {
		return "", fmt.Errorf("build %s %s: %w", t.name, t.version, err)
	}
	return program, nil
}

func (b toolbox) install(ctx context.Context, t tool, dir string) error {
	return b.goTool(ctx, dir, []string{"GOBIN=" + dir}, "install", t.module+t.pkg+"@"+t.version)
}

// wrap builds a program of a module with replace directives from a module of our own that repeats them.
func (b toolbox) wrap(ctx context.Context, t tool, dir string) error {
	scratch, err := os.MkdirTemp("", "ameide-bench-tool-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	for _, args := range [][]string{
		{"mod", "init", "peer"},
		{"mod", "edit", "-require=" + t.module + "@" + t.version, "-replace=" + t.replace},
		{"build", "-o", filepath.Join(dir, t.name), t.module + t.pkg},
	} {
		if err := b.goTool(ctx, scratch, []string{"GOFLAGS=-mod=mod"}, args...); err != nil {
			return err
		}
	}
	return nil
}

func (b toolbox) goTool(ctx context.Context, dir string, env []string, args ...string) error {
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir, c.Stderr = dir, b.progress
	c.Env = append(append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0"), env...)
	return c.Run()
}
