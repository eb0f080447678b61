package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// InstallVault builds the server from its Go module, through the wrapper module in source, into the lab's cache. It takes
// several minutes, once.
func InstallVault(ctx context.Context, progress io.Writer, source string) error {
	dir, err := vaultDir()
	if err != nil {
		return err
	}
	program := filepath.Join(dir, "vault")
	if _, err := os.Stat(program); err == nil {
		return nil
	}
	fmt.Fprintln(progress, "building Vault", VaultVersion, "(some minutes, once)")
	c := exec.CommandContext(ctx, "go", "build", "-tags", "minimal", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", program+".new", ".")
	c.Dir = source
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build Vault: %w: %s", err, tail(out))
	}
	return os.Rename(program+".new", program)
}
