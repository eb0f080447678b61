package podrun_test

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ameideio/ameide/internal/livelab"
	"github.com/ameideio/ameide/internal/podrun"
	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/spec"
)

// Addresses of the lab's Pod and of the public hosts.
const (
	podIP    = "127.0.0.6"
	publicIP = "127.0.0.5"
)

// The verify Job that generate writes sees a healthy portal with its own rights, and fails when something is not as Git
// declares it. The API server, the portal, PostgreSQL and Keycloak are real.
func TestTheRenderedVerifyJobRuns(t *testing.T) {
	lab.Slow(t)
	if err := podrun.Possible(t.Context()); err != nil {
		lab.Missing(t, err.Error())
	}
	l := newLook(t)
	t.Run("all is well", func(t *testing.T) {
		if checks := l.runs(t, 0); len(checks) != 16 { // of 18; the Application and the nodes are left out
			t.Errorf("%d checks, want 16: %v", len(checks), checks)
		}
	})
	t.Run("every right that it has is needed, and a missing one is named", l.needsEveryRight)
	t.Run("a placeholder in a Secret fails the sync", func(t *testing.T) {
		l.cluster.Secret(t, namespace, "platform-backstage-session", "Opaque", map[string]string{"session-secret": "CHANGEME"})
		if failed := l.runs(t, 1); !slices.Contains(failed, "live/secrets FAIL") {
			t.Errorf("checks %v, want live/secrets to fail", failed)
		}
	})
}

// needsEveryRight takes each rule out of the rendered Role in turn.
func (l *look) needsEveryRight(t *testing.T) {
	role := livelab.PathOf("rbac.authorization.k8s.io/v1", "Role", namespace, "platform-backstage-verify")
	rules := at[[]any](t, l.cluster.Must(t, "GET", role, "", nil), "rules")
	grant := func(list []any) {
		l.cluster.Must(t, "PATCH", role, "application/merge-patch+json", map[string]any{"rules": list})
	}
	for i, rule := range rules {
		resource := at[string](t, rule, "resources", 0)
		grant(slices.Concat(rules[:i], rules[i+1:]))
		if resource == "events" { // asked for only when a Pod is in trouble
			l.runs(t, 0)
			continue
		}
		l.runs(t, 3)
		if want := `resources: [\"` + resource + `\"]`; !strings.Contains(l.said, want) { // inside JSON
			t.Errorf("without %s nothing says so:\n%s", resource, l.said)
		}
	}
	grant(rules)
	l.runs(t, 0)
}

// look is the verify Job in its world.
type look struct {
	said string // by the last run
	*livelab.World
	cluster   *livelab.Cluster
	container podrun.Container
	job       map[string]any
	api       *url.URL
	ca        string
}

func newLook(t *testing.T) *look {
	t.Helper()
	w := livelab.New(t, "dev")
	w.Spec.Hooks = spec.Hooks{Runner: spec.RunnerAmeide, Image: spec.HookImage{Repository: "ghcr.io/ameideio/ameide", Digest: "sha256:" + strings.Repeat("0", 64)}}
	w.UseImage(t, "linux/amd64", "linux/arm64")
	values := filepath.Join(w.Checkout, "sources/values/env/dev/platform/platform-backstage.yaml")
	text, err := os.ReadFile(values)
	if err != nil {
		t.Fatal(err)
	}
	added := fmt.Sprintf("hooks: {verify: {enabled: true}}\npostgresql: {port: %d}\n", w.Postgres.Port)
	if err := os.WriteFile(values, append(text, added...), 0o600); err != nil {
		t.Fatal(err)
	}
	l := &look{World: w, cluster: livelab.NewCluster(t), container: release(t)}
	w.Start(t, w.ClientSecret(t))
	w.AwaitReady(t)
	w.Connect(t, l.cluster)
	if l.api, err = url.Parse(l.cluster.URL); err != nil {
		t.Fatal(err)
	}
	l.ca = certificates(t, l.api.Host)
	l.job = l.cluster.Must(t, "GET", livelab.PathOf("batch/v1", "Job", namespace, "platform-backstage-verify"), "", nil)
	l.cluster.Status(t, "v1", "Pod", namespace, livelab.PortalPod, map[string]any{"podIP": podIP})
	forward(t, podIP+":7007", w.Port)
	forward(t, publicIP+":443", w.Gateway.Port)
	forward(t, podIP+":9464", w.Metrics)
	return l
}

// certificates is the chain that a server shows.
func certificates(t *testing.T, host string) string {
	t.Helper()
	conn, err := tls.Dial("tcp", host, &tls.Config{InsecureSkipVerify: true}) // #nosec G402 -- loopback; the chain becomes the trust
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var chain []byte
	for _, c := range conn.ConnectionState().PeerCertificates {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return string(chain)
}

// forward passes connections on, as the network of a cluster would.
func forward(t *testing.T, from string, to int) {
	t.Helper()
	listener, err := net.Listen("tcp", from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go pass(client, fmt.Sprintf("127.0.0.1:%d", to))
		}
	}()
}

func pass(client net.Conn, to string) {
	defer client.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { _, _ = io.Copy(server, client) }()
	_, _ = io.Copy(client, server)
}

// runs runs the Job's container and returns each check with its status.
func (l *look) runs(t *testing.T, code int) []string {
	t.Helper()
	pod := at[map[string]any](t, l.job, "spec", "template", "spec")
	main := at[map[string]any](t, pod, "containers", 0)
	config := l.cluster.Must(t, "GET", livelab.PathOf("v1", "ConfigMap", namespace, at[string](t, pod, "volumes", 0, "configMap", "name")), "", nil)
	files := map[string]string{}
	for name, text := range at[map[string]any](t, config, "data") {
		files[name], _ = text.(string)
	}
	account := livelab.PathOf("v1", "ServiceAccount", namespace, at[string](t, pod, "serviceAccountName"))
	token := l.cluster.Must(t, "POST", account+"/token", "application/json", map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": map[string]any{},
	})
	gatewayCA, err := os.ReadFile(l.Gateway.CA)
	if err != nil {
		t.Fatal(err)
	}
	for path, mounted := range map[string]map[string]string{
		at[string](t, main, "volumeMounts", 0, "mountPath"): files,
		"/var/run/secrets/kubernetes.io/serviceaccount": {
			"token": at[string](t, token, "status", "token"), "ca.crt": l.ca, "namespace": namespace,
		},
		"/lab": {"ca.pem": string(gatewayCA)},
		"/etc": {"hosts": fmt.Sprintf("127.0.0.1 localhost %s\n%s %s %s\n", l.Spec.Database.Host, publicIP, l.Declared.Env.Host, l.Declared.Env.IssuerHost())},
	} {
		if err := l.container.Mount(path, mounted); err != nil {
			t.Fatal(err)
		}
	}
	var args []string
	for _, a := range at[[]any](t, main, "args") {
		args = append(args, fmt.Sprint(a))
	}
	cmd, err := l.container.Command(t.Context(), []string{
		"KUBERNETES_SERVICE_HOST=" + l.api.Hostname(), "KUBERNETES_SERVICE_PORT=" + l.api.Port(), "SSL_CERT_FILE=/lab/ca.pem", "GOMEMLIMIT=268435456",
	}, args...)
	if err != nil {
		t.Fatal(err)
	}
	out, _ := cmd.CombinedOutput()
	l.said = string(out)
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("exit %d, want %d\n%s", got, code, out)
	}
	var checks []string
	for line := range strings.Lines(string(out)) {
		var one struct{ Fact, Check, Status string }
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Errorf("not a line of JSON: %s", line)
		}
		if one.Fact == "check" {
			checks = append(checks, one.Check+" "+one.Status)
		}
	}
	return checks
}
