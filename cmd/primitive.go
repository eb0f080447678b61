package cmd

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/tenancy"
)

func newPrimitiveCmd(env Env) *cobra.Command {
	return group("primitive", "Start service primitives and place them", newPrimitiveScaffoldCmd(env), newPrimitiveNamespaceCmd(env))
}

// codeFlags are the flags of every command that must know whose code it handles. There are no defaults: code that claims
// nothing must not pass for the platform's.
type codeFlags struct {
	tenant string
	sku    string
	origin string
}

func (f *codeFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.tenant, "tenant", "", "id of the tenant, without a prefix (not needed with --origin platform --sku Shared)")
	c.Flags().StringVar(&f.sku, "sku", "", "how the tenant bought the platform: Shared, Namespace or Private")
	c.Flags().StringVar(&f.origin, "origin", "", "who wrote the code: platform, tenant or agent")
	completeValues(c, "sku", tenancy.SKUs())
	completeValues(c, "origin", tenancy.Origins())
}

func completeValues[T ~string](c *cobra.Command, flag string, values []T) {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// code reads the flags. Whether the tenant fits the installation is the placement's to say.
func (f *codeFlags) code() (tenancy.Code, error) {
	var missing []string
	if f.origin == "" {
		missing = append(missing, "--origin platform|tenant|agent")
	}
	if f.sku == "" {
		missing = append(missing, "--sku Shared|Namespace|Private")
	}
	if len(missing) > 0 {
		return tenancy.Code{}, usage(errors.New("it is not said whose code it is"), "add "+strings.Join(missing, " "))
	}
	origin, err := tenancy.ParseOrigin(f.origin)
	if err != nil {
		return tenancy.Code{}, usage(err, "")
	}
	sku, err := tenancy.ParseSKU(f.sku)
	if err != nil {
		return tenancy.Code{}, usage(err, "")
	}
	return tenancy.Code{Origin: origin, SKU: sku, Tenant: f.tenant}, nil
}

type namespaceOptions struct {
	treeFlags
	codeFlags
	size      string
	manifests bool
	write     bool
	json      bool
}

func newPrimitiveNamespaceCmd(env Env) *cobra.Command {
	var o namespaceOptions
	c := &cobra.Command{
		Use:   "namespace",
		Short: "Tell which namespace a primitive goes to in each environment, and why",
		Long: `Tell which namespace code goes to in each environment of the installation, the rule that says so, the labels of the
namespace, and the repositories that the code and its manifests belong to.

Code of a tenant or an agent never gets a namespace of the platform. With --manifests the objects that make the tenant's
namespaces are printed: Namespace, quota, defaults of containers, and the policies that shut it but for its own Pods, DNS
and the Gateway. With --write they become files of the platform's GitOps checkout, which the tenant cannot change; a file that
exists is left alone. Otherwise nothing is written.`,
		Example: `  ameide primitive namespace --origin platform --sku Shared
  ameide primitive namespace --origin tenant --sku Shared --tenant acme
  ameide primitive namespace --origin agent --sku Private --tenant acme --env dev,production --json
  ameide primitive namespace --origin tenant --sku Shared --tenant acme --env dev --manifests --size small
  ameide primitive namespace --origin tenant --sku Shared --tenant acme --manifests --write --gitops-root ../ameide-gitops`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if c.Flags().Changed("size") && !o.manifests {
				return usage(errors.New("--size without --manifests"), "a size decides the quota that --manifests prints")
			}
			if o.write && !o.manifests {
				return usage(errors.New("--write without --manifests"), "only manifests are files: add --manifests")
			}
			return runPrimitiveNamespace(env, o)
		},
	}
	o.treeFlags.register(c)
	o.codeFlags.register(c)
	f := c.Flags()
	f.BoolVar(&o.manifests, "manifests", false, "print the manifests of the tenant's namespaces")
	f.BoolVar(&o.write, "write", false, "with --manifests, write those that are missing into --gitops-root")
	f.StringVar(&o.size, "size", string(tenancy.SizeMedium), "with --manifests, the quota: small, medium or large")
	f.BoolVar(&o.json, "json", false, "print one JSON document")
	completeValues(c, "size", tenancy.Sizes())
	_ = c.RegisterFlagCompletionFunc("tenant", cobra.NoFileCompletions)
	return c
}

func runPrimitiveNamespace(env Env, o namespaceOptions) error {
	code, err := o.code()
	if err != nil {
		return err
	}
	size, err := tenancy.ParseSize(o.size)
	if err != nil {
		return usage(err, "")
	}
	t, err := o.open()
	if err != nil {
		return err
	}
	defer t.root.Close()
	places, err := t.places(code)
	if err != nil {
		return err
	}
	switch {
	case o.manifests && o.json:
		return usage(errors.New("--manifests with --json"), "manifests are YAML: leave out one of them")
	case o.write:
		return writeManifests(env, t, places, size)
	case o.manifests:
		return printManifests(env, t, places, size)
	case o.json:
		return printJSON(env.Out, newNamespaceReport(t, code, places))
	}
	return printPlaces(env, t, code, places)
}

// places is where code runs in the selected environments. All of the installation's are judged, because code is promoted
// through them: a tenant that only fits one of them fits none.
func (t *tree) places(code tenancy.Code) ([]tenancy.Placement, error) {
	places, err := tenancy.Places(code, t.spec.Environments)
	if err != nil {
		return nil, usage(err, "")
	}
	return slices.DeleteFunc(places, func(p tenancy.Placement) bool { return !slices.Contains(t.envs, p.Environment) }), nil
}

// namespaceReport is the document that namespace prints with --json. Namespaces has the same key and shape as in the
// document of scaffold.
type namespaceReport struct {
	Tenant string         `json:"tenant"`
	SKU    tenancy.SKU    `json:"sku"`
	Origin tenancy.Origin `json:"origin"`
	tenancy.Repositories
	Namespaces   map[string]string `json:"namespaces"`
	Environments []placeLine       `json:"environments"`
}

type placeLine struct {
	Environment string            `json:"environment"`
	Namespace   string            `json:"namespace"`
	Rule        tenancy.Rule      `json:"rule"`
	Labels      map[string]string `json:"labels"`
}

func newNamespaceReport(t *tree, code tenancy.Code, places []tenancy.Placement) namespaceReport {
	r := namespaceReport{
		Tenant: code.Tenant, SKU: code.SKU, Origin: code.Origin, Repositories: tenancy.RepositoriesOf(code, &t.spec.Spec),
		Namespaces: map[string]string{}, Environments: []placeLine{},
	}
	for _, p := range places {
		r.Namespaces[p.Environment] = p.Namespace
		r.Environments = append(r.Environments, placeLine(p))
	}
	return r
}

func printPlaces(env Env, t *tree, code tenancy.Code, places []tenancy.Placement) error {
	p := newPrinter(env)
	var name, namespace int
	for _, place := range places {
		name, namespace = max(name, len(place.Environment)), max(namespace, len(place.Namespace))
	}
	for _, place := range places {
		p.line("%-*s  %s  %s", name, place.Environment, p.color(green, fmt.Sprintf("%-*s", namespace, place.Namespace)), p.color(grey, labelText(place.Labels)))
	}
	rule, repositories := tenancy.RuleOf(code), tenancy.RepositoriesOf(code, &t.spec.Spec)
	p.line("")
	p.line("rule    %s (%s): %s", rule.ID, rule.Formula, rule.Reason)
	p.line("code    %s", repositories.Code)
	p.line("GitOps  %s", repositories.GitOps)
	return p.err
}

// labelText is labels as kubectl's selectors write them.
func labelText(labels map[string]string) string {
	var pairs []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, k+"="+labels[k])
	}
	return strings.Join(pairs, ",")
}
