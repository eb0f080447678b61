package peers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Python is the path of a program from PyPI at a version, in an environment of its own, installed on first use.
func (b Toolbox) Python(ctx context.Context, name, version string) (string, error) {
	dir := filepath.Join(b.Dir, name+"-"+version)
	program := filepath.Join(dir, "bin", name)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	fmt.Fprintf(b.Progress, "installing %s %s (once) …\n", name, version)
	for _, args := range [][]string{
		{"python3", "-m", "venv", dir},
		{filepath.Join(dir, "bin", "python"), "-m", "pip", "install", "--quiet", name + "==" + version},
	} {
		c := exec.CommandContext(ctx, args[0], args[1:]...)
		c.Stdout, c.Stderr = b.Progress, b.Progress
		if err := c.Run(); err != nil {
			return "", fmt.Errorf("install %s %s: %w", name, version, err)
		}
	}
	return program, nil
}
