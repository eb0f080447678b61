package livelab

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
)

// adminToken is a member of system:masters.
const adminToken = "lab-admin-token"

// API is a real kube-apiserver with its etcd.
type API struct {
	URL string

	dir     string
	port    int
	etcd    string
	program string // kube-apiserver
	server  *exec.Cmd
	users   []string // of the token file
	client  *http.Client
}

// newAPI starts etcd and kube-apiserver. users are tokens that RBAC knows by the same name.
func newAPI(t testing.TB, users ...string) *API {
	t.Helper()
	etcd, server := lab.KubernetesProgram(t, "etcd"), lab.KubernetesProgram(t, "kube-apiserver")
	a := &API{dir: t.TempDir(), program: server, users: users, client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}} // #nosec G402 -- loopback
	a.startEtcd(t, etcd)
	a.write(t)
	var err error
	if a.port, err = lab.FreePort(); err != nil {
		t.Fatal(err)
	}
	a.URL = fmt.Sprintf("https://127.0.0.1:%d", a.port)
	a.Start(t)
	return a
}

func (a *API) startEtcd(t testing.TB, program string) {
	t.Helper()
	client, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	peer, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	a.etcd = fmt.Sprintf("http://127.0.0.1:%d", client)
	peers := fmt.Sprintf("http://127.0.0.1:%d", peer)
	a.background(t, program, "--data-dir", filepath.Join(a.dir, "etcd"), "--listen-client-urls", a.etcd, "--advertise-client-urls", a.etcd,
		"--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", "default="+peers, "--unsafe-no-fsync", "--log-level", "error")
}

// write makes the files that the API server reads.
func (a *API) write(t testing.TB) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	tokens := adminToken + ",admin,1,\"system:masters\"\n"
	for i, user := range a.users {
		tokens += fmt.Sprintf("%s-token,%s,%d\n", user, user, i+2)
	}
	for name, content := range map[string][]byte{
		"sa.key":     pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
		"sa.pub":     pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}),
		"tokens.csv": []byte(tokens),
	} {
		if err := os.WriteFile(filepath.Join(a.dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Start starts the API server, for the first time or after Stop, and waits until it is ready.
func (a *API) Start(t testing.TB) {
	t.Helper()
	file := func(name string) string { return filepath.Join(a.dir, name) }
	a.server = a.background(t, a.program,
		"--etcd-servers="+a.etcd, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", a.port),
		"--cert-dir="+file("pki"), "--service-cluster-ip-range=10.0.0.0/24", "--service-account-issuer="+a.URL,
		"--service-account-key-file="+file("sa.pub"), "--service-account-signing-key-file="+file("sa.key"), "--token-auth-file="+file("tokens.csv"),
		"--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none",
		"--kubelet-preferred-address-types=InternalIP")
	deadline := time.Now().Add(90 * time.Second)
	for {
		if _, status, err := a.call(t.Context(), http.MethodGet, "/readyz", "", nil); err == nil && status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(file("kube-apiserver.log"))
			t.Fatalf("kube-apiserver is not ready after 90 s:\n%s", text[max(0, len(text)-4000):])
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Certificate is the file with the certificate that the API server signed for itself.
func (a *API) Certificate() string { return filepath.Join(a.dir, "pki", "apiserver.crt") }

// Stop ends the API server at once; what it stored stays.
func (a *API) Stop() {
	_ = a.server.Process.Kill()
	_, _ = a.server.Process.Wait()
}

func (a *API) background(t testing.TB, program string, args ...string) *exec.Cmd {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(a.dir, filepath.Base(program)+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	c := exec.Command(program, args...)
	c.Stdout, c.Stderr = log, log
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_, _ = c.Process.Wait()
	})
	return c
}

// Kubeconfig is a file whose contexts are named as given, for the user of a token; empty is the administrator.
func (a *API) Kubeconfig(t testing.TB, user string, contexts ...string) string {
	t.Helper()
	return a.kubeconfig(t, a.URL, user, contexts...)
}

// KubeconfigAt is Kubeconfig for an API server that is reached at another address.
func (a *API) KubeconfigAt(t testing.TB, server string, contexts ...string) string {
	t.Helper()
	return a.kubeconfig(t, server, "", contexts...)
}

func (a *API) kubeconfig(t testing.TB, server, user string, contexts ...string) string {
	t.Helper()
	token := adminToken
	if user != "" {
		token = user + "-token"
	}
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: lab, cluster: {server: %q, insecure-skip-tls-verify: true}}]\nusers: [{name: lab, user: {token: %s}}]\ncontexts:\n", server, token)
	for _, c := range contexts {
		text += fmt.Sprintf("- {name: %s, context: {cluster: lab, user: lab}}\n", c)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
