package reconcile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/keycloak"
	kcfake "github.com/ameideio/ameide/pkg/keycloak/fake"
	"github.com/ameideio/ameide/pkg/reconcile"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/vault"
	vaultfake "github.com/ameideio/ameide/pkg/vault/fake"
)

// world is one realm of a Keycloak, and a Vault: in memory or real.
type world struct {
	t         *testing.T
	keycloak  http.Handler
	vault     http.Handler
	user      string
	password  secret.Value
	token     string
	realm     string
	keyPrefix string
	fake      *kcfake.Server // nil when real
	servers   servers        // when real
	overlap   bool           // old secrets stay valid

	mu         sync.Mutex
	adminToken string
	renew      time.Time
}

const realmName = "acme"

func fakeWorld(t *testing.T) *world {
	kc, v := kcfake.New(realmName, "master"), vaultfake.New()
	return &world{t: t, keycloak: kc, vault: v, user: kc.User, password: secret.New(kc.Password), token: v.Token, realm: realmName, fake: kc}
}

// servers are the real ones.
type servers struct {
	keycloak *lab.KeycloakServer
	vault    *lab.VaultServer
}

// realServers starts a Keycloak and a Vault and makes worlds in them, each with a realm and keys of its own.
func realServers(t *testing.T, version string) func(*testing.T) *world {
	t.Helper()
	lab.Slow(t)
	kc, err := lab.StartKeycloak(t.Context(), version, "client-secret-rotation")
	if err != nil {
		missing(t, err, lab.ErrNoKeycloak, "Keycloak "+version)
	}
	t.Cleanup(kc.Close)
	v, err := lab.StartVault(t.Context())
	if err != nil {
		missing(t, err, lab.ErrNoVault, "Vault")
	}
	t.Cleanup(v.Close)
	return realWorlds(version, kc, v)
}

func missing(t *testing.T, err, notInstalled error, what string) {
	if errors.Is(err, notInstalled) {
		lab.Missing(t, what)
	}
	t.Fatal(err)
}

func realWorlds(version string, kc *lab.KeycloakServer, v *lab.VaultServer) func(*testing.T) *world {
	var serial atomic.Int64
	return func(t *testing.T) *world {
		n := serial.Add(1)
		w := &world{
			t: t, servers: servers{kc, v}, keycloak: forward(t, kc.URL), vault: forward(t, v.URL), user: kc.User, password: secret.New(kc.Password), token: v.Token,
			realm: fmt.Sprintf("realm-%d", n), keyPrefix: fmt.Sprintf("%s-%d-", strings.ReplaceAll(version, ".", "-"), n),
		}
		w.admin(http.MethodPost, "", map[string]any{"realm": w.realm, "enabled": true})
		return w
	}
}

func forward(t *testing.T, target string) http.Handler {
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	proxy.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up are what the tests do
	return proxy
}

// serve puts a handler on loopback until the test ends.
func (w *world) serve(h http.Handler) string {
	s := httptest.NewServer(h)
	w.t.Cleanup(s.CloseClientConnections)
	w.t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL
}

// systems are sessions with both servers; wrap may stand in front of each.
func (w *world) systems(wrap ...func(name string, h http.Handler) http.Handler) (reconcile.Systems, error) {
	return w.session(30*time.Second, wrap...)
}

// patience is how long a session waits for an answer where a fault is injected.
func (w *world) patience(fault string) time.Duration {
	switch {
	case fault != "hangs":
		return 30 * time.Second
	case w.fake != nil:
		return 50 * time.Millisecond
	}
	return time.Second
}

func (w *world) session(timeout time.Duration, wrap ...func(name string, h http.Handler) http.Handler) (reconcile.Systems, error) {
	kc, v := w.keycloak, w.vault
	for _, f := range wrap {
		kc, v = f("keycloak", kc), f("vault", v)
	}
	kv, err := vault.Open(w.t.Context(), vault.Config{Address: w.serve(v), Token: secret.New(w.token), Timeout: timeout, Pause: time.Millisecond})
	return reconcile.Systems{Keycloak: keycloak.New(keycloak.Config{
		URL: w.serve(kc), User: w.user, Password: w.password, Timeout: timeout, Sleep: w.sleep, Note: func(string) {},
	}), Vault: kv, Parallel: 4}, err
}

// forget removes a client scope and a realm role, as if the realm never had them.
func (w *world) forget(scope, role string) {
	w.t.Helper()
	if w.fake != nil {
		w.fake.Forget(w.realm, scope, role)
		return
	}
	list, _ := w.admin(http.MethodGet, "client-scopes", nil).([]any)
	for _, s := range list {
		if object, _ := s.(map[string]any); object["name"] == scope {
			w.admin(http.MethodDelete, "client-scopes/"+object["id"].(string), nil)
		}
	}
	w.tryAdmin(http.MethodDelete, "roles/"+role, nil) // it may not exist
}

// sleep waits shortly, and not at all for a server in memory.
func (w *world) sleep(_ context.Context, d time.Duration) error {
	if w.fake == nil {
		time.Sleep(min(d, 300*time.Millisecond))
	}
	return nil
}

// ref is where a client's secret belongs.
func (w *world) ref(client string) vault.Ref {
	return vault.Ref{Mount: "secret", Key: w.keyPrefix + client + "-secret", Field: "value"}
}

// desired declares clients of the world's realm; each has its secret in Vault.
func (w *world) desired(clients ...keycloak.Client) reconcile.Desired {
	d := reconcile.Desired{Env: "dev", Realm: w.realm, Secrets: map[reconcile.ClientKey]vault.Ref{}, Realms: []keycloak.Realm{{Name: w.realm, Clients: clients}}}
	for _, c := range clients {
		d.Secrets[reconcile.ClientKey{Realm: w.realm, Client: c.ID}] = w.ref(c.ID)
	}
	return d
}

// run plans and applies, and fails the test when anything fails.
func (w *world) run(d reconcile.Desired, o reconcile.Options) []reconcile.RealmPlan {
	w.t.Helper()
	s, err := w.systems()
	if err != nil {
		w.t.Fatal(err)
	}
	plans := s.Plan(w.t.Context(), d, o)
	if err := failures(plans, s.Apply(w.t.Context(), plans, o)); err != nil {
		w.t.Fatalf("apply: %v", err)
	}
	return plans
}

// plan is run without Apply.
func (w *world) plan(d reconcile.Desired) reconcile.RealmPlan {
	w.t.Helper()
	s, err := w.systems()
	if err != nil {
		w.t.Fatal(err)
	}
	p := s.Plan(w.t.Context(), d, reconcile.Options{})[0]
	if p.Err != nil {
		w.t.Fatal(p.Err)
	}
	return p
}

// converged asks that nothing is left to do and that both sides of every secret are alike.
func (w *world) converged(d reconcile.Desired) {
	w.t.Helper()
	p := w.plan(d)
	if len(p.Changes) > 0 {
		w.t.Errorf("changes are left: %+v", p.Changes)
	}
	for _, s := range p.Secrets {
		if s.Op != reconcile.SecretNone || s.Err != nil || s.To.Empty() {
			w.t.Errorf("secret of %s: %s %s %v", s.Client, s.Op, s.Note, s.Err)
		}
	}
}

func failures(plans []reconcile.RealmPlan, results [][]reconcile.Result) error {
	var text []string
	for i, p := range plans {
		if p.Err != nil {
			text = append(text, p.Err.Error())
		}
		for _, r := range results[i] {
			if r.Err != nil {
				text = append(text, r.Err.Error())
			}
		}
	}
	if text == nil {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(text, "; "))
}

// admin is somebody else with the admin API: path is below the world's realm, or the list of realms for an empty one.
func (w *world) admin(method, path string, body any) any {
	w.t.Helper()
	code, answer := w.asAdmin(method, path, body)
	if code >= 300 {
		w.t.Fatalf("%s %s: %d %v", method, path, code, answer)
	}
	return answer
}

// tryAdmin is admin of something that may not exist.
func (w *world) tryAdmin(method, path string, body any) map[string]any {
	w.t.Helper()
	_, answer := w.asAdmin(method, path, body)
	object, _ := answer.(map[string]any)
	return object
}

func (w *world) asAdmin(method, path string, body any) (int, any) {
	w.t.Helper()
	full := "/admin/realms"
	if path != "" {
		full += "/" + w.realm + "/" + path
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.send(method, full, "application/json", w.bearer(), bytes.NewReader(encoded))
}

// bearer is a token of somebody else, renewed before it expires.
func (w *world) bearer() string {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Now().After(w.renew) {
		_, answer := w.send(http.MethodPost, "/realms/master/protocol/openid-connect/token", "application/x-www-form-urlencoded", "",
			strings.NewReader(url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {w.user}, "password": {w.password.Reveal()}}.Encode()))
		token, _ := answer.(map[string]any)
		w.adminToken, _ = token["access_token"].(string)
		w.renew = time.Now().Add(30 * time.Second)
	}
	return w.adminToken
}

func (w *world) send(method, path, kind, bearer string, body io.Reader) (int, any) {
	w.t.Helper()
	r := httptest.NewRequest(method, path, body).WithContext(w.t.Context())
	r.Header.Set("Content-Type", kind)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	rec := httptest.NewRecorder()
	w.keycloak.ServeHTTP(rec, r)
	var out any
	_ = json.Unmarshal(rec.Body.Bytes(), &out) // an empty answer is none
	return rec.Code, out
}

// clients are the clients with an id, as somebody else sees them.
func (w *world) clients(id string) []map[string]any {
	w.t.Helper()
	list, _ := w.admin(http.MethodGet, "clients?clientId="+url.QueryEscape(id), nil).([]any)
	var out []map[string]any
	for _, c := range list {
		out = append(out, c.(map[string]any))
	}
	return out
}

// edit changes a client behind our back.
func (w *world) edit(id string, change func(c map[string]any)) {
	w.t.Helper()
	c := w.clients(id)[0]
	change(c)
	w.admin(http.MethodPut, "clients/"+c["id"].(string), c)
}

// putVault writes an entry behind our back.
func (w *world) putVault(client string, data map[string]any) {
	w.t.Helper()
	w.vaultRequest(http.MethodPost, client, map[string]any{"data": data})
}

// getVault is an entry's data.
func (w *world) getVault(client string) map[string]any {
	w.t.Helper()
	data, _ := w.vaultRequest(http.MethodGet, client, nil)["data"].(map[string]any)
	inner, _ := data["data"].(map[string]any)
	return inner
}

func (w *world) vaultRequest(method, client string, body any) map[string]any {
	w.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	r := httptest.NewRequest(method, "/v1/"+w.ref(client).Path(), bytes.NewReader(encoded)).WithContext(w.t.Context())
	r.Header.Set("X-Vault-Token", w.token)
	rec := httptest.NewRecorder()
	w.vault.ServeHTTP(rec, r)
	var out map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || rec.Code >= 300 {
		w.t.Fatalf("%s %s: %d %v", method, r.URL.Path, rec.Code, err)
	}
	return out
}
