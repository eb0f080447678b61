package cmd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/live"
	"github.com/ameideio/ameide/pkg/report"
	"github.com/ameideio/ameide/pkg/verify"
)

type verifyOptions struct {
	treeFlags
	registry verifyImages
	live     verifyLive
	rules    []string
	skip     []string
	format   string
	output   string
	json     bool
	strict   bool
	timings  bool
	verbose  bool
}

func newVerifyCmd(env Env) *cobra.Command {
	var o verifyOptions
	c := &cobra.Command{
		Use:   "verify",
		Short: "Check a GitOps tree offline, and with --live what runs",
		Long: `Check everything about the Backstage installation that a GitOps tree can tell, without a network: what Argo CD would
generate, what the chart renders for each environment, schemas, and facts that must agree across files and systems.

With --live the environments of --env are looked at as well: Argo CD, Pods and their logs, nodes, route, health, plugins,
Secrets, the way of the client secret, sign-in, database, migrations and metrics. Each thing is shown as Git declares it
and as it runs, with both verdicts, and the success criteria close the report. Services are reached through port-forwards.
Credentials come from the environment or from the file that the same name with _FILE gives, and what is not given is not
asked: VAULT_TOKEN; KEYCLOAK_CLIENT_ID and KEYCLOAK_CLIENT_SECRET (else the client patcher's, if it may be read);
AMEIDE_PROOF_USER and AMEIDE_PROOF_PASSWORD for a whole sign-in.

Left alone: everything is only read. Exit 1 when a check fails; a warning fails only with --strict. Exit 3 when nothing
failed but something could not be seen: the report names the missing right and the rule that grants it.`,
		Example: `  ameide platform backstage verify
  ameide platform backstage verify --env production --rule host/agree
  ameide platform backstage verify --live --env dev
  ameide platform backstage verify --format sarif --output verify.sarif`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runVerify(c.Context(), env, o) },
	}
	o.register(c)
	o.registry.register(c)
	o.live.register(c)
	f := c.Flags()
	f.StringSliceVar(&o.rules, "rule", nil, "ask only this rule (repeatable)")
	f.StringSliceVar(&o.skip, "skip", nil, "leave out this rule (repeatable)")
	f.StringVar(&o.format, "format", string(report.FormatText), "text, json, junit, sarif, github, or jsonl: one line of JSON for each fact, for logs")
	f.StringVar(&o.output, "output", "", "write the report to a file instead of stdout")
	f.BoolVar(&o.json, "json", false, "print one JSON document (= --format json)")
	f.BoolVar(&o.strict, "strict", false, "a warning fails, too")
	f.BoolVar(&o.timings, "timings", false, "measure every check")
	f.BoolVar(&o.verbose, "verbose", false, "list the checks that pass, too")
	_ = c.MarkFlagFilename("output")
	for _, name := range []string{"rule", "skip"} {
		_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(ruleIDs(), cobra.ShellCompDirectiveNoFileComp))
	}
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formatNames(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

func runVerify(ctx context.Context, env Env, o verifyOptions) error {
	format, err := o.check()
	if err != nil {
		return err
	}
	within, cancel := o.live.within(ctx, o.registry.registryFlags)
	defer cancel()
	t, err := o.open()
	if err != nil {
		return err
	}
	defer t.root.Close()
	if o.live.rendered != "" {
		return o.runRendered(ctx, env, t, format)
	}
	scratch, err := os.MkdirTemp("", "ameide-verify-")
	if err != nil {
		return unavailable(fmt.Errorf("make a scratch directory: %w", err), "set TMPDIR to a writable directory")
	}
	defer os.RemoveAll(scratch)
	loaded, err := verify.Load(t.root.FS(), t.spec, verify.LoadOptions{
		Envs: t.envs, Scratch: scratch, Today: env.Now().Format("2006-01-02"),
	})
	if err != nil {
		return usage(err, "")
	}
	look, err := o.live.begin(within, env, loaded, o.registry.registryFlags)
	if err != nil {
		return err
	}
	rules := slices.Concat(verify.Rules(), o.registry.rules(ctx, env, t, loaded), look.rules())
	r := verify.Run(loaded, rules, o.runOptions(env))
	look.complete(&r)
	if err := o.print(env, t, format, r); err != nil {
		return err
	}
	if r.Failed(o.strict) {
		return errFindings
	}
	return unseenOutcome(r)
}

func (o verifyOptions) runOptions(env Env) verify.Options {
	run := verify.Options{Only: o.rules, Skip: o.skip, Strict: o.strict}
	if o.timings {
		run.Clock = env.Now
	}
	return run
}

// check refuses a format or rule that does not exist.
func (o verifyOptions) check() (report.Format, error) {
	if o.json {
		o.format = string(report.FormatJSON)
	}
	if !slices.Contains(formatNames(), o.format) {
		return "", usage(fmt.Errorf("unknown format %q", o.format), "use "+strings.Join(formatNames(), ", "))
	}
	for _, id := range append(slices.Clone(o.rules), o.skip...) {
		if !slices.Contains(ruleIDs(), id) {
			return "", usage(fmt.Errorf("unknown rule %q", id), "docs/rules.md lists them; the nearest is "+nearest(id, ruleIDs()))
		}
	}
	if err := o.registry.refuse(o); err != nil {
		return "", err
	}
	return report.Format(o.format), o.live.refuse(o)
}

// print writes the report to stdout or, whole or not at all, to a file.
func (o verifyOptions) print(env Env, t *tree, format report.Format, r verify.Report) error {
	prefix, _ := inRepository(t.root.Name())
	options := report.Options{
		FS: t.root.FS(), PathPrefix: prefix, Rules: append(o.registry.infos(), o.live.infos()...),
		Verbose: o.verbose, Strict: o.strict, Build: env.Build.Version,
	}
	if o.output == "" {
		options.Width = env.Width
		options.Renderer = newRenderer(env.Out, env.color(env.OutTTY))
		return writeReport(env.Out, format, r, options)
	}
	var out bytes.Buffer
	options.Renderer = newRenderer(io.Discard, false)
	if err := writeReport(&out, format, r, options); err != nil {
		return err
	}
	if err := os.WriteFile(o.output, out.Bytes(), 0o644); err != nil {
		return unavailable(fmt.Errorf("write the report: %w", err), "")
	}
	return nil
}

func ruleIDs() []string {
	var ids []string
	for _, r := range slices.Concat(verify.RuleInfos(), registryRules(), live.RuleInfos()) {
		ids = append(ids, r.ID)
	}
	return ids
}

func formatNames() []string {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, string(f))
	}
	return append(names, formatLines)
}
