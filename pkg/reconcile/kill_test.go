package reconcile_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/secret"
	vaultfake "github.com/ameideio/ameide/pkg/vault/fake"
)

// program is the real binary, built once.
func program(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "ameide")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "../..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// everyKill ends the real binary with SIGKILL after each single request that a server carried out. The next run repairs
// what was cut off: no second client, no second secret, no lost sibling field, and with overlap no moment in which Vault
// has no valid secret.
func everyKill(t *testing.T, makeWorld func(*testing.T) *world) {
	bin := program(t)
	for name, test := range map[string]func(w *world, bin, client string, step int) bool{
		"create": killedWhileCreating, "rotate": killedWhileRotating, "rotate with overlap": killedWhileRotating,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := makeWorld(t)
			if strings.HasSuffix(name, "overlap") {
				w.withOverlap()
				w.overlap = true
			}
			step := 1
			for test(w, bin, fmt.Sprint("backstage-", step), step) {
				step++
			}
			if step < 8 {
				t.Errorf("only %d requests were seen", step)
			}
		})
	}
}

func killedWhileCreating(w *world, bin, client string, step int) bool {
	w.t.Helper()
	w.forget("email", "viewer")
	w.putVault(client, map[string]any{"value": "placeholder_x", "sibling": "kept"})
	killed := w.killed(bin, client, step)
	w.again(bin, client)
	if n := len(w.clients(client)); n != 1 {
		w.t.Errorf("step %d: %d clients", step, n)
	}
	if got := w.getVault(client); got["sibling"] != "kept" || got["value"] != w.clients(client)[0]["secret"] {
		w.t.Errorf("step %d: a sibling is lost, or Vault has another secret than Keycloak", step)
	}
	return killed
}

func killedWhileRotating(w *world, bin, client string, step int) bool {
	w.t.Helper()
	w.again(bin, client)
	before := w.rotation(client)
	killed := w.killed(bin, client, step, "--rotate", "--wait", "0")
	cut := w.rotation(client)
	if w.overlap && cut.vault != cut.keycloak && cut.vault != cut.old {
		w.t.Errorf("step %d: no valid secret is in Vault", step)
	}
	if cut.complete(before) {
		w.again(bin, client)
	} else {
		w.again(bin, client, "--rotate", "--wait", "0")
	}
	if err := w.rotation(client).finished(before, cut); err != nil {
		w.t.Errorf("step %d: %v", step, err)
	}
	return killed
}

// again runs the binary, which must end well, and once more, which must find nothing to do.
func (w *world) again(bin, client string, flags ...string) {
	w.t.Helper()
	for _, flags := range [][]string{flags, {"--check"}} {
		c, out := w.ameide(bin, client, w.serve(w.keycloak), w.serve(w.vault), flags...)
		if err := c.Run(); err != nil {
			w.t.Errorf("%v: %v\n%s", flags, err, out)
		}
		w.leaks(out.String(), client)
	}
}

// killed runs the binary until its request number step was carried out, and kills it before it sees the answer. It tells
// whether there was such a request.
func (w *world) killed(bin, client string, step int, flags ...string) bool {
	w.t.Helper()
	var mu sync.Mutex
	var c *exec.Cmd
	requests, dead := 0, make(chan struct{})
	guard := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if requests++; requests < step {
				h.ServeHTTP(rw, r)
				return
			}
			if requests == step {
				h.ServeHTTP(httptest.NewRecorder(), r)
				_ = c.Process.Kill()
			}
			<-dead
			panic(http.ErrAbortHandler)
		})
	}
	c, out := w.ameide(bin, client, w.serve(guard(w.keycloak)), w.serve(guard(w.vault)), flags...)
	mu.Lock()
	err := c.Start()
	mu.Unlock()
	if err != nil {
		w.t.Fatal(err)
	}
	err = c.Wait()
	close(dead)
	w.leaks(out.String(), client)
	mu.Lock()
	defer mu.Unlock()
	if requests < step && err != nil {
		w.t.Errorf("a run that nobody killed: %v\n%s", err, out)
	}
	return requests >= step
}

// TestADumpOfTheBinaryHoldsNoSecret makes the real binary dump every goroutine, as a fatal error does, at each of its
// requests.
func TestADumpOfTheBinaryHoldsNoSecret(t *testing.T) {
	lab.Slow(t) // it builds the binary
	bin := program(t)
	for step := 1; ; step++ {
		w := fakeWorld(t)
		w.password, w.token = secret.New("pl4nted-password"), "pl4nted-token"
		w.fake.Password, w.vault.(*vaultfake.Server).Token = "pl4nted-password", w.token
		w.putVault("backstage", map[string]any{"value": "pl4nted-value"})
		dump := w.dumped(bin, step)
		if dump == "" {
			if step < 8 {
				t.Errorf("only %d requests were seen", step)
			}
			return
		}
		if !strings.Contains(dump, "goroutine 1 ") {
			t.Fatalf("no dump:\n%s", dump)
		}
		for _, planted := range []string{"pl4nted", "generated-0", "token-0"} {
			if strings.Contains(dump, planted) {
				t.Errorf("the dump at request %d holds %s:\n%s", step, planted, dump)
			}
		}
	}
}

// dumped runs the binary until its request number step and sends it SIGQUIT; empty when there is no such request.
func (w *world) dumped(bin string, step int) string {
	w.t.Helper()
	var count atomic.Int64
	var c *exec.Cmd
	started := make(chan struct{})
	guard := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if count.Add(1) == int64(step) {
				<-started
				_ = c.Process.Signal(syscall.SIGQUIT)
				_, _ = io.Copy(io.Discard, r.Body) // only then does the server see the client hang up
				<-r.Context().Done()
				return
			}
			h.ServeHTTP(rw, r)
		})
	}
	c, out := w.ameide(bin, "backstage", w.serve(guard(w.keycloak)), w.serve(guard(w.vault)))
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	close(started)
	_ = c.Wait() // it was told to end
	if count.Load() < int64(step) {
		return ""
	}
	return out.String()
}

// ameide is the real binary with one client of the world's realm, declared by a spec and by values that Helm merged.
func (w *world) ameide(bin, client, keycloakURL, vaultURL string, flags ...string) (*exec.Cmd, *bytes.Buffer) {
	w.t.Helper()
	dir := w.t.TempDir()
	for name, text := range map[string]string{
		"ameide.yaml": fmt.Sprintf("version: 1\noidc:\n  realm: %s\n  clientID: %s\n  vault: {key: %s}\n", w.realm, client, w.ref(client).Key),
		"values.yaml": "clientPatcher: {vault: {kvPath: secret}, loginSecretRef: {name: keycloak-admin-sa, clientIdKey: client-id, clientSecretKey: client-secret}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	c := exec.CommandContext(w.t.Context(), bin, append([]string{
		"platform", "backstage", "reconcile", "--gitops-root", dir, "--values", filepath.Join(dir, "values.yaml"), "--env", "dev",
		"--client", client, "--keycloak-url", keycloakURL, "--vault-address", vaultURL,
	}, flags...)...)
	c.Env = append(os.Environ(), "KEYCLOAK_ADMIN_USER="+w.user, "KEYCLOAK_ADMIN_PASSWORD="+w.password.Reveal(), "VAULT_TOKEN="+w.token)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	return c, &out
}

// leaks fails the test when an output holds a secret.
func (w *world) leaks(out, client string) {
	w.t.Helper()
	planted := []string{w.password.Reveal(), w.token}
	for _, c := range w.clients(client) {
		planted = append(planted, fmt.Sprint(c["secret"]))
	}
	for _, secret := range planted {
		if strings.Contains(out, secret) {
			w.t.Errorf("the output holds a secret:\n%s", strings.ReplaceAll(out, secret, "[here]"))
		}
	}
}
