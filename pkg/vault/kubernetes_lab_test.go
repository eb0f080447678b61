package vault_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/vault"
)

// The real Vault logs ServiceAccounts in as the platform does, and refuses with a reason that is shown.
func TestServiceAccountsLogInToTheRealVault(t *testing.T) {
	server, reviewer := lab.Vault(t), lab.TokenReviewer(t)
	server.KubernetesAuth(t, reviewer)
	server.KubernetesRole(t, "keycloak-client-patcher", "ameide-dev", "patcher", nil)
	server.KubernetesRole(t, "with-audience", "ameide-dev", "patcher", map[string]any{"audience": "vault"})
	patcher := reviewer.Token(t, "ameide-dev", "patcher")
	gone := reviewer.Token(t, "ameide-dev", "patcher")
	reviewer.Forget(gone)
	backstage := vault.Ref{Mount: "secret", Key: "backstage-oidc-client-secret", Field: "value"}
	for name, tt := range map[string]struct {
		role, token string
		ref         vault.Ref
		want, hint  string
	}{
		"a bound account":           {"keycloak-client-patcher", patcher, backstage, "", ""},
		"an unknown role":           {"nobody", patcher, backstage, `log in to Vault with role nobody: 400 Bad Request: invalid role name "nobody"`, "vault-bootstrap writes it"},
		"another namespace":         {"keycloak-client-patcher", reviewer.Token(t, "ameide-prod", "patcher"), backstage, "log in to Vault with role keycloak-client-patcher: 403 Forbidden: namespace not authorized", "bound to this ServiceAccount"},
		"another account":           {"keycloak-client-patcher", reviewer.Token(t, "ameide-dev", "default"), backstage, "log in to Vault with role keycloak-client-patcher: 403 Forbidden: service account name not authorized", "bound to this ServiceAccount"},
		"a token that ended":        {"keycloak-client-patcher", gone, backstage, "log in to Vault with role keycloak-client-patcher: 403 Forbidden: permission denied", "bound to this ServiceAccount"},
		"a role with an audience":   {"with-audience", patcher, backstage, "invalid audience (aud) claim", "must not set an audience"},
		"a path outside the policy": {"keycloak-client-patcher", patcher, ref(), "permission denied", `path "secret/data/app" { capabilities = ["create", "update", "read"] }`},
	} {
		t.Run(name, func(t *testing.T) {
			kv, err := vault.Open(t.Context(), vault.Config{Address: server.URL, Role: tt.role, JWT: secret.New(tt.token), Timeout: 10 * time.Second})
			if err == nil {
				_, err = kv.Write(t.Context(), tt.ref, vault.Entry{}, secret.New("one"))
			}
			if got := text(err); (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("error is %q, want %q", got, tt.want)
			}
			var e *vault.Error
			if errors.As(err, &e) && !strings.Contains(e.Hint(), tt.hint) {
				t.Errorf("hint is %q, want %q", e.Hint(), tt.hint)
			}
		})
	}
}

// A session outlives its token: waiting for a rollout may take longer than a role lets a token live.
func TestASessionOutlivesItsToken(t *testing.T) {
	server, reviewer := lab.Vault(t), lab.TokenReviewer(t)
	server.KubernetesAuth(t, reviewer)
	server.KubernetesRole(t, "short", "ameide-dev", "patcher", map[string]any{"token_ttl": "1s", "token_max_ttl": "1s"})
	kv, err := vault.Open(t.Context(), vault.Config{Address: server.URL, Role: "short", JWT: secret.New(reviewer.Token(t, "ameide-dev", "patcher")), Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	backstage := vault.Ref{Mount: "secret", Key: "backstage-oidc-client-secret", Field: "value"}
	for _, value := range []string{"one", "two"} {
		seen, err := kv.Read(t.Context(), backstage)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		if _, err := kv.Write(t.Context(), backstage, seen, secret.New(value)); err != nil {
			t.Fatal(err)
		}
	}
}
