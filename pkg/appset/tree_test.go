package appset

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const fixture = "../../testdata/gitops"

func own() Options {
	return Options{RepoURL: "https://github.com/ameideio/ameide-gitops.git", Revision: "main"}
}

// copyTree reads the fixture into memory, so that a test can break it.
func copyTree(t *testing.T) fstest.MapFS {
	t.Helper()
	tree, out := os.DirFS(fixture), fstest.MapFS{}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(tree, name)
		out[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func replaceIn(t *testing.T, tree fstest.MapFS, file, old, new string) {
	t.Helper()
	text := string(tree[file].Data)
	if !strings.Contains(text, old) {
		t.Fatalf("%s does not contain %q", file, old)
	}
	tree[file] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, new, 1))}
}

func load(t *testing.T, tree fs.FS) Result {
	t.Helper()
	r, err := Load(tree, own())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func names(r Result, overlay string) []string {
	var out []string
	for _, a := range r.Applications {
		if a.Overlay == overlay {
			out = append(out, a.Name)
		}
	}
	return out
}

func find(t *testing.T, r Result, name string) Application {
	t.Helper()
	for _, a := range r.Applications {
		if a.Name == name {
			return a
		}
	}
	t.Fatalf("no Application %s in %v", name, r.Applications)
	return Application{}
}

func TestAzureGeneratesEveryComponentForEveryEnvironment(t *testing.T) {
	r := load(t, os.DirFS(fixture))
	if len(r.Problems) > 0 {
		t.Fatalf("problems: %v", r.Problems)
	}
	want := []string{"cluster-crds-gateway", "cluster-operators-cloudnative-pg", "cluster-operators-external-secrets"}
	for _, env := range []string{"dev", "production", "staging"} {
		for _, component := range []string{
			"foundation-vault-bootstrap", "foundation-vault-core", "foundation-vault-secret-store",
			"observability-otel-collector", "platform-auth-smoke", "platform-gateway", "platform-keycloak",
			"platform-keycloak-realm", "platform-postgres-clusters", "www-ameide-platform",
		} {
			want = append(want, env+"-"+component)
		}
	}
	if diff := cmp.Diff(names(r, "azure"), want); diff != "" {
		t.Error(diff)
	}
}

func TestLocalGeneratesItsOwnComponentsOnly(t *testing.T) {
	want := []string{
		"cluster-crds-gateway", "cluster-operators-cloudnative-pg", "cluster-operators-external-secrets",
		"local-foundation-vault-bootstrap", "local-foundation-vault-core", "local-foundation-vault-secret-store",
		"local-observability-otel-collector", "local-platform-gateway", "local-platform-keycloak",
		"local-platform-keycloak-realm", "local-platform-postgres-clusters", "local-www-ameide-platform",
	}
	if diff := cmp.Diff(names(load(t, os.DirFS(fixture)), "local"), want); diff != "" {
		t.Error(diff)
	}
}

func TestProductionTakesItsNamespaceAndLayersFromTheClusterConfig(t *testing.T) {
	a := find(t, load(t, os.DirFS(fixture)), "production-platform-keycloak-realm")
	want := []string{
		"sources/values/base/globals.yaml",
		"sources/values/cluster/azure/globals.yaml",
		"sources/values/env/production/globals.yaml",
		"config/node-profiles/prod-pool.yaml",
		"sources/values/_shared/platform/platform-keycloak-realm.yaml",
		"sources/values/env/production/platform/platform-keycloak-realm.yaml",
	}
	if diff := cmp.Diff(a.ValueFiles(), want); diff != "" {
		t.Error(diff)
	}
	chart, _ := a.ChartSource()
	got := []string{a.Namespace, a.Project, a.Server, a.Param("env"), a.Labels["rollout-phase"], chart.Path, chart.TargetRevision, chart.Helm.ReleaseName}
	wantFields := []string{
		"ameide-prod", "ameide", "https://kubernetes.default.svc", "production", "355",
		"sources/charts/foundation/operators-config/keycloak_realm", "main", "platform-keycloak-realm",
	}
	if diff := cmp.Diff(got, wantFields); diff != "" {
		t.Error(diff)
	}
	if !chart.Helm.IgnoreMissingValueFiles {
		t.Error("ignoreMissingValueFiles is not read")
	}
	origins := []Position{{"config/clusters/azure.yaml", 17}, {"environments/_shared/components/platform/auth/keycloak-realm/component.yaml", 1}}
	if diff := cmp.Diff(a.Origins, origins); diff != "" {
		t.Error(diff)
	}
}

func TestATemplatePatchRendersWhatIsNotAString(t *testing.T) {
	spec := find(t, load(t, os.DirFS(fixture)), "dev-platform-keycloak-realm").Object["spec"].(map[string]any)
	want := []any{map[string]any{
		"group": "", "kind": "ConfigMap", "name": "keycloak-client-secret-versions", "namespace": "ameide-dev",
		"jsonPointers": []any{"/data"},
	}}
	if diff := cmp.Diff(spec["ignoreDifferences"], any(want)); diff != "" {
		t.Error(diff)
	}
	policy := spec["syncPolicy"].(map[string]any)
	if diff := cmp.Diff(policy["automated"], any(map[string]any{"prune": true, "selfHeal": true})); diff != "" {
		t.Error(diff)
	}
}

func TestARemoteChartTakesItsValuesFromTheTree(t *testing.T) {
	a := find(t, load(t, os.DirFS(fixture)), "local-foundation-vault-core")
	chart, _ := a.ChartSource()
	if chart.Chart != "vault" || chart.RepoURL != "https://helm.releases.hashicorp.com" {
		t.Errorf("chart source: %+v", chart)
	}
	want := []string{"sources/values/_shared/foundation/foundation-vault-core.yaml", "sources/values/env/local/foundation/foundation-vault-core.yaml"}
	if diff := cmp.Diff(a.ValueFiles(), want); diff != "" {
		t.Error(diff)
	}
}

func TestStepsKnowTheirLines(t *testing.T) {
	r := load(t, os.DirFS(fixture))
	set := r.Sets[0]
	if set.Name != "ameide" || !set.Rolling || len(set.Steps) != 44 {
		t.Fatalf("set %s, rolling %v, %d steps", set.Name, set.Rolling, len(set.Steps))
	}
	data, err := os.ReadFile(fixture + "/" + set.StepsAt.File)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	for _, step := range set.Steps {
		if line := lines[step.Position.Line-1]; !strings.Contains(line, `"`+step.Expressions[0].Values[0]+`"`) {
			t.Errorf("step %v is not on line %d: %s", step, step.Position.Line, line)
		}
	}
	if got := set.StepOf(map[string]string{"rollout-phase": "356"}); got != -1 {
		t.Errorf("phase 356 is in step %d", got)
	}
	if got := set.Steps[find(t, r, "dev-platform-keycloak-realm").Step].Expressions[0].Values; got[0] != "355" {
		t.Errorf("the realm rolls out in step %v", got)
	}
}

func TestAnEnvironmentThatIsSwitchedOffGeneratesNothing(t *testing.T) {
	tree := copyTree(t)
	replaceIn(t, tree, "config/clusters/azure.yaml", "dnsZone: staging.ameide.io\n  enabled: \"true\"", "dnsZone: staging.ameide.io\n  enabled: \"false\"")
	for _, name := range names(load(t, tree), "azure") {
		if strings.HasPrefix(name, "staging-") {
			t.Errorf("%s is generated", name)
		}
	}
}

func TestBrokenTreesNameTheLine(t *testing.T) {
	const component = "environments/_shared/components/platform/edge/gateway/component.yaml"
	const set = "argocd/applicationsets/ameide.yaml"
	cases := []struct {
		name, file, old, new, want string
	}{
		{"a component without a phase", component, "rolloutPhase: \"340\"\n", "", set + `:137: template: executing "template" at <.rolloutPhase>: map has no entry for key "rolloutPhase" (for ` + component + ":1)"},
		{"a chart without repository", component, "  repoURL: https://github.com/ameideio/ameide-gitops.git\n", "", set + `:148: template: executing "template" at <.chart.repoURL>: map has no entry for key "repoURL" (for ` + component + ":1)"},
		{"a component that does not parse", component, "autoSync: true", "autoSync: {", component + ":6: yaml: did not find expected ',' or '}'"},
		{"a repeated key", component, "autoSync: true", "name: twice", component + `:7: key "name" appears twice`},
		{"another repository", set, "ameide-gitops.git\n              revision: main\n              files:\n                - path: config", "other.git\n              revision: main\n              files:\n                - path: config", set + `:16: the git generator reads repository "https://github.com/ameideio/other.git"; this tree is "https://github.com/ameideio/ameide-gitops.git"`},
		{"another branch", set, "revision: main", "revision: next", set + `:17: the git generator reads revision "next"; this tree is "main"`},
		{"a cluster generator", set, "- matrix:", "- clusters:", set + `:13: generator "clusters" is not evaluated offline`},
		{"no Go templates", set, "goTemplate: true", "goTemplate: false", set + `:10: ApplicationSet "ameide" does not set goTemplate: true; its templates are not evaluated offline`},
		{"an unknown template option", set, "missingkey=error", "missingkey=panic", set + `:11: unknown Go template option "missingkey=panic"`},
		{"an unknown function", set, "toYaml .syncPolicy", "toToml .syncPolicy", set + `:180: template: function "toToml" not defined`},
		{"two components of one name", component, "name: platform-gateway", "name: platform-keycloak", component + `:1: Application "dev-platform-keycloak" is generated twice; also from environments/_shared/components/platform/auth/keycloak/component.yaml:1`},
		{"a remote base", "argocd/overlays/azure/kustomization.yaml", "../../base", "https://example.org/base", `argocd/overlays/azure/kustomization.yaml:5: resource "https://example.org/base" is remote and not evaluated offline`},
		{"a name prefix", "argocd/overlays/azure/kustomization.yaml", "resources:", "namePrefix: x-\nresources:", `argocd/overlays/azure/kustomization.yaml:4: kustomization key "namePrefix" is not evaluated offline`},
		{"a patch of nothing", "argocd/overlays/azure/cluster-name.yaml", "name: ameide", "name: amied", `argocd/overlays/azure/cluster-name.yaml:1: no object ApplicationSet "amied" to patch`},
		{"a patch that misses", "argocd/overlays/local/kustomization.yaml", "files/0/path", "files/1/path", `argocd/overlays/local/kustomization.yaml:13: replace /spec/generators/0/matrix/generators/0/git/files/1/path: there is no element "1"`},
		{"a missing resource", "argocd/base/kustomization.yaml", "../projects", "../project", `argocd/base/kustomization.yaml:5: resource "../project": file does not exist`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tree := copyTree(t)
			replaceIn(t, tree, c.file, c.old, c.new)
			var got []string
			for _, p := range load(t, tree).Problems {
				got = append(got, p.Error())
				if p.Error() == c.want {
					return
				}
			}
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), c.want)
		})
	}
}

func TestABrokenSymbolicLinkFailsTheGeneratorAsInArgoCD(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(fixture)); err != nil {
		t.Fatal(err)
	}
	link := dir + "/environments/local/components/platform/edge/gateway/component.yaml"
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../gone.yaml", link); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	r := load(t, root.FS())
	if got := len(names(r, "local")); got != 3 {
		t.Errorf("%d local Applications, want the 3 of the cluster", got)
	}
	if len(r.Problems) != 1 || !strings.HasPrefix(r.Problems[0].Error(), "environments/local/components/platform/edge/gateway/component.yaml: ") {
		t.Errorf("problems: %v", r.Problems)
	}
}

func TestATreeWithoutOverlaysIsReadAsItIs(t *testing.T) {
	tree := copyTree(t)
	for name := range tree {
		if strings.HasPrefix(name, "argocd/overlays/") {
			delete(tree, name)
		}
	}
	if got := len(names(load(t, tree), "")); got != 33 {
		t.Errorf("%d Applications, want 33", got)
	}
	if _, err := Load(fstest.MapFS{}, own()); err == nil {
		t.Error("an empty tree is accepted")
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(os.DirFS(fixture), own()); err != nil {
			b.Fatal(err)
		}
	}
}
