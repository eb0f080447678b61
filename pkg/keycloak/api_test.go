package keycloak_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/keycloak/fake"
	"github.com/ameideio/ameide/pkg/secret"
)

// session is a session with a handler; what it waited and noted is recorded.
type session struct {
	*keycloak.API
	slept []time.Duration
	notes []string
}

func open(t *testing.T, h http.Handler, change func(*keycloak.Config)) *session {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	s := &session{}
	c := keycloak.Config{
		URL: server.URL + "/", ClientID: "keycloak-admin-sa", ClientSecret: secret.New("admin-sa-secret"), Timeout: 200 * time.Millisecond,
		Sleep: func(_ context.Context, d time.Duration) error { s.slept = append(s.slept, d); return nil },
		Note:  func(text string) { s.notes = append(s.notes, text) },
	}
	if change != nil {
		change(&c)
	}
	s.API = keycloak.New(c)
	return s
}

func realm() keycloak.Realm {
	return keycloak.Realm{Name: "r", Clients: []keycloak.Client{{ID: "app"}}}
}

func TestAnExpiredTokenIsReplaced(t *testing.T) {
	server := fake.New("r")
	s := open(t, server, nil)
	for range 2 {
		if _, err := s.Read(t.Context(), realm()); err != nil {
			t.Fatal(err)
		}
		server.Expire()
	}
	if got := s.Requests(); got != 2*2+2+1 {
		t.Errorf("%d requests", got)
	}
}

func TestTheAdministratorIsTheDeclaredFallback(t *testing.T) {
	server := fake.New("r")
	s := open(t, server, func(c *keycloak.Config) {
		c.ClientSecret, c.User, c.Password = secret.New("wrong-secret"), server.User, secret.New(server.Password)
	})
	if _, err := s.Read(t.Context(), realm()); err != nil {
		t.Fatal(err)
	}
	want := []string{"the service account keycloak-admin-sa cannot log in (POST master/protocol/openid-connect/token: 401 Unauthorized: " +
		"invalid_client: Invalid client or Invalid client credentials); falling back to the bootstrap administrator admin"}
	if diff := cmp.Diff(want, s.notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestRefusedLoginSaysWhyAndWhatNext(t *testing.T) {
	s := open(t, fake.New("r"), func(c *keycloak.Config) { c.ClientSecret = secret.New("wrong-secret") })
	_, err := s.Read(t.Context(), realm())
	if err == nil || !strings.Contains(err.Error(), "invalid_client") || strings.Contains(err.Error(), "wrong-secret") {
		t.Errorf("error is %v", err)
	}
	var e *keycloak.Error
	if !asError(err, &e) || !strings.Contains(e.Hint(), "KEYCLOAK_CLIENT_SECRET") {
		t.Errorf("no hint in %v", err)
	}
}

// TestRetryAfterIsHonoured: the server names the pause, within bounds.
func TestRetryAfterIsHonoured(t *testing.T) {
	var busy atomic.Int64
	server := fake.New("r")
	s := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/admin/") && busy.Add(1) <= 2 {
			w.Header().Set("Retry-After", map[int64]string{1: "7", 2: "100000"}[busy.Load()])
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		server.ServeHTTP(w, r)
	}), nil)
	if _, err := s.Read(t.Context(), realm()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]time.Duration{7 * time.Second, 30 * time.Second}, s.slept); diff != "" {
		t.Errorf("pauses (-want +got):\n%s", diff)
	}
}

func TestAServerThatHangsIsGivenUp(t *testing.T) {
	s := open(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server see the client hang up
		<-r.Context().Done()
	}), nil)
	start := time.Now()
	_, err := s.Read(t.Context(), realm())
	if err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
}

func TestForbiddenNamesTheRole(t *testing.T) {
	server := fake.New("r")
	for path, want := range map[string]string{
		"/admin/realms/r/clients":       "read clients of realm r: GET r/clients: 403 Forbidden: missing role view-clients",
		"/admin/realms/r/client-scopes": "read client scopes of realm r: GET r/client-scopes: 403 Forbidden: missing role view-clients",
		"/admin/realms/r/roles":         "read roles of realm r: GET r/roles: 403 Forbidden: missing role view-realm",
	} {
		s := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == path {
				w.WriteHeader(http.StatusForbidden)
				_, _ = w.Write([]byte(`{"error":"HTTP 403 Forbidden"}`))
				return
			}
			server.ServeHTTP(w, r)
		}), nil)
		wanted := realm()
		wanted.Roles = []string{"viewer"}
		if _, err := s.Read(t.Context(), wanted); err == nil || err.Error() != want {
			t.Errorf("error is %v\nwant %s", err, want)
		}
	}
}

// TestAnIgnoredChangeIsAnError: a 204 that changes nothing is not success.
func TestAnIgnoredChangeIsAnError(t *testing.T) {
	server := fake.New("r")
	s := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		server.ServeHTTP(w, r)
	}), nil)
	for _, name := range []string{"one", "two"} {
		wanted := keycloak.Realm{Name: "r", Clients: []keycloak.Client{{ID: "app", Fields: map[string]any{"name": name}}}}
		state, err := s.Read(t.Context(), wanted)
		if err != nil {
			t.Fatal(err)
		}
		p, err := keycloak.Diff(wanted, state, false)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.ApplyClient(t.Context(), p, wanted.Clients[0], false)
		if name == "one" && err != nil {
			t.Fatal(err)
		}
		if want := `client app in realm r: Keycloak accepted the change and did not make it: name is "one" instead of "two"`; name == "two" && (err == nil || err.Error() != want) {
			t.Errorf("error is %v", err)
		}
	}
}

func asError(err error, target **keycloak.Error) bool { return errors.As(err, target) }
