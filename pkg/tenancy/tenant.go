package tenancy

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/ameideio/ameide/pkg/spec"
)

// TenantPattern is what a tenant's id looks like: a DNS label (RFC 1123). How long it may be depends on the environments,
// see MaxTenant.
const TenantPattern = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`

// maxLabel is the length of a DNS label, and so of a namespace, in bytes.
const maxLabel = 63

// tenantPrefix begins every namespace and every repository of a tenant; nothing of the platform may begin with it.
const tenantPrefix = "tenant-"

var tenantID = regexp.MustCompile(TenantPattern)

// MaxTenant is the length in bytes that leaves a tenant's longest namespace, over all environments, within a DNS label:
// 43 for dev, staging and production.
func MaxTenant(environments []spec.Environment) int {
	longest := 0
	for _, e := range environments {
		longest = max(longest, len(Base().Namespace("", e.Name)), len(Custom().Namespace("", e.Name)))
	}
	return maxLabel - longest
}

// CheckTenant refuses what cannot be a tenant's id in an installation with these environments. All of an installation's
// environments count, because code is promoted through them: an id that only fits in dev is no id.
func CheckTenant(id string, environments []spec.Environment) error {
	switch limit := MaxTenant(environments); {
	case id == "":
		return &Error{"the tenant's id is empty", "name the tenant, for example --tenant acme"}
	case strings.HasPrefix(strings.ToLower(id), tenantPrefix):
		return &Error{fmt.Sprintf("tenant %q already has the prefix %s", id, tenantPrefix), withoutPrefix(id)}
	case !tenantID.MatchString(id):
		return &Error{fmt.Sprintf("tenant %q is no DNS label", id), labelAdvice(id)}
	case len(id) > limit:
		return &Error{fmt.Sprintf("tenant %q has %d characters, the limit is %d", id, len(id), limit),
			fmt.Sprintf("the longest namespace, tenant-{id}-%s-cust, must stay within %d characters", longestShort(environments), maxLabel)}
	}
	return checkAmbiguity(id, environments)
}

// checkAmbiguity refuses an id that ends as an environment does. With the environments eu and dev-eu, tenant acme-dev in eu
// and tenant acme in dev-eu would have one namespace; and tenant-acme-dev-dev-cust deceives whoever reads it.
func checkAmbiguity(id string, environments []spec.Environment) error {
	for _, e := range environments {
		for _, name := range []string{e.Name, spec.Short(e.Name)} {
			if rest, ok := strings.CutSuffix(id, "-"+name); ok {
				return &Error{fmt.Sprintf("tenant %q ends with the name of an environment", id), fmt.Sprintf("write %s, the rules add the environment; a tenant that is really called so needs another id", rest)}
			}
		}
		for _, other := range environments {
			between, ok := strings.CutSuffix(spec.Short(e.Name), "-"+spec.Short(other.Name))
			if ok && strings.HasSuffix(id, "-"+between) {
				return &Error{fmt.Sprintf("tenant %q in %s would share the namespace of tenant %q in %s", id, other.Name, strings.TrimSuffix(id, "-"+between), e.Name),
					fmt.Sprintf("choose an id that does not end with -%s", between)}
			}
		}
	}
	return nil
}

func withoutPrefix(id string) string {
	if rest := strings.ToLower(id)[len(tenantPrefix):]; tenantID.MatchString(rest) {
		return fmt.Sprintf("write %s: the rules add the prefix", rest)
	}
	return "write the id alone: the rules add the prefix"
}

func labelAdvice(id string) string {
	if lower := strings.ToLower(id); tenantID.MatchString(lower) {
		return "write " + lower
	}
	return "lower-case letters, digits and inner dashes, for example acme"
}

func longestShort(environments []spec.Environment) string {
	longest := ""
	for _, e := range environments {
		if s := spec.Short(e.Name); len(s) > len(longest) {
			longest = s
		}
	}
	return longest
}
