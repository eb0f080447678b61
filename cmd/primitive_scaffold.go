package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/tenancy"
)

type scaffoldOptions struct {
	kind       string // as typed: params.Kind, or a definition's
	params     scaffold.Params
	repoRoot   string
	gitops     treeFlags // the GitOps checkout, whose spec describes the installation
	protoPath  string
	from       string // a list of primitives; - is standard input
	withGitOps bool
	harness    bool
	dryRun     bool
	json       bool
	definition bool // the design-time artifact instead of what executes it
	asked      bool // on the terminal
}

func newPrimitiveScaffoldCmd(env Env) *cobra.Command {
	var o scaffoldOptions
	c := &cobra.Command{
		Use:   "scaffold",
		Short: "Start a Domain, Process, Agent or UISurface primitive",
		Long: `Start a service primitive: its code, contract, tests, images, workflow and catalog entry, and with --include-gitops the
manifests that run it in the namespaces of its origin, SKU and tenant. The portal's Software Templates write the same files.

It builds and runs as it is. Its tests fail, each with AMEIDE_SCAFFOLD, until somebody has written the business logic.

The kinds process-definition and agent-definition start the design-time artifact that a process or an agent executes: a
BPMN 2.0 file or the specification of an agent, with its Resource in the catalog.

Left alone: every file that exists. A second run creates only what is missing. Where something else is in the way of a file
nothing at all is written. Nothing is committed, pushed or downloaded. On a terminal, what must be known and is not said is
asked for.

--from takes a list of primitives, a JSON object a line: {"kind": "domain", "name": "orders"}. Its keys are the flags with
underscores; what a line leaves out, the flags say. Each primitive is written whole or not at all, in the order of the list.`,
		Example: `  ameide primitive scaffold --kind domain --name orders --origin platform --sku Shared --dry-run
  ameide primitive scaffold --kind domain --name orders --origin platform --sku Shared --include-gitops --gitops-root ../ameide-gitops
  ameide primitive scaffold --kind domain --name ledger --lang ts --proto-path ledger.proto --origin tenant --sku Shared --tenant acme
  ameide primitive scaffold --kind process --name l2o --definition-id L2O --definition-version 3 --origin platform --sku Shared --json
  ameide primitive scaffold --from primitives.jsonl --origin platform --sku Shared`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.params.Kind, o.definition = scaffold.ParseKind(o.kind)
			return runScaffold(c.Context(), env, o)
		},
	}
	o.register(c)
	return c
}

func runScaffold(ctx context.Context, env Env, o scaffoldOptions) error {
	t, err := o.gitops.open()
	if err != nil {
		return err
	}
	defer t.root.Close()
	code, err := os.OpenRoot(o.repoRoot)
	if err != nil {
		return usage(fmt.Errorf("open checkout: %w", err), "name the root of the code's checkout with --repo-root")
	}
	defer code.Close()
	if o.from != "" {
		return scaffoldList(ctx, env, o, code, t)
	}
	if o.mayAsk(env) {
		if o, err = askPrimitive(ctx, env, o, &t.spec.Spec); err != nil {
			return err
		}
	}
	p, err := o.primitive(ctx, &t.spec.Spec)
	if err != nil {
		return usage(err, "")
	}
	plans, err := o.plans(p)
	if err != nil {
		return err
	}
	job, err := o.compare(p, plans, code, t)
	if err != nil {
		return err
	}
	if o.asked {
		if err := confirmPrimitive(ctx, env, o, job); err != nil {
			return err
		}
	}
	return job.run(ctx, env, o)
}

// primitive is everything that is asked for, checked, with all that follows from it.
func (o scaffoldOptions) primitive(ctx context.Context, s *spec.Spec) (*primitive, error) {
	params := o.params
	if origin, err := tenancy.ParseOrigin(params.Origin); err == nil {
		params.Origin = string(origin)
	}
	if sku, err := tenancy.ParseSKU(params.SKU); err == nil {
		params.SKU = string(sku)
	}
	if o.definition && params.Description == "" {
		params.Description = scaffold.KindTitle(params.Kind) + "Definition " + params.Name + "."
	}
	params = params.WithDefaults(s)
	contract, contractErr := o.contract(ctx)
	if err := allProblems(scaffold.Check(params, s), o.misplaced(), contractErr); err != nil {
		return nil, err
	}
	return newPrimitive(params, contract, s)
}

// misplaced are flags that another kind of primitive has.
func (o scaffoldOptions) misplaced() error {
	p := o.params
	var found scaffold.Problems
	for flag, value := range map[string]string{
		"proto-path": o.protoPath, "definition-id": p.DefinitionID, "definition-version": p.DefinitionVersion,
		"model": p.Model, "risk-tier": p.RiskTier, "host": p.Host,
	} {
		has := scaffold.Has(p.Kind, strings.ReplaceAll(flag, "-", "_")) && (flag != "proto-path" || p.Kind == scaffold.Domain)
		if value != "" && p.Kind != "" && !has {
			found = append(found, scaffold.Problem{Field: flag, Message: fmt.Sprintf("--%s says nothing about a %s", flag, p.Kind), Advice: "leave out --" + flag})
		}
	}
	for flag, set := range map[string]bool{"include-gitops": o.withGitOps, "include-test-harness": o.harness, "lang": p.Lang != ""} {
		if set && o.definition {
			found = append(found, scaffold.Problem{Field: flag, Message: fmt.Sprintf("--%s says nothing about a %s", flag, o.kind), Advice: "leave out --" + flag})
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.SortStableFunc(found, func(a, b scaffold.Problem) int { return strings.Compare(a.Field, b.Field) })
	return found
}

// contract reads the proto file that is named, if one is.
func (o scaffoldOptions) contract(ctx context.Context) (*scaffold.Contract, error) {
	if o.protoPath == "" || o.params.Kind != scaffold.Domain {
		return nil, nil
	}
	abs, err := filepath.Abs(o.protoPath)
	if err != nil {
		return nil, err
	}
	top := filepath.VolumeName(abs) + string(filepath.Separator)
	return scaffold.ReadContract(ctx, os.DirFS(top), filepath.ToSlash(strings.TrimPrefix(abs, top)), filepath.ToSlash(o.protoPath))
}

// allProblems joins what several checks have found; an error that is no problem of the command line stands alone.
func allProblems(errs ...error) error {
	var all scaffold.Problems
	for _, err := range errs {
		var found scaffold.Problems
		switch {
		case errors.As(err, &found):
			all = append(all, found...)
		case err != nil:
			return err
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}
