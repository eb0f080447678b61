package tenancy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/kubeschema"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/tenancy"
)

// manifests are the objects of tenant acme's namespace for an origin in production, after a round trip through the file.
func manifests(t *testing.T, origin tenancy.Origin, size tenancy.Size) []map[string]any {
	t.Helper()
	file := manifestFile(t, origin, size)
	objects, err := kubeschema.Decode(file.Content)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func manifestFile(t *testing.T, origin tenancy.Origin, size tenancy.Size) tenancy.File {
	t.Helper()
	s := spec.Default()
	places, err := tenancy.Places(tenancy.Code{Origin: origin, SKU: "Private", Tenant: "acme"}, environments("production"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := tenancy.ManifestFile(places[0], tenancy.Bounds{Size: size, Gateway: tenancy.GatewayOf(&s, spec.DefaultEnvironment("production"))})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestManifestsAreAcceptedByEveryKubernetes(t *testing.T) {
	for _, version := range kubeschema.SupportedVersions() {
		validator, err := kubeschema.New(version)
		if err != nil {
			t.Fatal(err)
		}
		for _, origin := range tenancy.Origins() {
			for _, size := range tenancy.Sizes() {
				for _, o := range manifests(t, origin, size) {
					for _, v := range validator.Validate(o) {
						t.Errorf("Kubernetes %s, %s %s: %s %s", version, origin, size, o["kind"], v)
					}
				}
			}
		}
	}
}

func TestATenantsFileLiesInItsPlaceAndHoldsOneNamespace(t *testing.T) {
	if got, want := manifestFile(t, "platform", "small").Path, "environments/production/tenants/acme/tenant-acme-prod-base.yaml"; got != want {
		t.Errorf("path = %s, want %s", got, want)
	}
	file := manifestFile(t, "agent", "small")
	if want := "environments/production/tenants/acme/tenant-acme-prod-cust.yaml"; file.Path != want {
		t.Errorf("path = %s, want %s", file.Path, want)
	}
	var kinds []string
	for _, o := range manifests(t, "agent", "small") {
		metadata := sub(o, "metadata")
		kinds = append(kinds, text(o["kind"])+"/"+text(metadata["name"]))
		if o["kind"] != "Namespace" && metadata["namespace"] != "tenant-acme-prod-cust" {
			t.Errorf("%s: namespace = %v", o["kind"], metadata["namespace"])
		}
	}
	want := []string{"Namespace/tenant-acme-prod-cust", "ResourceQuota/tenant-quota", "LimitRange/tenant-limits",
		"NetworkPolicy/default-deny", "NetworkPolicy/allow-same-namespace", "NetworkPolicy/allow-dns", "NetworkPolicy/allow-gateway"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

func TestTheNamespaceCarriesItsLabelsAndOutlivesItsFile(t *testing.T) {
	metadata := sub(manifests(t, "tenant", "small")[0], "metadata")
	want := map[string]any{
		"ameide.io/environment": "production", "ameide.io/managed-by": "gitops", "ameide.io/tenant-kind": "private",
		"ameide.io/tenant-id": "acme", "ameide.io/code-origin": "tenant", "pod-security.kubernetes.io/enforce": "restricted",
	}
	if diff := cmp.Diff(want, metadata["labels"]); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if got := text(sub(metadata, "annotations")["argocd.argoproj.io/sync-options"]); !strings.Contains(got, "Prune=false") || !strings.Contains(got, "Delete=false") {
		t.Errorf("sync options = %q", got)
	}
}

func TestTheQuotaFollowsTheSize(t *testing.T) {
	tests := map[tenancy.Size]map[string]any{
		"small":  quota("2", "4", "4Gi", "8Gi", "10", "2"),
		"medium": quota("4", "8", "8Gi", "16Gi", "20", "5"),
		"large":  quota("8", "16", "16Gi", "32Gi", "50", "10"),
	}
	for size, want := range tests {
		if diff := cmp.Diff(want, sub(manifests(t, "tenant", size)[1], "spec")["hard"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", size, diff)
		}
	}
	if len(tests) != len(tenancy.Sizes()) {
		t.Errorf("%d sizes are tested, there are %d", len(tests), len(tenancy.Sizes()))
	}
}

func quota(requestCPU, limitCPU, requestMemory, limitMemory, pods, claims string) map[string]any {
	return map[string]any{
		"requests.cpu": requestCPU, "limits.cpu": limitCPU, "requests.memory": requestMemory, "limits.memory": limitMemory,
		"pods": pods, "persistentvolumeclaims": claims, "services": "10", "services.nodeports": "0", "services.loadbalancers": "0",
	}
}

func TestThePlatformsNamespacesGetNoManifests(t *testing.T) {
	places, err := tenancy.Places(tenancy.Code{Origin: "platform", SKU: "Shared", Tenant: "acme"}, environments("dev"))
	if err != nil {
		t.Fatal(err)
	}
	objects, err := tenancy.Manifests(places[0], tenancy.Bounds{})
	if err == nil || objects != nil {
		t.Errorf("got %d objects, %v; want an error", len(objects), err)
	}
}
