package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	keycloakfake "github.com/ameideio/ameide/pkg/keycloak/fake"
	vaultfake "github.com/ameideio/ameide/pkg/vault/fake"
)

const scriptSecret = "the-secret-of-a-script"

// startSystems gives a script a Keycloak with the realms ameide and master, and a Vault, both in memory, at KEYCLOAK and
// VAULT, with credentials for both in the environment.
func startSystems(e *testscript.Env) {
	keycloak, vault := keycloakfake.New("ameide", "master"), vaultfake.New()
	keycloak.ClientSecret, vault.Token = scriptSecret, scriptSecret+"-of-vault"
	k, v := httptest.NewServer(withPages(keycloak)), httptest.NewServer(vault)
	e.Defer(func() {
		k.CloseClientConnections()
		k.Close()
		v.CloseClientConnections()
		v.Close()
	})
	for name, value := range map[string]string{
		"KEYCLOAK": k.URL, "VAULT": v.URL, "KEYCLOAK_CLIENT_SECRET": keycloak.ClientSecret, "VAULT_TOKEN": vault.Token,
	} {
		e.Setenv(name, value)
	}
	e.Values["keycloak"] = keycloak
}

// somebody METHOD PATH BODY is somebody else with the admin API of the script's Keycloak: PATH is below /admin/realms/.
func somebody(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 3, "somebody METHOD PATH BODY")
	server, ok := ts.Value("keycloak").(*keycloakfake.Server)
	if !ok {
		ts.Fatalf("no Keycloak was started")
	}
	form := strings.NewReader("grant_type=password&username=" + server.User + "&password=" + server.Password)
	login := httptest.NewRequest(http.MethodPost, "/realms/master/protocol/openid-connect/token", form)
	login.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	server.ServeHTTP(rec, login)
	var token struct {
		Access string `json:"access_token"`
	}
	ts.Check(json.Unmarshal(rec.Body.Bytes(), &token))
	r := httptest.NewRequest(args[0], "/admin/realms/"+args[1], bytes.NewReader([]byte(args[2])))
	r.Header.Set("Authorization", "Bearer "+token.Access)
	rec = httptest.NewRecorder()
	server.ServeHTTP(rec, r)
	if rec.Code >= http.StatusBadRequest {
		ts.Fatalf("%s %s: %d %s", args[0], args[1], rec.Code, rec.Body)
	}
	_, err := fmt.Fprint(ts.Stdout(), rec.Body)
	ts.Check(err)
}

// secretless checks that no secret of the script's servers is in stdout or stderr.
func secretless(ts *testscript.TestScript, _ bool, _ []string) {
	for _, file := range []string{"stdout", "stderr"} {
		text := ts.ReadFile(file)
		for _, secret := range []string{scriptSecret, "generated-0", "token-0"} {
			if strings.Contains(text, secret) {
				ts.Fatalf("%s holds %s:\n%s", file, secret, text)
			}
		}
	}
}
