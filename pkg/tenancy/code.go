package tenancy

import (
	"fmt"
	"slices"
	"strings"
)

// Origin says who wrote code.
type Origin string

// The origins. Nothing defaults to OriginPlatform: code that claims nothing is nobody's.
const (
	OriginPlatform Origin = "platform"
	OriginTenant   Origin = "tenant"
	OriginAgent    Origin = "agent"
)

// SKU says how a tenant bought the platform.
type SKU string

// The SKUs: one set of namespaces for everybody, namespaces for one tenant, a cluster for one tenant.
const (
	SKUShared    SKU = "Shared"
	SKUNamespace SKU = "Namespace"
	SKUPrivate   SKU = "Private"
)

// Origins lists every origin, the platform first.
func Origins() []Origin { return []Origin{OriginPlatform, OriginTenant, OriginAgent} }

// SKUs lists every SKU, from the most shared to the least.
func SKUs() []SKU { return []SKU{SKUShared, SKUNamespace, SKUPrivate} }

// Code is what the rules must know about code. Tenant is the tenant's id without a prefix (`acme`); empty when there is
// none, which only code with NeedsTenant false may have.
type Code struct {
	Origin Origin
	SKU    SKU
	Tenant string
}

// Custom tells code that the platform's engineers did not write.
func (c Code) Custom() bool { return IsCustom(string(c.Origin)) }

// NeedsTenant tells code that runs for one tenant: all but the platform's on the Shared SKU.
func (c Code) NeedsTenant() bool { return c.Origin != OriginPlatform || c.SKU != SKUShared }

// IsCustom tells an origin, as files spell it, that is not the platform's: tenant, agent or untrusted, in any case.
func IsCustom(origin string) bool {
	return slices.Contains([]string{string(OriginTenant), string(OriginAgent), "untrusted"}, strings.ToLower(origin))
}

// ParseOrigin reads an origin in any case.
func ParseOrigin(s string) (Origin, error) { return parse("origin", s, Origins()) }

// ParseSKU reads a SKU in any case.
func ParseSKU(s string) (SKU, error) { return parse("SKU", s, SKUs()) }

func parse[T ~string](what, s string, known []T) (T, error) {
	for _, k := range known {
		if strings.EqualFold(string(k), s) {
			return k, nil
		}
	}
	return "", &Error{Message: fmt.Sprintf("unknown %s %q", what, s), Advice: "use " + enumerate(known)}
}

// enumerate is `a, b or c`.
func enumerate[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}
