package tenancy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/spec"
)

// Placement is where code runs in one environment. Environment is the full name (production); Labels are those of the
// namespace.
type Placement struct {
	Environment string
	Namespace   string
	Rule        Rule
	Labels      map[string]string
}

// Places is where code runs in each of an installation's environments, in the installation's order. The error says what
// the code's description lacks, or which promise the answer would break.
func Places(c Code, environments []spec.Environment) ([]Placement, error) {
	if err := c.check(environments); err != nil {
		return nil, err
	}
	places := make([]Placement, 0, len(environments))
	owner := map[string]string{}
	for _, e := range environments {
		p := place(c, e)
		if err := p.check(c, environments); err != nil {
			return nil, err
		}
		if other, taken := owner[p.Namespace]; taken {
			return nil, &Error{fmt.Sprintf("environments %s and %s would share namespace %s", other, p.Environment, p.Namespace), "rename one of them in the spec"}
		}
		owner[p.Namespace] = p.Environment
		places = append(places, p)
	}
	return places, nil
}

// check refuses a description that the table has no row for.
func (c Code) check(environments []spec.Environment) error {
	if !slices.Contains(Origins(), c.Origin) {
		return &Error{fmt.Sprintf("unknown origin %q", c.Origin), "use " + enumerate(Origins())}
	}
	if !slices.Contains(SKUs(), c.SKU) {
		return &Error{fmt.Sprintf("unknown SKU %q", c.SKU), "use " + enumerate(SKUs())}
	}
	if c.Tenant != "" {
		return CheckTenant(c.Tenant, environments)
	}
	if c.NeedsTenant() {
		return &Error{fmt.Sprintf("origin %s on SKU %s needs a tenant", c.Origin, c.SKU), "name it, for example --tenant acme; only the platform's code on Shared has none"}
	}
	return nil
}

func place(c Code, e spec.Environment) Placement {
	rule := RuleOf(c)
	p := Placement{Environment: e.Name, Rule: rule, Namespace: rule.Namespace(c.Tenant, e.Name), Labels: labels(c, e)}
	if rule.ID == Shared().ID && e.Namespace != "" {
		p.Namespace = e.Namespace
	}
	return p
}

// check holds an answer to what the package promises, however it came about: the namespace exists as a name, custom code
// stays out of the platform's, and the platform's shared code out of the tenants'.
func (p Placement) check(c Code, environments []spec.Environment) error {
	owned := strings.HasPrefix(p.Namespace, tenantPrefix)
	switch {
	case len(p.Namespace) > maxLabel || !tenantID.MatchString(p.Namespace):
		return &Error{fmt.Sprintf("environment %s: %q is no namespace", p.Environment, p.Namespace), fmt.Sprintf("a namespace is a DNS label of at most %d characters", maxLabel)}
	case p.Rule.ID == Shared().ID && owned:
		return &Error{fmt.Sprintf("environment %s: the platform's namespace %s has a tenant's prefix", p.Environment, p.Namespace), "give the environment another namespace in the spec"}
	case p.Rule.ID != Shared().ID && (IsPlatform(p.Namespace, environments) || !owned):
		return &Error{fmt.Sprintf("environment %s: code of origin %s for tenant %s would run in the platform's namespace %s", p.Environment, c.Origin, c.Tenant, p.Namespace),
			"give the environment another namespace in the spec"}
	}
	return nil
}
