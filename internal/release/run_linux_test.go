package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ameideio/ameide/internal/podrun"
	"github.com/ameideio/ameide/lab"
)

// The image of a release runs as Kubernetes' restricted profile runs it: as its own user, on a root file system that
// nobody can write, without a shell or a library beside it.
func TestTheImageRunsAsItsUserOnAReadOnlyRoot(t *testing.T) {
	lab.Slow(t)
	if err := podrun.Possible(t.Context()); err != nil {
		lab.Missing(t, err.Error())
	}
	dist := t.TempDir()
	bin := filepath.Join(dist, "ameide")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, "../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	list(t, dist, binary{Path: bin, OS: "linux", Arch: runtime.GOARCH, Type: "Binary", Target: "linux"})
	archive := filepath.Join(t.TempDir(), "image.tar")
	if err := run(io.Discard, []string{"image", dist, archive}); err != nil {
		t.Fatal(err)
	}
	c, err := podrun.Unpack(archive, t.TempDir(), runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Mount("/ameide", map[string]string{"spec.yaml": "version: 1\n"}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"version"}, 0, runtime.Version()},
		// The program finds its working directory and its file, and then nobody who listens.
		{[]string{"platform", "backstage", "migrations", "--spec=/ameide/spec.yaml", "--dsn=host=127.0.0.1 port=1 user=x dbname=x connect_timeout=2"}, 3, "127.0.0.1:1"},
		{[]string{"platform", "backstage", "verify"}, 3, "read-only file system"}, // a Pod that verifies needs a volume at /tmp
	} {
		cmd, err := c.Command(t.Context(), nil, test.args...)
		if err != nil {
			t.Fatal(err)
		}
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != test.code || !strings.Contains(string(out), test.says) {
			t.Errorf("%v: exit %d, want %d and %q\n%s", test.args, got, test.code, test.says, out)
		}
	}
}

// list writes goreleaser's list of what it built.
func list(t *testing.T, dist string, all ...binary) {
	t.Helper()
	for name, v := range map[string]any{"artifacts.json": all, "metadata.json": metadata{Version: "1.2.3", Commit: "abc"}} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dist, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
