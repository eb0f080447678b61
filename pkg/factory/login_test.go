package factory_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/reconcile"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/vault"
)

const janesPassword = "jane-s-password"

// The flow that was broken: the realm exists, the client is missing. Reconciling the generated checkout makes it and puts
// its secret into Vault; the portal, configured by what the chart renders and by variables, then logs a user in through
// Keycloak and refreshes the session.
func TestAUserLogsInToThePortalAfterReconcile(t *testing.T) {
	lab.Slow(t)
	kc, v, server := lab.Keycloak(t, lab.KeycloakCurrent), lab.Vault(t), lab.Postgres(t)
	server.Exec(t, "postgres", "CREATE ROLE backstage LOGIN CREATEDB PASSWORD '"+lab.Password+"'", "CREATE DATABASE backstage OWNER backstage")
	kc.Admin(t, http.MethodPost, "", map[string]any{"realm": "ameide", "enabled": true})
	kc.Admin(t, http.MethodPost, "ameide/users", map[string]any{
		"username": "jane", "enabled": true, "email": "jane@example.com", "emailVerified": true, "firstName": "Jane", "lastName": "Doe",
		"credentials": []any{map[string]any{"type": "password", "value": janesPassword, "temporary": false}},
	})
	p := portalOf(t, "dev")
	users := filepath.Join(t.TempDir(), "users.yaml") // in the place of the catalog's repository
	if err := os.WriteFile(users, []byte("apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: jane}\nspec: {memberOf: [], profile: {email: jane@example.com}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	backstage := p.start(t, server, []string{
		"KEYCLOAK_ISSUER=" + kc.URL + "/realms/ameide", "AUTH_OIDC_CLIENT_SECRET=" + reconciled(t, kc, v),
		fmt.Sprintf(`APP_CONFIG_catalog_locations=[{"type":"file","target":%q,"rules":[{"allow":["User"]}]}]`, users),
	})
	b := newBrowser(t, p.host, backstage)
	identity := b.login()
	if got, want := identity.Identity.Identity.Ref, "user:default/jane"; got != want {
		t.Errorf("logged in as %q, want %q", got, want)
	}
	if got, want := identity.Profile.Email, "jane@example.com"; got != want {
		t.Errorf("the profile's address is %q, want %q", got, want)
	}
	refreshed := b.refresh()
	if got, want := refreshed.Identity.Identity.Ref, "user:default/jane"; got != want {
		t.Errorf("refreshed as %q, want %q", got, want)
	}
	if status, _ := b.get("https://"+p.host+"/api/catalog/entities/by-name/user/default/jane", http.Header{"Authorization": {"Bearer " + refreshed.Identity.Token}}); status != http.StatusOK {
		t.Errorf("the catalog answers %d to the refreshed session", status)
	}
}

// reconciled reconciles the generated checkout's client of the portal and returns the secret that Vault then has.
func reconciled(t *testing.T, kc *lab.KeycloakServer, v *lab.VaultServer) string {
	t.Helper()
	s := spec.Loaded{Spec: spec.Default()}
	root := platform(t)
	if err := checkout.Apply(root, compare(t, root, &s.Spec)); err != nil {
		t.Fatal(err)
	}
	all, err := reconcile.Load(root.FS(), &s, "dev")
	if err != nil {
		t.Fatal(err)
	}
	desired, err := all.Select(nil, []string{"backstage"})
	if err != nil {
		t.Fatal(err)
	}
	kv, err := vault.Open(t.Context(), vault.Config{Address: v.URL, Token: secret.New(v.Token), Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	systems := reconcile.Systems{Vault: kv, Parallel: 2, Keycloak: keycloak.New(keycloak.Config{
		URL: kc.URL, User: kc.User, Password: secret.New(kc.Password), Timeout: time.Minute, Note: func(string) {},
		Sleep: func(context.Context, time.Duration) error { time.Sleep(time.Second); return nil },
	})}
	plans := systems.Plan(t.Context(), desired, reconcile.Options{})
	results := systems.Apply(t.Context(), plans, reconcile.Options{})
	if err := plans[0].Err; err != nil {
		t.Fatal(err)
	}
	if !results[0][0].Done {
		t.Fatal(results[0][0].Err)
	}
	return results[0][0].Entry.Value.Reveal()
}

// browser is a browser to whom the portal's host is the lab's backend, behind a proxy that ends TLS.
type browser struct {
	t      *testing.T
	host   string
	client *http.Client
}

func newBrowser(t *testing.T, host string, b *lab.Backstage) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	backend, err := url.Parse(b.URL())
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, host: host, client: &http.Client{Jar: jar, Timeout: time.Minute, Transport: edge{host, backend.Host}}}
}

// edge sends requests for a host to a backend.
type edge struct{ host, backend string }

func (e edge) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == e.host {
		r = r.Clone(r.Context())
		r.Host, r.URL.Scheme, r.URL.Host = e.host, "http", e.backend
		r.Header.Set("X-Forwarded-Proto", "https")
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (b *browser) get(address string, header http.Header) (int, []byte) {
	b.t.Helper()
	return b.send(http.MethodGet, address, header, nil)
}

func (b *browser) send(method, address string, header http.Header, form url.Values) (int, []byte) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := b.client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response.StatusCode, body
}

// session is what Backstage's handler and refresh endpoint answer.
type session struct {
	Profile  struct{ Email string }
	Identity struct {
		Token    string
		Identity struct {
			Ref string `json:"userEntityRef"`
		}
	} `json:"backstageIdentity"`
}

var (
	loginForm = regexp.MustCompile(`<form[^>]*\saction="([^"]+)"`)
	message   = regexp.MustCompile(`decodeURIComponent\('([^']+)'\)`)
)

// login goes from the portal to Keycloak's page and back. The catalog reads the user a moment after the start.
func (b *browser) login() session {
	b.t.Helper()
	start := "https://" + b.host + "/api/auth/oidc/start?env=production&scope=" + url.QueryEscape("openid profile email")
	status, page := b.get(start, nil)
	form := loginForm.FindSubmatch(page)
	if form == nil {
		b.t.Fatalf("%d and no login page: %s", status, page)
	}
	status, page = b.send(http.MethodPost, html.UnescapeString(string(form[1])), nil, url.Values{"username": {"jane"}, "password": {janesPassword}})
	for deadline := time.Now().Add(90 * time.Second); ; time.Sleep(time.Second) {
		answer := b.answer(status, page)
		if answer.Response != nil {
			return *answer.Response
		}
		if time.Now().After(deadline) || !strings.Contains(answer.Error.Message, "unable to resolve user identity") {
			b.t.Fatalf("the portal answers %d: %s: %s", status, answer.Error.Name, answer.Error.Message)
		}
		status, page = b.get(start, nil) // Keycloak remembers who it is
	}
}

type handlerAnswer struct {
	Response *session
	Error    struct{ Name, Message string }
}

// answer is what the handler's page tells the window that opened it.
func (b *browser) answer(status int, page []byte) handlerAnswer {
	b.t.Helper()
	found := message.FindSubmatch(page)
	if found == nil {
		b.t.Fatalf("%d and no handler page: %s", status, page)
	}
	text, err := url.PathUnescape(string(found[1]))
	var answer handlerAnswer
	if err == nil {
		err = json.Unmarshal([]byte(text), &answer)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return answer
}

func (b *browser) refresh() session {
	b.t.Helper()
	status, body := b.get("https://"+b.host+"/api/auth/oidc/refresh?env=production&optional", http.Header{"X-Requested-With": {"XMLHttpRequest"}})
	var s session
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&s); err != nil || status != http.StatusOK {
		b.t.Fatalf("refresh: %d %s", status, body)
	}
	return s
}
