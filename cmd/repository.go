package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// inRepository is the slash-separated path of a directory below the top of its Git repository, empty at the top itself, and
// whether there is a repository at all. A worktree's .git is a file; both count.
func inRepository(dir string) (prefix string, ok bool) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", false
	}
	for top := abs; ; top = filepath.Dir(top) {
		if _, err := os.Lstat(filepath.Join(top, ".git")); err == nil {
			prefix, err := filepath.Rel(top, abs)
			return strings.TrimPrefix(filepath.ToSlash(prefix), "."), err == nil
		}
		if top == filepath.Dir(top) {
			return "", false
		}
	}
}

// mustBeGitOps refuses to write into a directory that no Git repository can bring back, or that does not look like a GitOps
// checkout at all.
func (t *tree) mustBeGitOps() error {
	if _, ok := inRepository(t.root.Name()); !ok {
		return usage(fmt.Errorf("%s is not a Git checkout", t.root.Name()), "name the GitOps checkout with --gitops-root, or run `git init` in it")
	}
	return t.mustLookLikeGitOps()
}

// mustLookLikeGitOps refuses a directory that has nothing of a GitOps checkout of the platform.
func (t *tree) mustLookLikeGitOps() error {
	for _, dir := range []string{"argocd", "environments", "sources"} {
		if info, err := t.root.Stat(dir); err == nil && info.IsDir() {
			return nil
		}
	}
	return usage(fmt.Errorf("%s has none of argocd, environments and sources: it is not a GitOps checkout", t.root.Name()),
		"name the checkout with --gitops-root; to start a new one, create the folder sources")
}
