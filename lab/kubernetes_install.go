package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// KubernetesVersion is that of the lab's API server, as its wrapper module pins it.
const KubernetesVersion = "1.34.4"

// kubernetesPrograms are the wrapper module's commands.
func kubernetesPrograms() []string { return []string{"etcd", "kube-apiserver"} }

// kubernetesDir is where the lab keeps them.
func kubernetesDir() (string, error) {
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "ameide", "lab", "kubernetes-"+KubernetesVersion), err
}

// KubernetesProgram is the file of etcd or kube-apiserver. A test ends where it is not installed.
func KubernetesProgram(t testing.TB, name string) string {
	t.Helper()
	dir, err := kubernetesDir()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, name)
	if _, err := os.Stat(program); err != nil {
		Missing(t, name+" of Kubernetes "+KubernetesVersion)
	}
	return program
}

// InstallKubernetes builds etcd and kube-apiserver from their Go modules, through the wrapper module in source, into the
// lab's cache. It takes some minutes, once.
func InstallKubernetes(ctx context.Context, progress io.Writer, source string) error {
	dir, err := kubernetesDir()
	if err != nil {
		return err
	}
	for _, name := range kubernetesPrograms() {
		if err := buildKubernetes(ctx, progress, source, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// buildKubernetes builds the command of the program's name, unless the program is there. The server tells its version by
// what the linker sets.
func buildKubernetes(ctx context.Context, progress io.Writer, source, program string) error {
	if _, err := os.Stat(program); err == nil {
		return nil
	}
	name := filepath.Base(program)
	fmt.Fprintln(progress, "building", name, "of Kubernetes", KubernetesVersion, "(some minutes, once)")
	const at = "k8s.io/component-base/version"
	major, rest, _ := strings.Cut(KubernetesVersion, ".")
	minor, _, _ := strings.Cut(rest, ".")
	flags := fmt.Sprintf("-s -w -X %[1]s.gitVersion=v%[2]s -X %[1]s.gitMajor=%[3]s -X %[1]s.gitMinor=%[4]s -X %[1]s.gitTreeState=clean -X %[1]s.buildDate=2026-01-01T00:00:00Z", at, KubernetesVersion, major, minor)
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", program+".new", "./"+name)
	c.Dir = source
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", name, err, tail(out))
	}
	return os.Rename(program+".new", program)
}
