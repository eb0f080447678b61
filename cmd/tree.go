package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/spec"
)

// treeFlags are the flags of every command that works on a GitOps checkout.
type treeFlags struct {
	root     string
	specFile string
	envs     []string
}

func (f *treeFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.root, "gitops-root", ".", "root of the GitOps checkout")
	c.Flags().StringVar(&f.specFile, "spec", "", "spec file (default <gitops-root>/ameide.yaml when present, else built-in values)")
	c.Flags().StringSliceVar(&f.envs, "env", nil, "environments, comma-separated (default all)")
	_ = c.MarkFlagDirname("gitops-root")
	_ = c.MarkFlagFilename("spec", "yaml", "yml")
	_ = c.RegisterFlagCompletionFunc("env", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		t, err := f.open()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return t.spec.EnvironmentNames(), cobra.ShellCompDirectiveNoFileComp
	})
}

// tree is an opened checkout: the only door through which a command reads and writes it, and the spec that describes
// its installation.
type tree struct {
	root *os.Root
	spec *spec.Loaded
	envs []string // selected environments, in the spec's order
}

// open opens the checkout and loads its spec. The caller closes the root.
func (f *treeFlags) open() (*tree, error) {
	root, err := os.OpenRoot(f.root)
	if err != nil {
		return nil, usage(fmt.Errorf("open checkout: %w", err), "name the root of the GitOps checkout with --gitops-root")
	}
	loaded, err := f.loadSpec(root)
	if err != nil {
		root.Close()
		return nil, usage(err, "")
	}
	envs, err := selectEnvironments(&loaded.Spec, f.envs)
	if err != nil {
		root.Close()
		return nil, err
	}
	return &tree{root: root, spec: loaded, envs: envs}, nil
}

// loadSpec reads the named file, or ameide.yaml in the checkout; without one the defaults hold.
func (f *treeFlags) loadSpec(root *os.Root) (*spec.Loaded, error) {
	if f.specFile == "" {
		return spec.LoadOptional(root.FS(), spec.FileName)
	}
	dir, name := filepath.Split(f.specFile)
	if dir == "" {
		dir = "."
	}
	return spec.Load(os.DirFS(dir), name)
}

// selectEnvironments is every environment, or those that --env names.
func selectEnvironments(s *spec.Spec, names []string) ([]string, error) {
	known := s.EnvironmentNames()
	if len(names) == 0 {
		return known, nil
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, usage(fmt.Errorf("unknown environment %q", name), "the spec names "+strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(known), func(e string) bool { return !slices.Contains(names, e) }), nil
}
