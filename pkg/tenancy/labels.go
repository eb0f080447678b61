package tenancy

import "github.com/ameideio/ameide/pkg/spec"

// Labels of a namespace. The platform's policies select by them, so no tenant may change them.
const (
	LabelEnvironment = "ameide.io/environment" // full name: production
	LabelTenantKind  = "ameide.io/tenant-kind" // shared, namespace or private
	LabelTenantID    = "ameide.io/tenant-id"   // absent where nobody owns the namespace
	LabelManagedBy   = "ameide.io/managed-by"  // gitops
	LabelCodeOrigin  = "ameide.io/code-origin" // platform or tenant: base or cust
	// LabelPodSecurity is Kubernetes' own: a Pod on the host's network is out of reach of every NetworkPolicy, and the
	// levels from baseline on refuse it.
	LabelPodSecurity = "pod-security.kubernetes.io/enforce"
)

// labels are those of the namespace that the code runs in. Code of a tenant and of its agents shares one namespace, so
// both have code-origin tenant.
func labels(c Code, e spec.Environment) map[string]string {
	l := map[string]string{
		LabelEnvironment: e.Name,
		LabelTenantKind:  tenantKind(c),
		LabelManagedBy:   "gitops",
		LabelCodeOrigin:  string(OriginPlatform),
	}
	if c.NeedsTenant() {
		l[LabelTenantID] = c.Tenant
		l[LabelPodSecurity] = "baseline"
	}
	if c.Custom() {
		l[LabelCodeOrigin] = string(OriginTenant)
		l[LabelPodSecurity] = "restricted"
	}
	return l
}

func tenantKind(c Code) string {
	switch {
	case c.SKU == SKUPrivate:
		return "private"
	case c.NeedsTenant():
		return "namespace"
	}
	return "shared"
}
