package livelab

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/verify"
)

// Connect puts an environment into a cluster, with what runs behind it: the Pods' ports and logs, the Secrets, and the
// status that controllers give when all is well.
func (w *World) Connect(t testing.TB, c *Cluster) {
	t.Helper()
	c.Install(t, w.Tree(t, w.Env), w.Declared)
	w.Secrets(t, c, w.ClientSecret(t))
	c.Settle(t, w.Declared)
	w.Expose(t, c)
}

// Secrets makes the Secrets that External Secrets and CloudNativePG would.
func (w *World) Secrets(t testing.TB, c *Cluster, clientSecret string) {
	t.Helper()
	ns, oidc, db := w.Declared.Env.Namespace, w.Spec.OIDC, w.Spec.Database
	c.Secret(t, ns, oidc.SecretName, "Opaque", map[string]string{oidc.SecretKey: clientSecret})
	c.Secret(t, ns, "platform-backstage-session", "Opaque", map[string]string{"session-secret": "c0ffee5e551055ec2e7"})
	c.Secret(t, ns, db.SecretName, "kubernetes.io/basic-auth", map[string]string{
		"POSTGRES_USER": "backstage", "POSTGRES_PASSWORD": lab.Password, "username": "backstage", "password": lab.Password,
	})
	c.Secret(t, ns, w.Spec.Secrets.PullSecret, "kubernetes.io/dockerconfigjson", w.pullSecret(t))
	if admin := w.Declared.KeycloakAdmin; admin != nil {
		c.Secret(t, ns, admin.Secret, "Opaque", map[string]string{admin.ID: w.Realm.Client, admin.Key: w.Realm.Secret})
	}
}

// Expose lets the Pods' ports and logs be those of the lab's servers.
func (w *World) Expose(t testing.TB, c *Cluster) {
	t.Helper()
	ns := w.Declared.Env.Namespace
	c.Kubelet.Expose(ns, PortalPod, w.Declared.Port("http"), w.Port)
	if port := w.Declared.Port("http-metrics"); port != 0 {
		c.Kubelet.Expose(ns, PortalPod, port, w.Metrics)
	}
	c.Kubelet.Expose(ns, DatabasePod, w.Spec.Database.Port, w.Postgres.Port)
	c.Kubelet.Expose(ns, VaultPod, 8200, portOf(t, w.Vault.URL))
	portal := w.Portal
	c.Kubelet.Log(ns, PortalPod, false, portal.Output)
}

func portOf(t testing.TB, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// Result is one run of verify --live.
type Result struct {
	Report verify.Report
	Code   int
	Err    string // stderr
	Took   time.Duration
	Out    string // stdout
}

// Verify runs ameide verify --live on environments, as an SRE would. env are more variables of its environment.
func (w *World) Verify(t testing.TB, kubeconfig string, envs string, more ...string) Result {
	t.Helper()
	return w.VerifyAs(t, kubeconfig, envs, w.credentials(), more...)
}

// VerifyAs is Verify with other credentials in the environment.
func (w *World) VerifyAs(t testing.TB, kubeconfig, envs string, credentials []string, more ...string) Result {
	t.Helper()
	c := exec.CommandContext(t.Context(), w.Bin, w.Args(envs, append([]string{"--json"}, more...)...)...)
	c.Env = append([]string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "SSL_CERT_FILE=" + w.Gateway.CA, "KUBECONFIG=" + kubeconfig}, credentials...)
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	begun := time.Now()
	err := c.Run()
	r := Result{Took: time.Since(begun), Err: problems.String(), Out: out.String()}
	r.Code = exitCode(t, err)
	var exit *exec.ExitError
	if out.Len() > 0 && (err == nil || errors.As(err, &exit)) {
		if err := json.Unmarshal(out.Bytes(), &r.Report); err != nil {
			t.Fatalf("stdout is no report: %v\n%s\n%s", err, out.String(), r.Err)
		}
	}
	return r
}

// Args are the arguments of a look at environments.
func (w *World) Args(envs string, more ...string) []string {
	args := []string{
		"platform", "backstage", "verify", "--gitops-root", w.Checkout, "--live", "--env", envs, "--mirror", "quay.io=" + w.Registry.Host,
	}
	return append(append(args, w.Resolve()...), more...)
}
