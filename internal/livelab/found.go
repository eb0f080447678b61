package livelab

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/kube"
	"github.com/ameideio/ameide/pkg/reconcile"
	"github.com/ameideio/ameide/pkg/spec"
)

// ConnectSystems puts into the cluster what commands look for that nobody gave an address or a credential: Keycloak behind
// its Service, and in Vault the Kubernetes auth method with the role that Git names for the client patcher.
func (w *World) ConnectSystems(t testing.TB, c *Cluster) {
	t.Helper()
	desired, err := reconcile.Load(os.DirFS(w.Checkout), &spec.Loaded{Spec: w.Spec}, w.Env)
	if err != nil {
		t.Fatal(err)
	}
	w.keycloakService(t, c, desired.Patcher.KeycloakURL)
	ns, account := w.Declared.Env.Namespace, desired.Patcher.ServiceAccount
	c.put(t, object("v1", "ServiceAccount", account, nil), ns)
	for _, args := range [][]string{
		{"auth", "enable", "kubernetes"},
		{"write", "auth/kubernetes/config", "kubernetes_host=" + c.URL, "kubernetes_ca_cert=@" + c.Certificate(), "token_reviewer_jwt=" + adminToken},
		{"policy", "write", "lab-patcher", writeFile(t, "patcher.hcl", `path "secret/*" { capabilities = ["create", "read", "update", "list"] }`)},
		{"write", "auth/kubernetes/role/" + desired.VaultRole, "bound_service_account_names=" + account, "bound_service_account_namespaces=" + ns, "policies=lab-patcher"},
	} {
		if out, code := w.vault(t, args...); code != 0 {
			t.Fatalf("vault %v: %s", args[:2], out)
		}
	}
}

func (w *World) keycloakService(t testing.TB, c *Cluster, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	service, ns, ok := kube.ServiceName(u.Hostname(), w.Declared.Env.Namespace)
	port, err := strconv.Atoi(u.Port())
	if !ok || err != nil {
		t.Fatalf("%s is no Service of the cluster with a port", address)
	}
	c.namespace(t, ns)
	c.Endpoints(t, ns, service, KeycloakPod, port)
	c.Kubelet.Expose(ns, KeycloakPod, port, portOf(t, w.Realm.Keycloak.URL))
}

func writeFile(t testing.TB, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Run is one run of a command of ameide by somebody who has a kubeconfig and nothing else.
func (w *World) Run(t testing.TB, kubeconfig string, args ...string) Result {
	t.Helper()
	args = append(append([]string{"platform", "backstage"}, args...), "--gitops-root", w.Checkout, "--env", w.Env)
	c := exec.CommandContext(t.Context(), w.Bin, args...)
	c.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "SSL_CERT_FILE=" + w.Gateway.CA, "KUBECONFIG=" + kubeconfig, "USER=sre"}
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	begun := time.Now()
	err := c.Run()
	return Result{Took: time.Since(begun), Err: problems.String(), Out: out.String(), Code: exitCode(t, err)}
}

// StopWhenScaled does what controllers and the kubelet do when the Deployment is scaled to 0, once: the Pod's process ends,
// and the Pod goes. The channel is closed by then.
func (w *World) StopWhenScaled(t testing.TB, c *Cluster) <-chan struct{} {
	t.Helper()
	ns, name, portal := w.Declared.Env.Namespace, nameOf(w.Declared.Deployment), w.Portal
	done := make(chan struct{})
	go func() {
		defer close(done)
		for c.Replicas(t, ns, name) != 0 {
			select {
			case <-t.Context().Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
		portal.Stop()
		pod := PathOf("v1", "Pod", ns, PortalPod) + "?gracePeriodSeconds=0"
		_, _, _ = c.call(t.Context(), http.MethodDelete, pod, asJSON, nil) // what comes of it the test sees
	}()
	return done
}

// Replicas is how many Pods a Deployment is to have; -1 when that cannot be read.
func (c *Cluster) Replicas(t testing.TB, ns, name string) int {
	t.Helper()
	text, status, err := c.call(t.Context(), http.MethodGet, PathOf("apps/v1", "Deployment", ns, name)+"/scale", asJSON, nil)
	var scale struct{ Spec struct{ Replicas int } }
	if err != nil || status != http.StatusOK || json.Unmarshal(text, &scale) != nil {
		return -1
	}
	return scale.Spec.Replicas
}

// pullSecret are the credentials of the lab's registry, as a Secret for the kubelet has them.
func (w *World) pullSecret(t testing.TB) map[string]string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"auths": map[string]any{w.Registry.Host: map[string]any{"username": lab.RegistryUser, "password": lab.Password}}})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{".dockerconfigjson": string(text)}
}
