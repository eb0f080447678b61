package verify

import (
	"testing"
	"testing/fstest"

	"github.com/ameideio/ameide/pkg/appset"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/tenancy"
)

func TestAnEnvironmentsOwnNamespaceIsThePlatformsWhateverItIsCalled(t *testing.T) {
	s := spec.Default()
	s.Environments[0].Namespace = "portal-dev"
	const file = "environments/x/cr.yaml"
	tree := &Tree{FS: mapFS(map[string]string{file: "origin: agent\nnamespace: portal-dev\n"}), Spec: &spec.Loaded{Spec: s}, Sets: &appset.Result{}}
	issues, err := tenantsKeptOut(tree)
	if err != nil {
		t.Fatal(err)
	}
	if len(issues) != 1 || issues[0].File != file || issues[0].Line != 2 || issues[0].Expected != "tenant-{id}-{env}-cust" {
		t.Errorf("findings = %+v, want one in line 2", issues)
	}
}

// What `primitive namespace --manifests` prints names the platform's namespace only as the Gateway's, which is no target.
func TestTheManifestsOfTenantsNamespacesAreNoFinding(t *testing.T) {
	s := spec.Default()
	files := fstest.MapFS{}
	for _, origin := range []tenancy.Origin{tenancy.OriginPlatform, tenancy.OriginTenant} {
		places, err := tenancy.Places(tenancy.Code{Origin: origin, SKU: tenancy.SKUPrivate, Tenant: "acme"}, s.Environments)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range places {
			file, err := tenancy.ManifestFile(p, tenancy.Bounds{Size: tenancy.SizeSmall, Gateway: tenancy.GatewayOf(&s, s.Environments[i])})
			if err != nil {
				t.Fatal(err)
			}
			files[file.Path] = &fstest.MapFile{Data: file.Content}
		}
	}
	if got, want := len(files), 8; got != want {
		t.Fatalf("%d files, want %d", got, want)
	}
	issues, err := tenantsKeptOut(&Tree{FS: files, Spec: &spec.Loaded{Spec: s}, Sets: &appset.Result{}})
	if err != nil || len(issues) > 0 {
		t.Errorf("findings = %+v, %v; want none", issues, err)
	}
}
