package tenancy

import (
	"strings"

	"github.com/ameideio/ameide/pkg/spec"
)

// Rule is one row of the table. Formula is the namespace's name with the places {id}, the tenant, and {env}, the
// environment as names spell it (prod); Reason says in one sentence when the row applies.
type Rule struct {
	ID      string `json:"id"`
	Formula string `json:"formula"`
	Reason  string `json:"reason"`
}

// platformPrefix begins every namespace of the platform: those of the environments and ameide-system.
const platformPrefix = "ameide-"

// Shared is the row of the platform's code for everybody.
func Shared() Rule {
	return Rule{"platform-shared", platformPrefix + "{env}", "code of the platform that all tenants share runs in the platform's namespace"}
}

// Base is the row of the platform's code that runs for one tenant.
func Base() Rule {
	return Rule{"tenant-base", tenantPrefix + "{id}-{env}-base", "code of the platform for a tenant with namespaces or a cluster of its own runs in that tenant's base namespace"}
}

// Custom is the row of everything that the platform's engineers did not write.
func Custom() Rule {
	return Rule{"tenant-custom", tenantPrefix + "{id}-{env}-cust", "code of a tenant or an agent runs in that tenant's custom namespace, whatever the SKU, and never in one of the platform"}
}

// RuleOf is the row that applies to code.
func RuleOf(c Code) Rule {
	switch {
	case c.Origin != OriginPlatform:
		return Custom()
	case c.SKU == SKUShared:
		return Shared()
	}
	return Base()
}

// Namespace fills the formula in. environment is the full name, production.
func (r Rule) Namespace(tenant, environment string) string {
	return strings.NewReplacer(idPlace, tenant, "{env}", spec.Short(environment)).Replace(r.Formula)
}

// IsPlatform tells a namespace that only the platform's code may have: by its name, or because it is one of the
// environments' own.
func IsPlatform(namespace string, environments []spec.Environment) bool {
	if strings.HasPrefix(namespace, platformPrefix) {
		return true
	}
	for _, e := range environments {
		if namespace == e.Namespace {
			return true
		}
	}
	return false
}
