package podrun_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/ameideio/ameide/lab"
)

const accountSecret = "pl4nted-service-account-secret"

// keycloakAdmin asks the Admin REST API as the bootstrap administrator.
type keycloakAdmin struct {
	t   *testing.T
	kc  *lab.KeycloakServer
	tok string
}

func newKeycloakAdmin(t *testing.T, kc *lab.KeycloakServer) *keycloakAdmin {
	t.Helper()
	a := &keycloakAdmin{t: t, kc: kc}
	a.login()
	return a
}

func (a *keycloakAdmin) login() {
	a.t.Helper()
	form := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {a.kc.User}, "password": {a.kc.Password}}
	var answer struct {
		Token string `json:"access_token"`
	}
	a.send(http.MethodPost, "/realms/master/protocol/openid-connect/token", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), &answer)
	a.tok = answer.Token
}

func (a *keycloakAdmin) do(method, path string, body, answer any) {
	a.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		a.t.Fatal(err)
	}
	a.login() // tokens of the bootstrap administrator live a minute
	a.send(method, "/admin/realms"+path, "application/json", bytes.NewReader(encoded), answer)
}

func (a *keycloakAdmin) send(method, path, contentType string, body io.Reader, answer any) {
	a.t.Helper()
	request, err := http.NewRequestWithContext(a.t.Context(), method, a.kc.URL+path, body)
	if err != nil {
		a.t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	if a.tok != "" && contentType == "application/json" {
		request.Header.Set("Authorization", "Bearer "+a.tok)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= http.StatusMultipleChoices {
		a.t.Fatalf("%s %s: %d %v %s", method, path, response.StatusCode, err, text)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal(text, answer); err != nil {
		a.t.Fatal(err)
	}
}

// prepare makes the realm before its clients, the client of realm master that the platform has, and the service account
// with the roles that docs/reconcile.md names and no others.
func (a *keycloakAdmin) prepare(realm string) {
	a.t.Helper()
	a.do(http.MethodPost, "", map[string]any{"realm": realm, "enabled": true}, nil)
	a.do(http.MethodPost, "/master/clients", map[string]any{"clientId": "platform-app-master", "publicClient": false}, nil)
	a.do(http.MethodPost, "/master/clients", map[string]any{
		"clientId": "keycloak-admin-sa", "publicClient": false, "serviceAccountsEnabled": true, "standardFlowEnabled": false, "secret": accountSecret,
	}, nil)
	var user struct{ ID string }
	a.do(http.MethodGet, "/master/clients/"+a.uuid("master", "keycloak-admin-sa")+"/service-account-user", nil, &user)
	for _, management := range []string{realm + "-realm", "master-realm"} {
		id := a.uuid("master", management)
		var all, wanted []map[string]any
		a.do(http.MethodGet, "/master/clients/"+id+"/roles", nil, &all)
		for _, role := range all {
			if name := role["name"]; name == "view-clients" || name == "manage-clients" || name == "view-realm" || name == "manage-realm" {
				wanted = append(wanted, role)
			}
		}
		a.do(http.MethodPost, "/master/users/"+user.ID+"/role-mappings/clients/"+id, wanted, nil)
	}
}

func (a *keycloakAdmin) uuid(realm, client string) string {
	a.t.Helper()
	var found []struct{ ID string }
	a.do(http.MethodGet, "/"+realm+"/clients?clientId="+client, nil, &found)
	if len(found) != 1 {
		a.t.Fatalf("%d clients %s in realm %s", len(found), client, realm)
	}
	return found[0].ID
}

// secret is a client's secret as Keycloak has it.
func (a *keycloakAdmin) secret(realm, client string) string {
	a.t.Helper()
	var answer struct{ Value string }
	a.do(http.MethodGet, "/"+realm+"/clients/"+a.uuid(realm, client)+"/client-secret", nil, &answer)
	return answer.Value
}

// vaultRun runs a script with the real client of Vault, as its administrator.
func vaultRun(t *testing.T, v *lab.VaultServer, script string) string {
	t.Helper()
	bin := t.TempDir()
	if err := os.Symlink(v.Bin, bin+"/vault"); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "/bin/sh", "-ec", script)
	c.Env = []string{"PATH=" + bin + ":/usr/bin:/bin", "VAULT_ADDR=" + v.URL, "VAULT_TOKEN=" + v.Token, "HOME=" + bin}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}
