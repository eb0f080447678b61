package livelab

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/factory"
	"github.com/ameideio/ameide/pkg/live"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/verify"
	"github.com/ameideio/ameide/templates"
)

// World is one environment of an installation with everything behind it.
type World struct {
	Env      string
	Spec     spec.Spec
	Checkout string // a Git checkout with the generated installation
	Declared *live.Declared
	Postgres *lab.Server
	Vault    *lab.VaultServer
	Realm    *Realm
	Gateway  *Gateway
	Registry *lab.ImageRegistry
	Portal   *lab.Process
	Port     int    // of the portal
	Metrics  int    // port that the portal serves metrics on
	Bin      string // ameide

	Collector *Collector
}

// New starts what stands behind an environment, and reconciles the portal's client. The portal is not started, and
// nothing is in the cluster.
func New(t testing.TB, env string) *World {
	t.Helper()
	lab.Slow(t)
	w := &World{Env: env, Spec: spec.Default(), Collector: newCollector(t)}
	w.Registry = lab.Registry(t, lab.Secured{Basic: true})
	w.UseImage(t, "linux/amd64", "linux/arm64")
	w.Bin = build(t)
	w.Postgres = lab.Postgres(t)
	w.Postgres.Exec(t, "postgres", "CREATE ROLE backstage LOGIN CREATEDB PASSWORD '"+lab.Password+"'", "CREATE DATABASE backstage OWNER backstage")
	w.Vault = lab.Vault(t)
	t.Setenv("KC_PROXY_HEADERS", "xforwarded")
	w.Realm = newRealm(t, lab.Keycloak(t, lab.KeycloakCurrent), w.Spec.OIDC.Realm)
	var hosts []string
	for _, e := range w.Spec.Environments {
		hosts = append(hosts, e.Host, e.IssuerHost())
	}
	w.Gateway = newGateway(t, hosts...)
	w.Gateway.Route(w.Declared.Env.IssuerHost(), Route{To: w.Realm.Keycloak.URL})
	w.Reconcile(t)
	return w
}

// Checkout is the example platform with the installation that a spec describes, in Git.
func Checkout(t testing.TB, s *spec.Spec) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(repository(), "testdata", "gitops"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	plan, err := factory.NewPlan(templates.FS(), root.FS(), s, s.EnvironmentNames())
	if err != nil {
		t.Fatal(err)
	}
	changes, err := checkout.Compare(root.FS(), plan, checkout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := checkout.Apply(root, changes); err != nil {
		t.Fatal(err)
	}
	return dir
}

// UseImage lets Git declare another image, built for some platforms. What Git says of its platforms is not true: that is
// how an image for one of them comes to nodes of another.
func (w *World) UseImage(t testing.TB, platforms ...string) {
	t.Helper()
	w.Spec.Image.Digest = w.Push(t, platforms...)
	w.Spec.Image.Platforms = []string{"linux/amd64", "linux/arm64"}
	w.checkOut(t)
	w.declare(t)
}

// Ameide runs another command of ameide, with the database's address in its environment.
func (w *World) Ameide(t testing.TB, args ...string) {
	t.Helper()
	if out, code := w.run(t, []string{"AMEIDE_DSN=" + w.Postgres.DSN("backstage", "backstage")}, args...); code != 0 {
		t.Fatalf("%v: exit %d\n%s", args, code, out)
	}
}

// checkOut writes the checkout, and the spec's file with the image of the lab's registry.
func (w *World) checkOut(t testing.TB) {
	t.Helper()
	w.Checkout = Checkout(t, &w.Spec)
	text := fmt.Sprintf("version: 1\nimage:\n  digest: %s\n  platforms: [linux/amd64, linux/arm64]\n", w.Spec.Image.Digest)
	if err := os.WriteFile(filepath.Join(w.Checkout, spec.FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// declare renders the environment.
func (w *World) declare(t testing.TB) {
	t.Helper()
	tree := w.Tree(t, w.Env)
	d, err := live.Declare(tree.Envs[0], &w.Spec)
	if err != nil {
		t.Fatal(err)
	}
	w.Declared = d
}

// Tree is the checkout, loaded for some environments.
func (w *World) Tree(t testing.TB, envs ...string) *verify.Tree {
	t.Helper()
	return Tree(t, w.Checkout, &w.Spec, envs...)
}

// Tree is a checkout, loaded for some environments.
func Tree(t testing.TB, dir string, s *spec.Spec, envs ...string) *verify.Tree {
	t.Helper()
	tree, err := verify.Load(os.DirFS(dir), &spec.Loaded{Spec: *s}, verify.LoadOptions{Envs: envs, Scratch: t.TempDir(), Today: time.Now().Format(time.DateOnly)})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// Start starts the portal with a client secret, as its Secret holds it, and does not wait.
func (w *World) Start(t testing.TB, clientSecret string) {
	t.Helper()
	w.start(t, clientSecret, w.Gateway)
}

// StartWithoutIssuer starts the portal where nothing answers at the issuer's address.
func (w *World) StartWithoutIssuer(t testing.TB, clientSecret string) {
	t.Helper()
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	w.start(t, clientSecret, &Gateway{Port: port, CA: w.Gateway.CA})
}

func (w *World) start(t testing.TB, clientSecret string, issuer *Gateway) {
	t.Helper()
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	if w.Metrics, err = lab.FreePort(); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(w.appConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	e := w.Declared.Env
	w.Port = port
	w.Portal = Portal{
		AppConfig: string(config), Issuer: e.Issuer, IssuerHost: e.IssuerHost(), Gateway: issuer, ClientSecret: clientSecret,
		Postgres: w.Postgres.Port, Role: "backstage", Metrics: w.Metrics, Collector: w.Collector.URL,
	}.start(t, port)
	w.Gateway.Route(e.Host, Route{To: w.PortalURL(), Rewrite: map[string]string{w.Declared.HealthPath(): w.Declared.ProbePath("readinessProbe")}})
}

// PortalURL is where the portal listens.
func (w *World) PortalURL() string { return fmt.Sprintf("http://127.0.0.1:%d", w.Port) }

// appConfig is a file with the app-config that the chart renders.
func (w *World) appConfig(t testing.TB) string {
	t.Helper()
	component := w.Tree(t, w.Env).Envs[0].Portal()
	m := component.Object("ConfigMap", "platform-backstage-app-config")
	if m == nil {
		t.Fatal("the chart renders no app-config")
	}
	text := dig.Text(m.Object, "data", "app-config.yaml")
	file := filepath.Join(t.TempDir(), "app-config.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// AwaitReady waits until the portal says that it is ready.
func (w *World) AwaitReady(t testing.TB) {
	t.Helper()
	lab.BackstageAt(w.Portal, w.Port).AwaitReady(t)
}

// ClientSecret is the client's secret as Vault has it.
func (w *World) ClientSecret(t testing.TB) string {
	t.Helper()
	out, code := w.vault(t, "kv", "get", "-field", w.Spec.OIDC.Vault.Field, "-mount", w.Spec.OIDC.Vault.Mount, w.Spec.OIDC.Vault.Key)
	if code != 0 {
		t.Fatalf("read the client's secret: %s", out)
	}
	return strings.TrimSpace(out)
}

// PutVault writes the client's secret into Vault.
func (w *World) PutVault(t testing.TB, value string) {
	t.Helper()
	if out, code := w.vault(t, "kv", "put", "-mount", w.Spec.OIDC.Vault.Mount, w.Spec.OIDC.Vault.Key, w.Spec.OIDC.Vault.Field+"="+value); code != 0 {
		t.Fatal(out)
	}
}

func (w *World) vault(t testing.TB, args ...string) (string, int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), w.Vault.Bin, args...)
	c.Env = []string{"VAULT_ADDR=" + w.Vault.URL, "VAULT_TOKEN=" + w.Vault.Token, "HOME=" + t.TempDir()}
	out, err := c.CombinedOutput()
	return string(out), exitCode(t, err)
}

// Reconcile is the way out of everything about the client: ameide reconcile.
func (w *World) Reconcile(t testing.TB, more ...string) {
	t.Helper()
	args := append([]string{
		"platform", "backstage", "reconcile", "--gitops-root", w.Checkout, "--env", w.Env, "--client", w.Spec.OIDC.ClientID,
		"--keycloak-url", w.Realm.Keycloak.URL, "--vault-address", w.Vault.URL, "--adopt",
	}, more...)
	if out, code := w.run(t, nil, args...); code != 0 {
		t.Fatalf("reconcile: exit %d\n%s", code, out)
	}
}

// credentials are what an SRE has in the environment.
func (w *World) credentials() []string {
	return []string{"VAULT_TOKEN=" + w.Vault.Token, "KEYCLOAK_CLIENT_ID=" + w.Realm.Client, "KEYCLOAK_CLIENT_SECRET=" + w.Realm.Secret}
}

// run runs ameide, and returns both streams and the exit code.
func (w *World) run(t testing.TB, env []string, args ...string) (string, int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), w.Bin, args...)
	c.Env = append(append([]string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "SSL_CERT_FILE=" + w.Gateway.CA}, w.credentials()...), env...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	return out.String(), exitCode(t, err)
}

func exitCode(t testing.TB, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return 0
}

// Public is the way to the gateway's hosts.
func (w *World) Public() http.RoundTripper {
	return trusting(w.Gateway)
}
