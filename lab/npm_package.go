package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// npmPackage is one npm package that has a folder of the lab's cache to itself.
type npmPackage struct{ name, version string }

func npmPackages() []npmPackage { return []npmPackage{keycloakClient(), bpmnModdle(), openTelemetry()} }

func (p npmPackage) spec() string { return p.name + "@" + p.version }

func (p npmPackage) dir() (string, error) {
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "ameide", "lab", filepath.Base(p.name)+"-"+p.version), err
}

// InstallNPMPackages installs the packages that stand alone into the lab's cache.
func InstallNPMPackages(ctx context.Context, progress io.Writer) error {
	for _, p := range npmPackages() {
		if err := p.install(ctx, progress); err != nil {
			return err
		}
	}
	return nil
}

func (p npmPackage) install(ctx context.Context, progress io.Writer) error {
	dir, err := p.dir()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, installedMark)); err == nil {
		return nil
	}
	fmt.Fprintln(progress, "installing", p.spec())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := runIn(ctx, dir, "npm", "install", "--prefix", ".", "--ignore-scripts", "--no-audit", "--no-fund", p.spec()); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, installedMark), nil, 0o644)
}

// need is the folder in which the package is installed.
func (p npmPackage) need(t testing.TB) string {
	t.Helper()
	dir, err := p.dir()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, installedMark)); err != nil {
		Missing(t, p.spec())
	}
	return dir
}

// program is a command that runs an ECMAScript module beside the package.
func (p npmPackage) program(t testing.TB, source string, args ...string) *exec.Cmd {
	t.Helper()
	dir := p.need(t)
	f, err := os.CreateTemp(dir, "program-*.mjs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(f.Name()) })
	if _, err := f.WriteString(source); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(t.Context(), "node", append([]string{f.Name()}, args...)...)
}
