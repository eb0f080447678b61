package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// initialize makes the data folder: a copy of one that initdb made once for this version, because initdb takes most of
// the time that a server needs.
func (s *Server) initialize(ctx context.Context) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	template := filepath.Join(cache, "ameide", "lab", fmt.Sprintf("initdb-%d-%d", version(s.bin), os.Geteuid()))
	if _, err := os.Stat(template); err == nil {
		return copyTree(ctx, template, s.data())
	}
	if err := s.initdb(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(template), 0o755); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(template), ".initdb-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	if err := copyTree(ctx, s.data(), filepath.Join(fresh, "data")); err != nil {
		return err
	}
	_ = os.Rename(filepath.Join(fresh, "data"), template) // another test may have been first
	return nil
}

func (s *Server) initdb(ctx context.Context) error {
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(Password), 0o644); err != nil {
		return err
	}
	return s.run(ctx, "initdb", "-D", s.data(), "-U", "postgres", "-A", "scram-sha-256", "--pwfile", secret,
		"-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
}

// copyTree keeps owners and modes, which PostgreSQL is strict about.
func copyTree(ctx context.Context, from, to string) error {
	if out, err := exec.CommandContext(ctx, "cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s: %w: %s", from, err, out)
	}
	return nil
}
