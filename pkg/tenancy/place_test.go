package tenancy_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/tenancy"
)

func environments(names ...string) []spec.Environment {
	var out []spec.Environment
	for _, name := range names {
		out = append(out, spec.DefaultEnvironment(name))
	}
	return out
}

// The whole table: three SKUs, the platform's code and everybody else's, three environments.
func TestEveryCellOfTheTable(t *testing.T) {
	envs := environments("dev", "staging", "production")
	custom := []string{"tenant-acme-dev-cust", "tenant-acme-staging-cust", "tenant-acme-prod-cust"}
	base := []string{"tenant-acme-dev-base", "tenant-acme-staging-base", "tenant-acme-prod-base"}
	shared := []string{"ameide-dev", "ameide-staging", "ameide-prod"}
	tests := []struct {
		sku    tenancy.SKU
		origin tenancy.Origin
		want   []string
		rule   string
	}{
		{"Shared", "platform", shared, "platform-shared"},
		{"Namespace", "platform", base, "tenant-base"},
		{"Private", "platform", base, "tenant-base"},
		{"Shared", "tenant", custom, "tenant-custom"},
		{"Namespace", "tenant", custom, "tenant-custom"},
		{"Private", "tenant", custom, "tenant-custom"},
		{"Shared", "agent", custom, "tenant-custom"},
		{"Namespace", "agent", custom, "tenant-custom"},
		{"Private", "agent", custom, "tenant-custom"},
	}
	for _, test := range tests {
		places, err := tenancy.Places(tenancy.Code{Origin: test.origin, SKU: test.sku, Tenant: "acme"}, envs)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, p := range places {
			got = append(got, p.Namespace)
			if p.Rule.ID != test.rule {
				t.Errorf("%s %s: rule = %s, want %s", test.sku, test.origin, p.Rule.ID, test.rule)
			}
			if p.Environment != envs[i].Name {
				t.Errorf("%s %s: environment = %s, want %s", test.sku, test.origin, p.Environment, envs[i].Name)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", test.sku, test.origin, diff)
		}
	}
	if want := len(tenancy.SKUs()) * len(tenancy.Origins()); len(tests) != want {
		t.Errorf("%d rows are tested, there are %d", len(tests), want)
	}
}

func TestOnlyThePlatformsSharedCodeNeedsNoTenant(t *testing.T) {
	for _, origin := range tenancy.Origins() {
		for _, sku := range tenancy.SKUs() {
			code := tenancy.Code{Origin: origin, SKU: sku}
			_, err := tenancy.Places(code, environments("dev"))
			if got, want := err == nil, origin == "platform" && sku == "Shared"; got != want {
				t.Errorf("%s %s without a tenant: accepted = %t, want %t (%v)", origin, sku, got, want, err)
			}
			if code.NeedsTenant() != (err != nil) {
				t.Errorf("%s %s: NeedsTenant = %t, but the error is %v", origin, sku, code.NeedsTenant(), err)
			}
		}
	}
}

// A spec may give an environment any namespace: the answer is held to the promise, not only the formula.
func TestNoSpecMovesCodeOverTheBorder(t *testing.T) {
	taken := spec.DefaultEnvironment("dev")
	tests := []struct {
		name, namespace string
		origin          tenancy.Origin
		want            string
	}{
		{"custom code", "tenant-acme-dev-cust", "tenant", "would run in the platform's namespace tenant-acme-dev-cust"},
		{"the platform's", "tenant-acme-dev-cust", "platform", "has a tenant's prefix"},
		{"no label", "Not_A_Label", "platform", "is no namespace"},
	}
	for _, test := range tests {
		taken.Namespace = test.namespace
		_, err := tenancy.Places(tenancy.Code{Origin: test.origin, SKU: "Shared", Tenant: "acme"}, []spec.Environment{taken})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error = %v, want one with %q", test.name, err, test.want)
		}
	}
}

func TestThePlatformsSharedCodeFollowsTheSpec(t *testing.T) {
	e := spec.DefaultEnvironment("dev")
	e.Namespace = "portal-dev"
	places, err := tenancy.Places(tenancy.Code{Origin: "platform", SKU: "Shared"}, []spec.Environment{e})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := places[0].Namespace, "portal-dev"; got != want {
		t.Errorf("namespace = %s, want %s", got, want)
	}
	if !tenancy.IsPlatform("portal-dev", []spec.Environment{e}) || tenancy.IsPlatform("portal-prod", []spec.Environment{e}) {
		t.Error("an environment's own namespace must be the platform's, and another's must not")
	}
}

func TestTwoSpellingsOfProductionDoNotShareANamespace(t *testing.T) {
	_, err := tenancy.Places(tenancy.Code{Origin: "tenant", SKU: "Shared", Tenant: "acme"}, environments("prod", "production"))
	if err == nil || !strings.Contains(err.Error(), "share namespace tenant-acme-prod-cust") {
		t.Errorf("error = %v", err)
	}
}

func TestCodeThatTheTableDoesNotKnowIsRefused(t *testing.T) {
	for _, code := range []tenancy.Code{
		{Origin: "", SKU: "Shared", Tenant: "acme"},
		{Origin: "untrusted", SKU: "Shared", Tenant: "acme"},
		{Origin: "Platform", SKU: "Shared", Tenant: "acme"},
		{Origin: "tenant", SKU: "", Tenant: "acme"},
		{Origin: "platform", SKU: "shared"},
	} {
		places, err := tenancy.Places(code, environments("dev"))
		var refused *tenancy.Error
		if !errors.As(err, &refused) || refused.Hint() == "" || places != nil {
			t.Errorf("%+v: got %v, %v; want an error with a hint", code, places, err)
		}
	}
}

func TestOriginsAndSKUsAreReadInAnyCase(t *testing.T) {
	if got, err := tenancy.ParseOrigin("AGENT"); got != tenancy.OriginAgent || err != nil {
		t.Errorf("origin = %q, %v", got, err)
	}
	if got, err := tenancy.ParseSKU("private"); got != tenancy.SKUPrivate || err != nil {
		t.Errorf("SKU = %q, %v", got, err)
	}
	_, err := tenancy.ParseSKU("gold")
	var unknown *tenancy.Error
	if !errors.As(err, &unknown) || unknown.Hint() != "use Shared, Namespace or Private" {
		t.Errorf("error = %v", err)
	}
}

func TestLabelsTellBaseFromCustomAndOneTenantFromAnother(t *testing.T) {
	tests := []struct {
		code tenancy.Code
		want map[string]string
	}{
		{tenancy.Code{Origin: "platform", SKU: "Shared", Tenant: "acme"}, map[string]string{
			"ameide.io/environment": "production", "ameide.io/managed-by": "gitops", "ameide.io/tenant-kind": "shared", "ameide.io/code-origin": "platform"}},
		{tenancy.Code{Origin: "platform", SKU: "Private", Tenant: "acme"}, map[string]string{
			"ameide.io/environment": "production", "ameide.io/managed-by": "gitops", "ameide.io/tenant-kind": "private", "ameide.io/code-origin": "platform",
			"ameide.io/tenant-id": "acme", "pod-security.kubernetes.io/enforce": "baseline"}},
		{tenancy.Code{Origin: "agent", SKU: "Shared", Tenant: "acme"}, map[string]string{
			"ameide.io/environment": "production", "ameide.io/managed-by": "gitops", "ameide.io/tenant-kind": "namespace", "ameide.io/code-origin": "tenant",
			"ameide.io/tenant-id": "acme", "pod-security.kubernetes.io/enforce": "restricted"}},
	}
	for _, test := range tests {
		places, err := tenancy.Places(test.code, environments("production"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, places[0].Labels); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.code, diff)
		}
	}
}

// A tenant and its agents share namespaces, so the labels must be the same whoever asks.
func TestOneNamespaceHasOneSetOfLabels(t *testing.T) {
	seen := map[string]map[string]string{}
	for _, origin := range tenancy.Origins() {
		places, err := tenancy.Places(tenancy.Code{Origin: origin, SKU: "Namespace", Tenant: "acme"}, environments("dev", "production"))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range places {
			if before, ok := seen[p.Namespace]; ok {
				if diff := cmp.Diff(before, p.Labels); diff != "" {
					t.Errorf("%s (-before +after):\n%s", p.Namespace, diff)
				}
			}
			seen[p.Namespace] = p.Labels
		}
	}
	if got, want := len(seen), 4; got != want {
		t.Errorf("%d namespaces, want %d", got, want)
	}
}

func TestCodeBelongsToItsOwnersRepositories(t *testing.T) {
	s := spec.Default()
	s.Organization = "contoso-dev"
	s.GitOps.RepoURL = "https://git.example.com/platform/gitops.git"
	tests := []struct {
		origin tenancy.Origin
		want   tenancy.Repositories
	}{
		{"platform", tenancy.Repositories{Code: "contoso-dev/ameide", GitOps: "https://git.example.com/platform/gitops.git"}},
		{"tenant", tenancy.Repositories{Code: "contoso-dev/tenant-acme-controllers", GitOps: "contoso-dev/tenant-acme-gitops"}},
		{"agent", tenancy.Repositories{Code: "contoso-dev/tenant-acme-controllers", GitOps: "contoso-dev/tenant-acme-gitops"}},
	}
	for _, test := range tests {
		got := tenancy.RepositoriesOf(tenancy.Code{Origin: test.origin, SKU: "Namespace", Tenant: "acme"}, &s)
		if got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.origin, got, test.want)
		}
	}
}

var label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// Whatever is asked, custom code stays out of the platform's namespaces, names are names, and two tenants never meet.
func FuzzCustomCodeStaysInItsOwnNamespace(f *testing.F) {
	f.Add(uint8(1), uint8(0), "acme", "contoso", "dev", "production", "ameide-dev")
	f.Add(uint8(2), uint8(2), "acme-dev", "acme", "eu", "dev-eu", "tenant-acme-dev-cust")
	f.Add(uint8(1), uint8(1), "tenant-acme", "ameide-dev", "prod", "production", "")
	f.Add(uint8(0), uint8(1), "a", "a-b", "c", "b-c", "tenant-a-b-c-base")
	f.Fuzz(func(t *testing.T, origin, sku uint8, tenant, other, env, env2, namespace string) {
		envs := environments(env, env2)
		envs[1].Namespace = namespace
		code := tenancy.Code{Origin: tenancy.Origins()[origin%3], SKU: tenancy.SKUs()[sku%3], Tenant: tenant}
		places, err := tenancy.Places(code, envs)
		if err != nil {
			return
		}
		owned := map[string]bool{}
		for _, p := range places {
			if !label.MatchString(p.Namespace) {
				t.Errorf("%q is no namespace", p.Namespace)
			}
			if code.Custom() && (strings.HasPrefix(p.Namespace, "ameide-") || p.Namespace == envs[0].Namespace || p.Namespace == namespace) {
				t.Errorf("code of origin %q goes to the platform's %s", code.Origin, p.Namespace)
			}
			owned[p.Namespace] = code.NeedsTenant()
		}
		code.Tenant = other
		neighbours, err := tenancy.Places(code, envs)
		if err != nil || other == tenant {
			return
		}
		for _, p := range neighbours {
			if owned[p.Namespace] {
				t.Errorf("tenants %q and %q share %s", tenant, other, p.Namespace)
			}
		}
	})
}
