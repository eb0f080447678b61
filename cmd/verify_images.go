package cmd

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/images"
	"github.com/ameideio/ameide/pkg/verify"
)

// verifyImages is the part of verify that asks registries, only with --images.
type verifyImages struct {
	registryFlags
	images bool
}

func (v *verifyImages) register(c *cobra.Command) {
	c.Flags().BoolVar(&v.images, "images", false, "also ask the registries whether every image of the tree runs on the nodes (see check-image)")
	v.registryFlags.register(c)
}

// refuse refuses flags and rules that need --images without it.
func (v *verifyImages) refuse(o verifyOptions) error {
	if v.images {
		return v.check()
	}
	for _, id := range o.rules {
		if strings.HasPrefix(id, images.RegistryArea) {
			return usage(fmt.Errorf("rule %q asks registries", id), "add --images")
		}
	}
	return nil
}

// rules are those that ask registries; none without --images. Whatever was found out is asked for once, when the first
// of them is asked. Nothing is written but the lock file, when that is wanted.
func (v *verifyImages) rules(ctx context.Context, env Env, t *tree, loaded *verify.Tree) []verify.Rule {
	if !v.images {
		return nil
	}
	return images.Rules(sync.OnceValues(func() (images.Findings, error) {
		uses, skipped := images.Collect(loaded, nil)
		run := &imageRun{items: images.Plan(uses, v.deep), skipped: skipped, whole: len(t.envs) == len(t.spec.EnvironmentNames())}
		err := run.ask(ctx, env, t, v.registryFlags)
		return images.Findings{Items: run.items, Verdicts: run.verdicts}, err
	}))
}

// registryRules describes the rules of --images.
func registryRules() []verify.RuleInfo {
	var infos []verify.RuleInfo
	for _, r := range images.Rules(nil) {
		infos = append(infos, r.RuleInfo)
	}
	return infos
}

// infos are the rules of a run, for formats that list them.
func (v *verifyImages) infos() []verify.RuleInfo {
	infos := verify.RuleInfos()
	if v.images {
		infos = append(infos, registryRules()...)
	}
	return infos
}
