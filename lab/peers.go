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

// peerModules are the programs that ameide is compared with on the same images, by name and version.
func peerModules() map[string]string {
	return map[string]string{
		"crane-v0.22.1":  "github.com/google/go-containerregistry/cmd/crane@v0.22.1",
		"regctl-v0.11.7": "github.com/regclient/regclient/cmd/regctl@v0.11.7",
	}
}

// Peer is a program of the tools' cache, for example Peer(t, "crane-v0.22.1", "crane").
func Peer(t testing.TB, folder, program string) string {
	t.Helper()
	dir, err := toolCache()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, folder, program)
	if _, err := os.Stat(path); err != nil {
		Missing(t, folder)
	}
	return path
}

// InstallPeers builds the peers that are missing, each in a folder of its own.
func InstallPeers(ctx context.Context, progress io.Writer) error {
	cache, err := toolCache()
	if err != nil {
		return err
	}
	for folder, module := range peerModules() {
		dir := filepath.Join(cache, folder)
		if _, err := os.Stat(dir); err == nil {
			continue
		}
		fmt.Fprintln(progress, "building", folder)
		c := exec.CommandContext(ctx, "go", "install", module)
		c.Env = append(os.Environ(), "GOBIN="+dir, "GOWORK=off", "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("go install %s: %w: %s", module, err, out)
		}
	}
	return nil
}

// toolCache is where the benchmarks keep their peers, too.
func toolCache() (string, error) {
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "ameide", "tools"), err
}
