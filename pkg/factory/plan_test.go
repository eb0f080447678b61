package factory_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/factory"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/templates"
)

// platform is a fresh copy of the checkout as a platform team has it.
func platform(t *testing.T) *os.Root {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../testdata/gitops")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func compare(t *testing.T, root *os.Root, s *spec.Spec) *checkout.Changes {
	t.Helper()
	plan, err := factory.NewPlan(templates.FS(), root.FS(), s, s.EnvironmentNames())
	if err != nil {
		t.Fatal(err)
	}
	changes, err := checkout.Compare(root.FS(), plan, checkout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func TestEditsOfOtherPeoplesFilesOnlyAdd(t *testing.T) {
	s := spec.Default()
	edited := map[string]bool{}
	for _, c := range compare(t, platform(t), &s).Files {
		if c.Action != checkout.Update {
			continue
		}
		edited[c.Path] = true
		if !subsequence(c.Old, c.New) {
			t.Errorf("%s: the edit does more than add:\n%s", c.Path, c.Diff())
		}
	}
	want := map[string]bool{
		"argocd/applicationsets/ameide.yaml": true,
		"sources/charts/foundation/operators-config/keycloak_realm/templates/externalsecret-oidc-clients.yaml": true,
		"sources/charts/foundation/operators-config/postgres_clusters/templates/app-secrets.yaml":              true,
		"sources/charts/foundation/vault-bootstrap/templates/cronjob.yaml":                                     true,
		"sources/values/_shared/data/platform-postgres-clusters.yaml":                                          true,
		"sources/values/_shared/foundation/foundation-vault-bootstrap.yaml":                                    true,
		"sources/values/_shared/platform/platform-keycloak-realm.yaml":                                         true,
		"sources/values/env/dev/platform/platform-keycloak-realm.yaml":                                         true,
		"sources/values/env/production/platform/platform-keycloak-realm.yaml":                                  true,
		"sources/values/env/staging/platform/platform-keycloak-realm.yaml":                                     true,
	}
	if diff := cmp.Diff(edited, want); diff != "" {
		t.Errorf("edited files, -got +want:\n%s", diff)
	}
}

// subsequence tells whether every byte of old is still there, in order.
func subsequence(old, new []byte) bool {
	for _, b := range new {
		if len(old) > 0 && old[0] == b {
			old = old[1:]
		}
	}
	return len(old) == 0
}

func TestASecondRunChangesNothing(t *testing.T) {
	s := spec.Default()
	root := platform(t)
	if err := checkout.Apply(root, compare(t, root, &s)); err != nil {
		t.Fatal(err)
	}
	if again := compare(t, root, &s); again.Pending() {
		t.Errorf("a second run would change: %s", again.Summary())
	}
}

func TestFilesThatAreMissingAreCreatedWithOurPartAlone(t *testing.T) {
	s := spec.Default()
	root := platform(t)
	const realm = "sources/values/_shared/platform/platform-keycloak-realm.yaml"
	const branch = "sources/charts/foundation/operators-config/postgres_clusters/templates/app-secrets.yaml"
	for _, name := range []string{realm, branch} {
		if err := root.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]checkout.Action{}
	for _, c := range compare(t, root, &s).Files {
		if c.Path == realm || c.Path == branch {
			got[c.Path] = c.Action
			if c.Reason == "" {
				t.Errorf("%s: no reason is given", c.Path)
			}
		}
	}
	if diff := cmp.Diff(got, map[string]checkout.Action{realm: checkout.Create, branch: checkout.Skip}); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestAFileThatDoesNotParseStopsEverything(t *testing.T) {
	s := spec.Default()
	root := platform(t)
	const file = "sources/values/env/dev/platform/platform-keycloak-realm.yaml"
	if err := os.WriteFile(filepath.Join(root.Name(), file), []byte("a: 1\n\tb: [\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := factory.NewPlan(templates.FS(), root.FS(), &s, s.EnvironmentNames())
	if err == nil || !strings.Contains(err.Error(), file+":2") {
		t.Errorf("error %v, want one that names %s:2", err, file)
	}
}
