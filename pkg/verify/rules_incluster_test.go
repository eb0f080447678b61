package verify

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/internal/example"
	"github.com/ameideio/ameide/pkg/spec"
)

const reconcileTemplate = "sources/charts/foundation/operators-config/keycloak_realm/templates/ameide-reconcile.yaml"

func runsAmeide() *spec.Loaded {
	s := defaults()
	s.Hooks.Runner = spec.RunnerAmeide
	s.Hooks.Image.Digest = "sha256:0000000000000000000000000000000000000000000000000000000000000abc"
	return s
}

var inClusterTree = sync.OnceValues(func() (fstest.MapFS, error) { return example.Installed(&runsAmeide().Spec) })

func inCluster(t *testing.T) fstest.MapFS {
	t.Helper()
	tree, err := inClusterTree()
	if err != nil {
		t.Fatal(err)
	}
	return maps.Clone(tree)
}

func TestATreeWhoseHooksRunAmeideHasNoFindings(t *testing.T) {
	t.Parallel()
	s := runsAmeide()
	if diff := cmp.Diff(findings(t, inCluster(t), s, s.EnvironmentNames()...), []string{laptopImage}); diff != "" {
		t.Errorf("findings (-got +want):\n%s", diff)
	}
}

// The Job that looks at what runs is a hook, too, and no rule about hooks or Pods says anything of it.
func TestTheJobThatLooksAfterASyncHasNoFindings(t *testing.T) {
	t.Parallel()
	tree := inCluster(t)
	replace(t, tree, devValues, "environment: dev\n", "environment: dev\nhooks: {verify: {enabled: true}}\n", 0)
	if found := findings(t, tree, runsAmeide(), "dev"); len(found) > 0 {
		t.Errorf("findings: %q", found)
	}
}

func TestABrokenReconcileJobIsFoundAtItsLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file, from, to string
		nth                  int
		want, place, at      string // rule, and the file and text of the line that it names, if that is not the broken one
	}{
		{"runs after the ExternalSecrets", reconcileTemplate, `wave: "-1"`, `wave: "1"`, 0, "hook/reconcile", "", ""},
		{"runs before its ConfigMap", reconcileTemplate, `wave: "-2"`, `wave: "0"`, 4, "hook/reconcile", "", ""},
		{"runs before the realm's import", realmImport, "hook: PreSync", "hook: PostSync", 0, "hook/reconcile", realmImport, "sync-wave"},
		{"hides its failures", reconcileTemplate, "hook-delete-policy: BeforeHookCreation", "hook-delete-policy: BeforeHookCreation,HookFailed", 0, "hook/reconcile", "", ""},
		{"logs in with a role of nobody", vaultJob, "role/ameide-reconcile", "role/reconcile", 0, "hook/reconcile", "", ""},
		{"logs in with a role of another ServiceAccount", vaultJob, "names=ameide-reconcile", "names=other", 0, "hook/reconcile", "", ""},
		{"may not write an entry", vaultJob, "secret/data/coder-*", "secret/data/code-*", 0, "hook/reconcile", devRealm, "vaultKey: coder-"},
		{"both are on", sharedRealm, "clientPatcher:\n  enabled: false", "clientPatcher:\n  enabled: true", 0, "hook/one-reconciler", sharedRealm, "ameideReconcile:\n  enabled"},
		{"neither is on", sharedRealm, "ameideReconcile:\n  enabled: true", "ameideReconcile:\n  enabled: false", 0, "hook/one-reconciler", sharedRealm, "clientPatcher:\n  enabled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tree := inCluster(t)
			place, line := test.file, replace(t, tree, test.file, test.from, test.to, test.nth)
			if test.at != "" {
				place = test.place
				before, _, _ := strings.Cut(string(tree[place].Data), test.at)
				line = 1 + strings.Count(before+test.at, "\n")
			}
			if diff := cmp.Diff(findings(t, tree, runsAmeide(), "dev"), []string{fmt.Sprintf("%s dev %s:%d", test.want, place, line)}); diff != "" {
				t.Errorf("findings (-got +want):\n%s", diff)
			}
		})
	}
}

const realmImport = "sources/charts/foundation/operators-config/keycloak_realm/templates/realm-import.yaml"

func TestRolesAreReadAsTheScriptWritesThem(t *testing.T) {
	script := "vault write auth/kubernetes/role/a \\\n  bound_service_account_names=\"x,y\" \\\n  policies=p ttl=10m\nvault write auth/kubernetes/role/b bound_service_account_names=z policies=p\nother=1\n"
	want := map[string]map[string]string{
		"a": {"bound_service_account_names": "x,y", "policies": "p", "ttl": "10m"},
		"b": {"bound_service_account_names": "z", "policies": "p"},
	}
	if diff := cmp.Diff(vaultRoles(script), want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}
