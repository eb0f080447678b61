package vault_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/vault"
	"github.com/ameideio/ameide/pkg/vault/fake"
)

func ref() vault.Ref { return vault.Ref{Mount: "secret", Key: "app", Field: "value"} }

func open(t *testing.T, h http.Handler, c vault.Config) (*vault.KV, error) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c.Address, c.Timeout, c.Pause = server.URL, time.Second, time.Millisecond
	return vault.Open(t.Context(), c)
}

func TestLogin(t *testing.T) {
	server := fake.New()
	server.Roles["patcher"] = "the-jwt"
	for name, tt := range map[string]struct {
		config vault.Config
		want   string // of the error
		hint   string
	}{
		"with a token":           {config: vault.Config{Token: secret.New("root")}},
		"with a ServiceAccount":  {config: vault.Config{Role: "patcher", JWT: secret.New("the-jwt")}},
		"with an unknown role":   {vault.Config{Role: "nobody", JWT: secret.New("the-jwt")}, `log in to Vault with role nobody: 400 Bad Request: invalid role name "nobody"`, "vault-bootstrap"},
		"with another account":   {vault.Config{Role: "patcher", JWT: secret.New("other-jwt")}, "log in to Vault with role patcher: 403 Forbidden: permission denied", "bound to this ServiceAccount"},
		"without credentials":    {vault.Config{Role: "patcher"}, "log in to Vault: no credentials", "VAULT_TOKEN"},
		"with a token that died": {vault.Config{Token: secret.New("gone")}, "read secret/data/app: 403 Forbidden: permission denied; invalid token", "expired"},
	} {
		t.Run(name, func(t *testing.T) {
			kv, err := open(t, server, tt.config)
			if err == nil {
				_, err = kv.Read(t.Context(), ref())
			}
			if got := text(err); got != tt.want {
				t.Errorf("error is %q, want %q", got, tt.want)
			}
			var e *vault.Error
			if errors.As(err, &e) && !strings.Contains(e.Hint(), tt.hint) {
				t.Errorf("hint is %q", e.Hint())
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestWriteKeepsWhatSomebodyElseDecided(t *testing.T) {
	kv, err := open(t, fake.New(), vault.Config{Token: secret.New("root")})
	if err != nil {
		t.Fatal(err)
	}
	first, err := kv.Write(t.Context(), ref(), vault.Entry{}, secret.New("one"))
	if err != nil || first.Version != 1 || !first.Value.Equal(secret.New("one")) {
		t.Fatalf("version %d, %v", first.Version, err)
	}
	if again, err := kv.Write(t.Context(), ref(), vault.Entry{}, secret.New("one")); err != nil || again.Version != 1 {
		t.Errorf("writing the same value made version %d, %v", again.Version, err)
	}
	if _, err := kv.Write(t.Context(), ref(), vault.Entry{}, secret.New("two")); !errors.Is(err, vault.ErrConflict) {
		t.Errorf("a decision made of an old value was carried out: %v", err)
	}
	if now, err := kv.Read(t.Context(), ref()); err != nil || now.Version != 1 {
		t.Errorf("version %d, %v", now.Version, err)
	}
}

func TestMissingPolicyIsSeenBeforehand(t *testing.T) {
	server := fake.New()
	server.Roles["patcher"], server.Deny = "the-jwt", []string{"app"}
	kv, err := open(t, server, vault.Config{Role: "patcher", JWT: secret.New("the-jwt")})
	if err != nil {
		t.Fatal(err)
	}
	_, writeErr := kv.Write(t.Context(), ref(), vault.Entry{}, secret.New("x"))
	for _, err := range []error{kv.CanWrite(t.Context(), ref()), writeErr} {
		var e *vault.Error
		if !errors.As(err, &e) || !strings.Contains(e.Error(), "permission denied") || !strings.Contains(e.Hint(), `path "secret/data/app"`) {
			t.Errorf("error is %v", err)
		}
	}
}

func TestAnEngineOfVersion1IsRefused(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"data":{"value":"x"}}`)) })
	kv, err := open(t, h, vault.Config{Token: secret.New("root")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Read(t.Context(), ref()); text(err) != "read secret/data/app: the mount secret is not a KV engine of version 2" {
		t.Errorf("error is %v", err)
	}
}
