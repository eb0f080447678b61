package cmd

import (
	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/tenancy"
)

func (o *scaffoldOptions) register(c *cobra.Command) {
	f, p := c.Flags(), &o.params
	f.StringVar(&o.kind, "kind", "", "domain, process, agent or uisurface; process-definition or agent-definition for what they execute")
	f.StringVar(&p.Name, "name", "", "name in kebab case")
	f.StringVar((*string)(&p.Lang), "lang", "", "go, ts or python (default go for a domain or process, python for an agent, ts for a uisurface)")
	f.StringVar(&p.Tenant, "tenant", "", "id of the tenant, without a prefix (not needed with --origin platform --sku Shared)")
	f.StringVar(&p.SKU, "sku", "", "how the tenant bought the platform: Shared, Namespace or Private")
	f.StringVar(&p.Origin, "origin", "", "who writes the code: platform, tenant or agent")
	f.StringVar(&p.Owner, "owner", "", "group that answers for it (default the owner of the first system in the spec)")
	f.StringVar(&p.System, "system", "", "system of the catalog that it is part of (default the first one in the spec)")
	f.StringVar(&p.Description, "description", "", "one sentence that says what it is for")
	f.StringVar(&p.DefinitionID, "definition-id", "", "of a process or an agent: the definition that it executes (default its name)")
	f.StringVar(&p.DefinitionVersion, "definition-version", "", "the one version of it (default 1)")
	f.StringVar(&p.Model, "model", "", "of an agent: the language model (default gpt-4o-mini)")
	f.StringVar(&p.RiskTier, "risk-tier", "", "of an agent: low, medium or high (default low)")
	f.StringVar(&p.Host, "host", "", "of a uisurface: its DNS name (default <name>.<DNS zone of the first environment that is not local>)")
	f.StringVar(&o.protoPath, "proto-path", "", "of a domain: proto file whose services it has, instead of the skeleton's")
	f.StringVar(&o.from, "from", "", "file with a list of primitives, a JSON object a line; - is standard input")
	f.StringVar(&o.repoRoot, "repo-root", ".", "root of the checkout of the code")
	f.StringVar(&o.gitops.root, "gitops-root", ".", "root of the GitOps checkout")
	f.StringVar(&o.gitops.specFile, "spec", "", "spec file (default <gitops-root>/ameide.yaml when present, else built-in values)")
	f.BoolVar(&o.withGitOps, "include-gitops", false, "write the manifests, too")
	f.BoolVar(&o.harness, "include-test-harness", false, "write a runner of the integration tests, too")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be written and write nothing")
	f.BoolVar(&o.json, "json", false, "print one JSON document")
	completeScaffold(c)
}

func completeScaffold(c *cobra.Command) {
	completeValues(c, "kind", scaffold.KindWords())
	completeValues(c, "origin", tenancy.Origins())
	completeValues(c, "sku", tenancy.SKUs())
	completeValues(c, "risk-tier", scaffold.RiskTiers())
	_ = c.RegisterFlagCompletionFunc("lang", func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		languages := []scaffold.Lang{scaffold.Go, scaffold.TypeScript, scaffold.Python}
		if kind, err := c.Flags().GetString("kind"); err == nil && kind != "" {
			languages = scaffold.Languages(scaffold.Kind(kind))
		}
		words := make([]string, len(languages))
		for i, l := range languages {
			words[i] = string(l) + "\t" + scaffold.LangTitle(l)
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	})
	for _, flag := range []string{"name", "tenant", "owner", "system", "description", "definition-id", "definition-version", "model", "host"} {
		_ = c.RegisterFlagCompletionFunc(flag, cobra.NoFileCompletions)
	}
	_ = c.MarkFlagDirname("repo-root")
	_ = c.MarkFlagDirname("gitops-root")
	_ = c.MarkFlagFilename("spec", "yaml", "yml")
	_ = c.MarkFlagFilename("proto-path", "proto")
	_ = c.MarkFlagFilename("from", "jsonl", "ndjson")
}
