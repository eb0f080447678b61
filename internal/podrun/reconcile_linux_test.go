package podrun_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/internal/example"
	"github.com/ameideio/ameide/internal/podrun"
	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/spec"
)

const (
	namespace = "ameide-dev"
	versions  = "keycloak-client-secret-versions"
)

// world is a cluster's API, Keycloak and Vault, all real, and the release's image.
type world struct {
	t         *testing.T
	cluster   *cluster
	keycloak  *keycloakAdmin
	vault     *lab.VaultServer
	container podrun.Container
	job       map[string]any // as the chart renders it
	said      strings.Builder
}

// The Job that generate writes does its work: the image of the release, with the command line, variables, files and user
// of the rendered Pod, with the rendered Role, logged in to Vault as the ServiceAccount, by the role that the edited
// bootstrap script writes.
func TestTheRenderedReconcileJobRuns(t *testing.T) {
	lab.Slow(t)
	if err := podrun.Possible(t.Context()); err != nil {
		lab.Missing(t, err.Error())
	}
	w := newWorld(t)
	clients := []string{"platform-app", "argocd", "coder", "gitlab", "backstage"}

	t.Run("the first run makes every client, its entry in Vault and the ConfigMap", func(t *testing.T) {
		w.runs(t, 0, "")
		w.converged(t, clients)
	})
	t.Run("the second run changes nothing", func(t *testing.T) {
		facts := w.runs(t, 0, "")
		for _, one := range facts {
			if one["fact"] == "client" && one["status"] != "unchanged" || one["fact"] == "versions" && one["status"] != "unchanged" {
				t.Errorf("not unchanged: %v", one)
			}
		}
	})
	t.Run("the Role grants nothing else", func(t *testing.T) { w.grantsNothingElse(t) })
	for _, verb := range []string{"get", "patch", "create"} {
		t.Run("without "+verb+" it says which rule is missing", func(t *testing.T) {
			w.without(t, verb)
			w.delete(t, "configmaps", versions)
			w.runs(t, 3, "resourceNames ["+versions+"] in namespace "+namespace)
		})
	}
	t.Run("a role of nobody is refused by Vault", func(t *testing.T) {
		vaultRun(t, w.vault, "vault delete auth/kubernetes/role/ameide-reconcile")
		w.runs(t, 3, "log in to Vault with role ameide-reconcile")
	})
	for _, planted := range append(w.secrets(clients), accountSecret) {
		if strings.Contains(w.said.String(), planted) {
			t.Error("the log holds a secret")
		}
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, cluster: startCluster(t), vault: lab.Vault(t), keycloak: newKeycloakAdmin(t, lab.Keycloak(t, lab.KeycloakCurrent)), container: release(t)}
	w.keycloak.prepare("ameide")
	tree := w.generated()
	w.cluster.apply("", map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace}})
	w.cluster.apply(namespace, map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "keycloak-admin-sa"},
		"stringData": map[string]any{"client-id": "keycloak-admin-sa", "client-secret": accountSecret},
	})
	for _, m := range w.rendered(tree, "platform/platform-keycloak-realm", "sources/charts/foundation/operators-config/keycloak_realm") {
		if strings.HasSuffix(m.Template, "ameide-reconcile.yaml") {
			w.cluster.apply(namespace, m.Object)
		}
		if m.Kind() == "Job" {
			w.job = m.Object
		}
	}
	w.bootstrapVault(tree)
	return w
}

// release is the image as a release makes it, unpacked.
func release(t *testing.T) podrun.Container {
	t.Helper()
	dist := t.TempDir()
	bin, archive := filepath.Join(dist, "ameide"), filepath.Join(dist, "image.tar")
	list, err := json.Marshal([]map[string]string{{"path": bin, "goos": "linux", "goarch": runtime.GOARCH, "type": "Binary"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"artifacts.json": string(list), "metadata.json": `{"version":"1.0.0"}`} {
		if err := os.WriteFile(filepath.Join(dist, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"build", "-trimpath", "-ldflags", "-s -w", "-o", bin, "../.."}, {"run", "../release", "image", dist, archive}} {
		c := exec.CommandContext(t.Context(), "go", args...)
		c.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
	}
	c, err := podrun.Unpack(archive, t.TempDir(), runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// generated is the example checkout after generate, with the lab's addresses in the values of dev.
func (w *world) generated() fstest.MapFS {
	w.t.Helper()
	s := spec.Default()
	s.Hooks.Runner, s.Hooks.Image.Digest = spec.RunnerAmeide, "sha256:"+strings.Repeat("0", 64)
	tree, err := example.Installed(&s)
	if err != nil {
		w.t.Fatal(err)
	}
	const values = "sources/values/env/dev/platform/platform-keycloak-realm.yaml"
	text := strings.Replace(string(tree[values].Data), "http://vault-core-dev.ameide-dev.svc.cluster.local:8200", w.vault.URL, 1)
	tree[values] = &fstest.MapFile{Data: []byte(text + "\nkeycloak: {url: \"" + w.keycloak.kc.URL + "\"}\n")}
	return tree
}

// rendered is a component of dev as Argo CD renders it.
func (w *world) rendered(tree fstest.MapFS, values, dir string) []*helmchart.Manifest {
	w.t.Helper()
	chart, err := helmchart.Load(tree, dir)
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := helmchart.LoadValues(tree, []string{
		"sources/values/base/globals.yaml", "sources/values/env/dev/globals.yaml", "sources/values/_shared/" + values + ".yaml", "sources/values/env/dev/" + values + ".yaml",
	}, true)
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := helmchart.Render(chart, v, helmchart.Release{Name: filepath.Base(values), Namespace: namespace}, helmchart.Capabilities{KubeVersion: "1.34"})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// bootstrapVault lets Vault review tokens, and runs the rendered bootstrap script behind its own login.
func (w *world) bootstrapVault(tree fstest.MapFS) {
	w.t.Helper()
	w.cluster.apply(namespace, map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{"name": "vault"}})
	w.cluster.apply("", map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": map[string]any{"name": "vault"},
		"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"},
		"subjects": []any{map[string]any{"kind": "ServiceAccount", "name": "vault", "namespace": namespace}},
	})
	ca := filepath.Join(w.t.TempDir(), "ca.crt")
	if err := os.WriteFile(ca, []byte(w.cluster.ca), 0o600); err != nil {
		w.t.Fatal(err)
	}
	vaultRun(w.t, w.vault, "vault auth enable kubernetes")
	vaultRun(w.t, w.vault, fmt.Sprintf("vault write auth/kubernetes/config kubernetes_host=https://127.0.0.1:%d kubernetes_ca_cert=@%s token_reviewer_jwt=%s",
		w.cluster.port, ca, w.cluster.token(namespace, "vault")))
	script := ""
	for _, m := range w.rendered(tree, "foundation/foundation-vault-bootstrap", "sources/charts/foundation/vault-bootstrap") {
		if m.Kind() == "CronJob" {
			script = at[string](w.t, m.Object, "spec", "jobTemplate", "spec", "template", "spec", "containers", 0, "args", 0)
		}
	}
	_, script, ok := strings.Cut(script, "export VAULT_TOKEN\n")
	if !ok || !strings.Contains(script, "role/ameide-reconcile") {
		w.t.Fatalf("the bootstrap script is not what it was: %s", script)
	}
	vaultRun(w.t, w.vault, script)
}

// runs runs the Job's container and returns its facts; what it says must hold a text.
func (w *world) runs(t *testing.T, code int, says string) []map[string]any {
	t.Helper()
	pod := at[map[string]any](t, w.job, "spec", "template", "spec")
	main := at[map[string]any](t, pod, "containers", 0)
	config, _ := w.cluster.configMap(namespace, at[string](t, pod, "volumes", 0, "configMap", "name"))
	token := w.cluster.token(namespace, at[string](t, pod, "serviceAccountName"))
	for path, files := range map[string]map[string]string{
		at[string](t, main, "volumeMounts", 0, "mountPath"): config,
		"/var/run/secrets/kubernetes.io/serviceaccount":     {"token": token, "ca.crt": w.cluster.ca, "namespace": namespace},
	} {
		if err := w.container.Mount(path, files); err != nil {
			t.Fatal(err)
		}
	}
	var args []string
	for _, a := range at[[]any](t, main, "args") {
		args = append(args, a.(string))
	}
	cmd, err := w.container.Command(t.Context(), w.environment(t, main), args...)
	if err != nil {
		t.Fatal(err)
	}
	out, _ := cmd.CombinedOutput()
	w.said.Write(out)
	if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(string(out), says) {
		t.Fatalf("exit %d, want %d and %q\n%s", got, code, says, out)
	}
	var facts []map[string]any
	for line := range strings.Lines(string(out)) {
		var one map[string]any
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Errorf("not a line of JSON: %s", line)
		}
		facts = append(facts, one)
	}
	return facts
}

// environment is the container's, with what the kubelet fills in.
func (w *world) environment(t *testing.T, container map[string]any) []string {
	t.Helper()
	secret := map[string]string{"client-id": "keycloak-admin-sa", "client-secret": accountSecret}
	env := []string{"KUBERNETES_SERVICE_HOST=127.0.0.1", fmt.Sprintf("KUBERNETES_SERVICE_PORT=%d", w.cluster.port)}
	for i := range at[[]any](t, container, "env") {
		name, from := at[string](t, container, "env", i, "name"), at[map[string]any](t, container, "env", i, "valueFrom")
		switch {
		case from["secretKeyRef"] != nil:
			env = append(env, name+"="+secret[at[string](t, from, "secretKeyRef", "key")])
		case from["resourceFieldRef"] != nil:
			env = append(env, name+"=268435456") // 256Mi
		}
	}
	return env
}

// converged compares the three places where a secret is known.
func (w *world) converged(t *testing.T, clients []string) {
	t.Helper()
	data, managers := w.cluster.configMap(namespace, versions)
	want := map[string]string{}
	for _, client := range append(slices.Clone(clients), "platform-app-master") {
		realm := "ameide"
		if client == "platform-app-master" {
			realm = "master"
		}
		value := w.keycloak.secret(realm, client)
		sum := sha256.Sum256([]byte(value))
		want[client] = "sha256:" + hex.EncodeToString(sum[:])
		key := map[string]string{"platform-app": "platform-app-client-secret", "platform-app-master": "platform-app-master-client-secret"}[client]
		if key == "" {
			key = client + "-oidc-client-secret"
		}
		if got := vaultRun(t, w.vault, "vault kv get -mount=secret -field=value "+key); got != value || value == "" {
			t.Errorf("client %s: Vault has another value than Keycloak", client)
		}
	}
	if diff := cmp.Diff(data, want); diff != "" {
		t.Errorf("ConfigMap, -got +want:\n%s", diff)
	}
	if !slices.Equal(managers, []string{"ameide-reconcile"}) {
		t.Errorf("the ConfigMap is managed by %v", managers)
	}
}

func (w *world) secrets(clients []string) []string {
	var all []string
	for _, client := range clients {
		all = append(all, w.keycloak.secret("ameide", client))
	}
	return all
}

// at follows keys and indexes to a value of a type.
func at[T any](t *testing.T, v any, path ...any) T {
	t.Helper()
	for _, step := range path {
		switch key := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[key]
		case int:
			l, _ := v.([]any)
			if key >= len(l) {
				t.Fatalf("%v ends at %v", path, step)
			}
			v = l[key]
		}
	}
	got, ok := v.(T)
	if !ok {
		t.Fatalf("%v is %T", path, v)
	}
	return got
}
