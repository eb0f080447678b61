package factory_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/kubeschema"
	"github.com/ameideio/ameide/pkg/reconcile"
	"github.com/ameideio/ameide/pkg/spec"
)

const realmChartDir = "sources/charts/foundation/operators-config/keycloak_realm"

// inCluster is an installation whose hooks run ameide.
func inCluster(t *testing.T) *spec.Loaded {
	t.Helper()
	loaded, err := spec.Load(os.DirFS(filepath.Join("testdata", "in-cluster")), spec.FileName)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// The golden files are those that differ from the installation whose hooks run the shell.
func TestGoldenTreeOfHooksThatRunAmeide(t *testing.T) {
	s := spec.Default()
	shell, got := generatedCheckout(t, &s), map[string]string{}
	for name, f := range generatedCheckout(t, &inCluster(t).Spec) {
		if other := shell[name]; other == nil || string(other.Data) != string(f.Data) {
			got[name] = string(f.Data)
		}
	}
	golden(t, "../../testdata/golden/in-cluster", got)
}

// realmObjects are the rendered objects of an environment's realm component.
func realmObjects(t *testing.T, tree fs.FS, e spec.Environment) []*helmchart.Manifest {
	t.Helper()
	chart, err := helmchart.Load(tree, realmChartDir)
	if err != nil {
		t.Fatal(err)
	}
	values := "sources/values/"
	layers := []string{
		values + "base/globals.yaml", values + "cluster/" + e.Cluster + "/globals.yaml", values + "env/" + e.Name + "/globals.yaml",
		"config/node-profiles/" + e.NodeProfile + ".yaml",
		values + "_shared/platform/platform-keycloak-realm.yaml", values + "env/" + e.Name + "/platform/platform-keycloak-realm.yaml",
	}
	loaded, err := helmchart.LoadValues(tree, layers, true)
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := helmchart.Render(chart, loaded, helmchart.Release{Name: "platform-keycloak-realm", Namespace: e.Namespace}, helmchart.Capabilities{KubeVersion: "1.34"})
	if err != nil {
		t.Fatal(err)
	}
	return manifests
}

// named is the object of a kind, nil when there is none.
func named(objects []*helmchart.Manifest, kind, name string) *helmchart.Manifest {
	for _, m := range objects {
		if m.Kind() == kind && m.Name() == name {
			return m
		}
	}
	return nil
}

func TestTheRealmHasOneReconcilerAndItsObjectsAreValid(t *testing.T) {
	schemas, err := kubeschema.New("1.34")
	if err != nil {
		t.Fatal(err)
	}
	for _, runner := range []spec.Runner{spec.RunnerShell, spec.RunnerAmeide} {
		s := inCluster(t).Spec
		s.Hooks.Runner = runner
		tree := generatedCheckout(t, &s)
		for _, e := range s.Environments {
			objects := realmObjects(t, tree, e)
			shell := named(objects, "Job", "platform-keycloak-realm-client-patcher") != nil
			ours := named(objects, "Job", "platform-keycloak-realm-ameide-reconcile") != nil
			if ours != (runner == spec.RunnerAmeide) || shell == ours {
				t.Errorf("runner %s, %s: shell client patcher %v, reconcile Job %v", runner, e.Name, shell, ours)
			}
			for _, m := range objects {
				if !strings.Contains(m.Template, "ameide-") {
					continue // the platform's own
				}
				for _, v := range schemas.Validate(m.Object) {
					t.Errorf("%s %s: %s %s: %s", runner, e.Name, m.ID(), v.Path, v.Message)
				}
			}
		}
	}
}

// What the Pod reads is what the command reads from the checkout: the same clients, the same Vault entries.
func TestThePodDeclaresWhatTheCheckoutDoes(t *testing.T) {
	installation := inCluster(t)
	installation.OIDC.Vault.Field, installation.OIDC.Realm = "client_secret", "ameide"
	tree := generatedCheckout(t, &installation.Spec)
	for _, e := range installation.Environments {
		want, err := reconcile.Load(tree, installation, e.Name)
		if err != nil {
			t.Fatal(err)
		}
		want.Patcher = reconcile.Patcher{} // a Job finds Keycloak and its account in its own environment
		config := named(realmObjects(t, tree, e), "ConfigMap", "platform-keycloak-realm-ameide-reconcile")
		files := fstest.MapFS{}
		for name, text := range config.Object["data"].(map[string]any) {
			files[name] = &fstest.MapFile{Data: []byte(text.(string))}
		}
		loaded, err := spec.Load(files, "spec.yaml")
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		got, err := reconcile.LoadValues(files, "values.json", loaded, e.Name)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s: -got +want:\n%s", e.Name, diff)
		}
	}
}

// realmChartFiles are the platform's realm chart with the generated Job.
func realmChartFiles(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for name, f := range generatedCheckout(t, &inCluster(t).Spec) {
		if strings.HasPrefix(name, realmChartDir+"/") {
			files[name] = f
		}
	}
	return files
}

// reconcileSuiteFails runs the suite of the reconcile Job and tells what does not pass.
func reconcileSuiteFails(t *testing.T, files fs.FS) []string {
	t.Helper()
	chart, err := helmchart.Load(files, realmChartDir)
	if err != nil {
		t.Fatal(err)
	}
	results, err := helmchart.Unittest(t.Context(), chart, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 1 {
		t.Fatalf("%d suites, want the reconcile Job's", len(results))
	}
	return failures(results[0])
}

func TestTheSuiteOfTheReconcileJobPasses(t *testing.T) {
	t.Parallel()
	for _, failure := range reconcileSuiteFails(t, realmChartFiles(t)) {
		t.Error(failure)
	}
}

func TestTheSuiteOfTheReconcileJobNoticesEveryBentBranch(t *testing.T) {
	t.Parallel()
	files := realmChartFiles(t)
	const template = realmChartDir + "/templates/ameide-reconcile.yaml"
	for _, m := range bentBranches(t, fstest.MapFS{template: files[template]}) {
		tree := maps.Clone(files)
		tree[template] = &fstest.MapFile{Data: []byte(m.text)}
		if noticed, want := len(reconcileSuiteFails(t, tree)) > 0, !strings.HasPrefix(m.name, unbent); noticed != want {
			t.Errorf("%s: the suite notices: %v, want %v", m.name, noticed, want)
		}
	}
}
