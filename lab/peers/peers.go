// Package peers builds the programs that ameide is compared with, by version, from their Go modules.
package peers

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// Tool is a peer: a program of a module at a version.
type Tool struct {
	Name, Version, Module, Package string

	replace string // a replace directive; `go install` refuses modules that need one
}

// Helm4 is the helm of today.
func Helm4() Tool {
	return Tool{Name: "helm", Version: "v4.3.1", Module: "helm.sh/helm/v4", Package: "/cmd/helm"}
}

// Helm3 is the helm that most pipelines still have.
func Helm3() Tool {
	return Tool{Name: "helm", Version: "v3.22.0", Module: "helm.sh/helm/v3", Package: "/cmd/helm"}
}

// HelmUnittest runs the test suites of charts.
func HelmUnittest() Tool {
	return Tool{
		Name: "helm-unittest", Version: "v1.1.2", Module: "github.com/helm-unittest/helm-unittest", Package: "/cmd/helm-unittest",
		replace: "github.com/vmware-labs/yaml-jsonpath=github.com/helm-unittest/yaml-jsonpath@v0.4.0",
	}
}

// Kubeconform validates manifests against schemas.
func Kubeconform() Tool {
	return Tool{Name: "kubeconform", Version: "v0.8.0", Module: "github.com/yannh/kubeconform", Package: "/cmd/kubeconform"}
}

// Crane asks registries.
func Crane() Tool {
	return Tool{Name: "crane", Version: "v0.22.1", Module: "github.com/google/go-containerregistry", Package: "/cmd/crane"}
}

// Regctl asks registries, too.
func Regctl() Tool {
	return Tool{Name: "regctl", Version: "v0.11.7", Module: "github.com/regclient/regclient", Package: "/cmd/regctl"}
}

// Toolbox keeps peers in a folder, each under its name and version.
type Toolbox struct {
	Dir      string
	Progress io.Writer
}

// Default is the folder in the user's cache.
func Default() (string, error) {
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "ameide", "tools"), err
}

// Path is where a peer is, or would be.
func (b Toolbox) Path(t Tool) string {
	return filepath.Join(b.Dir, t.Name+"-"+t.Version, t.Name)
}

// Need is the path of a peer, built on first use.
func (b Toolbox) Need(ctx context.Context, t Tool) (string, error) {
	program := b.Path(t)
	dir := filepath.Dir(program)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	fmt.Fprintf(b.Progress, "building %s %s (once) …\n", t.Name, t.Version)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	build := b.install
	if t.replace != "" {
		build = b.wrap
	}
	if err := build(ctx, t, dir); err != nil {
		return "", fmt.Errorf("build %s %s: %w", t.Name, t.Version, err)
	}
	return program, nil
}

func (b Toolbox) install(ctx context.Context, t Tool, dir string) error {
	return b.goTool(ctx, dir, []string{"GOBIN=" + dir}, "install", t.Module+t.Package+"@"+t.Version)
}

// wrap builds a program of a module with replace directives from a module of our own that repeats them.
func (b Toolbox) wrap(ctx context.Context, t Tool, dir string) error {
	scratch, err := os.MkdirTemp("", "ameide-bench-tool-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	for _, args := range [][]string{
		{"mod", "init", "peer"},
		{"mod", "edit", "-require=" + t.Module + "@" + t.Version, "-replace=" + t.replace},
		{"build", "-o", filepath.Join(dir, t.Name), t.Module + t.Package},
	} {
		if err := b.goTool(ctx, scratch, []string{"GOFLAGS=-mod=mod"}, args...); err != nil {
			return err
		}
	}
	return nil
}

func (b Toolbox) goTool(ctx context.Context, dir string, env []string, args ...string) error {
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir, c.Stderr = dir, b.Progress
	c.Env = append(append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0"), env...)
	return c.Run()
}
