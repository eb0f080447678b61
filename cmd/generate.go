package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/factory"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/templates"
)

type generateOptions struct {
	treeFlags
	dryRun    bool
	check     bool
	diff      bool
	force     bool
	json      bool
	printSpec bool
}

func newGenerateCmd(env Env) *cobra.Command {
	var o generateOptions
	c := &cobra.Command{
		Use:   "generate",
		Short: "Write or update the GitOps files of the Backstage installation",
		Long: `Write or update everything the Backstage installation needs in a GitOps checkout: chart, values, components,
catalog, and the few lines that the PostgreSQL, Keycloak, Vault and ApplicationSet files of the platform need.

Left alone: every byte of other people's files that the installation does not need, and every edit you made to a
generated file (it is merged; where it collides with a new version nothing is written). Nothing is committed or pushed.`,
		Example: `  ameide platform backstage generate --dry-run --diff
  ameide platform backstage generate --gitops-root ../ameide-gitops
  ameide platform backstage generate --check            # in CI: exit 1 when something would change
  ameide platform backstage generate --print-spec > ameide.yaml`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return runGenerate(env, o) },
	}
	o.register(c)
	f := c.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would change and change nothing")
	f.BoolVar(&o.check, "check", false, "change nothing, exit 1 if something would change")
	f.BoolVar(&o.diff, "diff", false, "show the change of every file as a unified diff")
	f.BoolVar(&o.force, "force", false, "where your edit and the new version collide, take the new version")
	f.BoolVar(&o.json, "json", false, "print one JSON document")
	f.BoolVar(&o.printSpec, "print-spec", false, "print the effective spec with comments and stop")
	return c
}

func runGenerate(env Env, o generateOptions) error {
	t, err := o.open()
	if err != nil {
		return err
	}
	defer t.root.Close()
	if o.printSpec {
		return spec.Print(env.Out, t.spec.Spec)
	}
	if err := t.mustBeGitOps(); err != nil {
		return err
	}
	files, done := checkout.Files(t.root)
	defer done()
	plan, err := factory.NewPlan(templates.FS(), files, &t.spec.Spec, t.envs)
	if err != nil {
		return usage(err, "")
	}
	changes, err := checkout.Compare(files, plan, checkout.Options{Force: o.force, Partial: len(o.envs) > 0})
	if err != nil {
		return usage(err, "")
	}
	if err := o.guard(changes); err != nil {
		return errors.Join(printChanges(env, o, changes), err)
	}
	if !o.dryRun && !o.check {
		if err := checkout.Apply(t.root, changes); err != nil {
			return unavailable(err, "")
		}
	}
	if err := printChanges(env, o, changes); err != nil {
		return err
	}
	if o.check && changes.Pending() {
		return errFindings
	}
	return nil
}

// guard refuses to go on where a user's edit would be lost.
func (o generateOptions) guard(c *checkout.Changes) error {
	n := c.Count(checkout.Collide)
	if n == 0 {
		return nil
	}
	return refused(fmt.Errorf("nothing was written: %d of %d files are in conflict", n, len(c.Files)),
		"settle the lines shown above by hand, or run it again with --force to take the new version")
}
