package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ameideio/ameide/lab/backstage"
)

// ErrNoBackstage says that the package set is not installed.
var ErrNoBackstage = errors.New("Backstage's npm packages are not installed")

// PackageDir is where the package set lives: outside the checkout, keyed by the lock file's hash.
func PackageDir() (string, error) {
	lock, err := backstage.Files.ReadFile("package-lock.json")
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(lock)
	return filepath.Join(cache, "ameide", "lab", "backstage-"+hex.EncodeToString(sum[:6])), nil
}

// installedMark is written last: without it an installation was interrupted.
const installedMark = ".installed"

// packages is the installed package set with the programs of this checkout in it.
func packages() (string, error) {
	dir, err := PackageDir()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, installedMark)); err != nil {
		return "", ErrNoBackstage
	}
	return dir, nil
}

// needPackages is packages for a test; node must be there as well.
func needPackages(t testing.TB) string {
	t.Helper()
	dir, err := packages()
	if errors.Is(err, ErrNoBackstage) {
		Missing(t, "Backstage's npm packages")
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("node"); err != nil {
		Missing(t, "node")
	}
	return dir
}

// InstallBackstage installs the package set unless it is there. It takes minutes the first time.
func InstallBackstage(ctx context.Context, progress io.Writer) error {
	dir, err := PackageDir()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, installedMark)); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		if err := writeProgram(dir, name); err != nil {
			return err
		}
	}
	fmt.Fprintln(progress, "installing Backstage's npm packages (minutes)")
	if err := runIn(ctx, dir, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"); err != nil {
		return err
	}
	if err := buildIsolatedVM(ctx, dir, progress); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, installedMark), nil, 0o644)
}

// buildIsolatedVM compiles the one native module that the scaffolder needs, against the headers of the installed Node
// (Debian: libnode-dev or nodejs). npm would look for a prebuilt one elsewhere first.
func buildIsolatedVM(ctx context.Context, dir string, progress io.Writer) error {
	fmt.Fprintln(progress, "compiling isolated-vm (a minute)")
	root, err := exec.CommandContext(ctx, "npm", "root", "--global").Output()
	if err != nil {
		return fmt.Errorf("npm root --global: %w", err)
	}
	npm := filepath.Join(string(trimLine(root)), "npm")
	gyp := filepath.Join(npm, "node_modules", "node-gyp", "bin", "node-gyp.js")
	node, err := exec.LookPath("node")
	if err != nil {
		return err
	}
	if node, err = filepath.EvalSymlinks(node); err != nil {
		return err
	}
	prefix := filepath.Dir(filepath.Dir(node))
	return runIn(ctx, filepath.Join(dir, "node_modules", "isolated-vm"), "node", gyp, "rebuild", "--release", "-j", "max", "--nodedir="+prefix)
}

func trimLine(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}

func runIn(ctx context.Context, dir, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, args[0], err, tail(out))
	}
	return nil
}

// tail is the end of a log, where the reason stands.
func tail(out []byte) []byte {
	const most = 3000
	return out[max(0, len(out)-most):]
}

// writeProgram puts a file of the package set into the installation, whole or not at all: tests run side by side.
func writeProgram(dir, name string) error {
	data, err := fs.ReadFile(backstage.Files, name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+name)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}
