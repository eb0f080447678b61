package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/cmd"
	"github.com/ameideio/ameide/pkg/keycloak/fake"
	vaultfake "github.com/ameideio/ameide/pkg/vault/fake"
)

const plantedPassword, plantedToken, plantedValue = "pl4nted-admin-password", "pl4nted-vault-token", "pl4nted-vault-value"

// reconciler runs the command against servers in memory and remembers all of its output.
type reconciler struct {
	t    *testing.T
	env  map[string]string
	args []string
	all  bytes.Buffer
}

func newReconciler(t *testing.T) *reconciler {
	t.Helper()
	kc, v := fake.New("ameide", "master"), vaultfake.New()
	kc.Password, v.Token = plantedPassword, plantedToken
	tree := t.TempDir()
	if err := os.CopyFS(tree, os.DirFS(filepath.Join("..", "testdata", "gitops"))); err != nil {
		t.Fatal(err)
	}
	keycloak := httptest.NewServer(withPages(kc))
	vault := httptest.NewServer(v)
	t.Cleanup(func() {
		keycloak.CloseClientConnections()
		keycloak.Close()
		vault.CloseClientConnections()
		vault.Close()
	})
	put, err := http.NewRequestWithContext(t.Context(), http.MethodPost, vault.URL+"/v1/secret/data/backstage-oidc-client-secret",
		strings.NewReader(`{"data":{"value":"`+plantedValue+`"}}`))
	if err != nil {
		t.Fatal(err)
	}
	put.Header.Set("X-Vault-Token", plantedToken)
	if response, err := http.DefaultClient.Do(put); err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(err)
	}
	return &reconciler{t: t,
		env:  map[string]string{"KEYCLOAK_ADMIN_USER": "admin", "KEYCLOAK_ADMIN_PASSWORD": plantedPassword, "VAULT_TOKEN": plantedToken},
		args: []string{"platform", "backstage", "reconcile", "--gitops-root", tree, "--keycloak-url", keycloak.URL, "--vault-address", vault.URL},
	}
}

// withPages adds to a Keycloak in memory what browsers see of it.
func withPages(keycloak http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/auth"):
			fmt.Fprint(w, `<form id="kc-form-login" action="https://example.com/login" method="post">`)
		case strings.HasSuffix(r.URL.Path, "openid-configuration"):
			fmt.Fprint(w, `{"scopes_supported":["openid","profile","email","roles"]}`)
		default:
			keycloak.ServeHTTP(w, r)
		}
	})
}

// run returns exit code, stdout and stderr.
func (r *reconciler) run(args ...string) (int, string, string) {
	r.t.Helper()
	var out, errs bytes.Buffer
	env := cmd.Env{In: strings.NewReader(""), Out: &out, Err: &errs, Now: time.Now, Lookup: func(key string) (string, bool) {
		v, ok := r.env[key]
		return v, ok
	}}
	code := cmd.Execute(r.t.Context(), env, append(append([]string{}, r.args...), args...))
	r.all.WriteString(out.String() + errs.String())
	return code, out.String(), errs.String()
}

func TestReconcile(t *testing.T) {
	r := newReconciler(t)
	for _, step := range []struct {
		args []string
		code int
		out  string
	}{
		{[]string{"--env", "dev,staging"}, 2, ""},
		{[]string{"--env", "dev", "--rotate"}, 2, ""},
		{[]string{"--env", "dev", "--client", "backstag"}, 2, ""},
		{[]string{"--env", "dev", "--client", "backstage", "--check"}, 1, "create_role"},
		{[]string{"--env", "dev", "--client", "backstage", "--dry-run"}, 0, "1 planned"},
		{[]string{"--env", "dev", "--client", "backstage"}, 0, "authorization"},
		{[]string{"--env", "dev", "--client", "backstage", "--check"}, 0, "1 unchanged"},
		{[]string{"--env", "dev", "--client", "backstage", "--rotate"}, 0, "1 done"},
		{[]string{"--env", "dev"}, 3, "1 failed"}, // platform-app-master exists nowhere
	} {
		code, out, errs := r.run(step.args...)
		if code != step.code || !strings.Contains(out, step.out) {
			t.Errorf("%v: exit %d, want %d with %q\n%s%s", step.args, code, step.code, step.out, out, errs)
		}
	}
	_, out, _ := r.run("--env", "dev", "--client", "backstage", "--json")
	var document struct {
		Env, Realm string
		Clients    []struct {
			ID      string `json:"client_id"`
			Actions []struct{ Op string }
			Secret  struct {
				Path   string `json:"vault_path"`
				InSync bool   `json:"in_sync"`
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &document); err != nil {
		t.Fatal(err)
	}
	c := document.Clients[0]
	if c.ID != "backstage" || c.Actions[0].Op != "none" || c.Secret.Path != "secret/data/backstage-oidc-client-secret" || !c.Secret.InSync {
		t.Errorf("the document is %+v", document)
	}
	for _, planted := range []string{plantedPassword, plantedToken, plantedValue, "generated-0000", "token-0000"} {
		if strings.Contains(r.all.String(), planted) {
			t.Errorf("the output holds the secret %q", planted)
		}
	}
}
