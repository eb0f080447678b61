package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// kubernetesPlugin is the program behind Vault's Kubernetes auth method: the minimal build leaves it out. Vault's catalog
// calls a plugin by its file's name.
const kubernetesPlugin = "github.com/hashicorp/vault-plugin-auth-kubernetes/cmd/vault-plugin-auth-kubernetes"

// InstallVault builds the server and its Kubernetes auth method from their Go modules, through the wrapper module in source,
// into the lab's cache. It takes several minutes, once.
func InstallVault(ctx context.Context, progress io.Writer, source string) error {
	dir, err := vaultDir()
	if err != nil {
		return err
	}
	if err := buildVault(ctx, progress, source, filepath.Join(dir, "vault"), "."); err != nil {
		return err
	}
	return buildVault(ctx, progress, source, filepath.Join(dir, "plugins", "kubernetes"), kubernetesPlugin)
}

// buildVault builds one program of the wrapper module, unless it is there.
func buildVault(ctx context.Context, progress io.Writer, source, program, of string) error {
	if _, err := os.Stat(program); err == nil {
		return nil
	}
	fmt.Fprintln(progress, "building Vault", VaultVersion, filepath.Base(program), "(some minutes, once)")
	c := exec.CommandContext(ctx, "go", "build", "-tags", "minimal", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", program+".new", of)
	c.Dir = source
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build Vault: %w: %s", err, tail(out))
	}
	return os.Rename(program+".new", program)
}
