package verify

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/ameideio/ameide/pkg/appset"
	"github.com/ameideio/ameide/pkg/kubeschema"
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

// Somebody's hand, another program or an older version: what decides is whose the code is and where it goes.
func TestForeignCodeInThePlatformsNamespacesIsFoundWhereverItLies(t *testing.T) {
	application := "kind: Application\nmetadata: {labels: {ameide.io/tenant-id: acme}}\nspec: {destination: {namespace: ameide-prod}}\n"
	for file, text := range map[string]string{
		"primitives/domain/ledger/component.yaml":                 application,
		"tenants/acme/primitives/domain/ledger/component.yaml":    "spec: {destination: {namespace: ameide-prod}}\n",
		"argocd/applications/ledger.yaml":                         application,
		"environments/dev/x/deployment.yml":                       "kind: Deployment\nmetadata: {namespace: ameide-dev, labels: {ameide.io/code-origin: agent}}\n",
		"sources/values/_shared/apps/ledger.yaml":                 "codeOrigin: untrusted\ntargetNamespaces: {production: ameide-prod}\n",
		"environments/dev/tenants/acme/tenant-acme-dev-cust.yaml": "kind: Role\nmetadata: {namespace: ameide-dev}\n",
	} {
		s := spec.Default()
		tree := &Tree{FS: mapFS(map[string]string{file: text}), Spec: &spec.Loaded{Spec: s}, Sets: &appset.Result{}}
		issues, err := tenantsKeptOut(tree)
		if err != nil || len(issues) != 1 || issues[0].File != file {
			t.Errorf("%s: %+v, %v", file, issues, err)
		}
	}
}

// A resource is one wherever it stands, and the finding is about its own line.
func TestResourcesOfPrimitivesAreHeldAgainstTheirSchemas(t *testing.T) {
	s := spec.Default()
	schemas, err := kubeschema.New(s.Kubernetes.Version)
	if err != nil {
		t.Fatal(err)
	}
	const bad = "apiVersion: ameide.io/v1\nkind: Agent\nmetadata: {name: x}\nspec:\n  image: a:1\n  riskTier: huge\n"
	for file, tc := range map[string]struct {
		text string
		line int
	}{
		"primitives/agent/x/manifests/resource.yaml": {bad, 6},
		"tenants/acme/primitives/agent/x/r.yml":      {"kind: Other\n---\n" + bad, 8},
		"sources/values/_shared/apps/agent-x.yaml":   {"manifests:\n  - " + strings.ReplaceAll(strings.TrimSpace(bad), "\n", "\n    ") + "\n", 7},
	} {
		tree := &Tree{FS: mapFS(map[string]string{file: tc.text}), Spec: &spec.Loaded{Spec: s}, Schemas: schemas, Sets: &appset.Result{}}
		issues, err := resourcesAccepted(tree)
		if err != nil || len(issues) == 0 {
			t.Fatalf("%s: %+v, %v", file, issues, err)
		}
		if last := issues[len(issues)-1]; last.Line != tc.line || last.Field != "spec.riskTier" || last.Resource != "Agent/x" {
			t.Errorf("%s: %+v, %v", file, issues, err)
		}
	}
}
