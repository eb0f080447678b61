package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/ameideio/ameide/lab/peers"
)

// lab is what cases work in: the ameide to measure, the peers, and a scratch folder.
type lab struct {
	ameide   string
	fixture  string
	schemas  string
	work     string
	peers    peers.Toolbox
	progress io.Writer
	closers  []func() // of servers that cases started
	aside    int      // trees that are not needed any more

	java, configCLI string            // a Java and the jar of keycloak-config-cli, if given
	reconcile       *reconcileSystems // started by the first case that wants them
}

// close stops servers and removes the scratch folder.
func (l *lab) close() {
	for _, c := range l.closers {
		c()
	}
	_ = os.RemoveAll(l.work)
}

func newLab(progress io.Writer, o options) (*lab, error) {
	var err error
	abs := func(path string) string {
		out, e := filepath.Abs(path)
		if e != nil && err == nil {
			err = e
		}
		return out
	}
	if o.tools == "" {
		if o.tools, err = peers.Default(); err != nil {
			return nil, err
		}
	}
	l := &lab{ameide: abs(o.bin), fixture: abs(o.fixture), schemas: abs(o.schemas), progress: progress}
	l.java, l.configCLI = o.java, o.configCLI
	l.peers = peers.Toolbox{Dir: abs(o.tools), Progress: progress}
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(l.ameide); err != nil {
		return nil, fmt.Errorf("%w (make build)", err)
	}
	l.work, err = os.MkdirTemp("", "ameide-bench-")
	return l, err
}

// copyFixture makes a fresh copy of the checkout, and a Git checkout of it.
func (l *lab) copyFixture(ctx context.Context, name string) (string, error) {
	dir := filepath.Join(l.work, name)
	if err := l.setAside(dir); err != nil {
		return "", err
	}
	if err := os.CopyFS(dir, os.DirFS(l.fixture)); err != nil {
		return "", err
	}
	if out, err := exec.CommandContext(ctx, "git", "-C", dir, "init", "-q").CombinedOutput(); err != nil {
		return "", fmt.Errorf("git init: %w: %s", err, out)
	}
	return dir, nil
}

// setAside makes room for a tree. It removes none before the end: file systems look long for an inode where many have just
// been freed (ext4 does not reuse them at once).
func (l *lab) setAside(dir string) error {
	l.aside++
	err := os.Rename(dir, filepath.Join(l.work, fmt.Sprintf("aside-%d", l.aside)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// emptied returns a function that puts an empty folder in the place of a tree.
func (l *lab) emptied(dir string) func() error {
	return func() error {
		if err := l.setAside(dir); err != nil {
			return err
		}
		return os.MkdirAll(dir, 0o755)
	}
}

// generated is a fresh copy of the checkout with the portal in it.
func (l *lab) generated(ctx context.Context, name string) (string, error) {
	dir, err := l.copyFixture(ctx, name)
	if err != nil {
		return "", err
	}
	_, err = l.generate(dir).run(ctx)
	return dir, err
}

func (l *lab) generate(dir string) command {
	return command{args: []string{l.ameide, "platform", "backstage", "generate", "--gitops-root", dir}}
}

func (l *lab) verify(dir string, flags ...string) command {
	return command{args: append([]string{l.ameide, "platform", "backstage", "verify", "--gitops-root", dir}, flags...)}
}

// application is what verify says Argo CD would deploy.
type application struct {
	Name       string   `json:"name"`
	Env        string   `json:"env"`
	Namespace  string   `json:"namespace"`
	Chart      string   `json:"chart"`
	ValueFiles []string `json:"value_files"`
}

// applications asks ameide for the Applications of a tree.
func (l *lab) applications(ctx context.Context, dir string) ([]application, error) {
	c := l.verify(dir, "--json")
	c.out = filepath.Join(l.work, "verify.json")
	if _, err := c.run(ctx); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(c.out)
	if err != nil {
		return nil, err
	}
	var report struct {
		Applications []application `json:"applications"`
	}
	if err := json.Unmarshal(data, &report); err != nil {
		return nil, fmt.Errorf("parse verify --json: %w", err)
	}
	if len(report.Applications) == 0 {
		return nil, fmt.Errorf("verify --json lists no applications")
	}
	return report.Applications, nil
}
