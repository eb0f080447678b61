package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TemporalVersion is the Temporal server of the lab.
const TemporalVersion = "1.31.2"

// TemporalServer is a real Temporal server in one process, in memory.
type TemporalServer struct {
	Address   string // host:port of its frontend
	Namespace string
}

// Temporal starts a server for one test.
func Temporal(t testing.TB) TemporalServer {
	t.Helper()
	program, err := temporalProgram()
	if errors.Is(err, os.ErrNotExist) {
		Missing(t, "Temporal "+TemporalVersion)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program)
	c.SysProcAttr = ownGroup()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait() // killed
	})
	var s TemporalServer
	lines := bufio.NewReader(out)
	if _, err := fmt.Fscan(lines, &s.Address, &s.Namespace); err != nil {
		t.Fatalf("temporal said no address: %v", err)
	}
	go io.Copy(io.Discard, lines) //nolint:errcheck // ends with the process
	return s
}

func temporalProgram() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	program := filepath.Join(cache, "ameide", "lab", "temporal-"+TemporalVersion, "temporalserver")
	_, err = os.Stat(program)
	return program, err
}

// InstallTemporal builds the server from its Go module, through the wrapper module in source, into the lab's cache. It
// takes several minutes, once.
func InstallTemporal(ctx context.Context, progress io.Writer, source string) error {
	program, err := temporalProgram()
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	fmt.Fprintln(progress, "building Temporal", TemporalVersion, "(some minutes, once)")
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		return err
	}
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", program+".new", ".")
	c.Dir = source
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build Temporal: %w: %s", err, tail(out))
	}
	return os.Rename(program+".new", program)
}
