package livelab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/ameideio/ameide/lab"
)

// User is a person of the realm, whom the catalog knows by the same address.
const (
	User      = "ada"
	UserEmail = "ada@ameide.io"
)

// Realm is the realm of one environment in a real Keycloak.
type Realm struct {
	Keycloak *lab.KeycloakServer
	Name     string
	Client   string // id of the service account in realm master that reads and writes clients
	Secret   string // of that service account
}

// newRealm makes a realm with one user, and a service account such as the platform's client patcher has. It has no client
// of the portal.
func newRealm(t testing.TB, kc *lab.KeycloakServer, name string) *Realm {
	t.Helper()
	r := &Realm{Keycloak: kc, Name: name, Client: "keycloak-admin-sa", Secret: "k7Vd02mXq9sLw4Tn8Rb1Yc6H"}
	r.Admin(t, http.MethodPost, "", map[string]any{"realm": name, "enabled": true, "registrationAllowed": false})
	for _, role := range []string{"platform-admin", "developer", "viewer"} {
		r.Admin(t, http.MethodPost, "/"+name+"/roles", map[string]any{"name": role})
	}
	r.Admin(t, http.MethodPost, "/"+name+"/users", map[string]any{
		"username": User, "email": UserEmail, "emailVerified": true, "enabled": true, "firstName": "Ada", "lastName": "Lovelace",
		"credentials": []any{map[string]any{"type": "password", "value": lab.Password, "temporary": false}},
	})
	r.serviceAccount(t)
	return r
}

// serviceAccount makes the client in realm master, with the administrator's role.
func (r *Realm) serviceAccount(t testing.TB) {
	t.Helper()
	r.Admin(t, http.MethodPost, "/master/clients", map[string]any{
		"clientId": r.Client, "secret": r.Secret, "serviceAccountsEnabled": true, "standardFlowEnabled": false, "publicClient": false,
	})
	var clients []struct{ ID string }
	r.decode(t, "/master/clients?clientId="+r.Client, &clients)
	var user struct{ ID string }
	r.decode(t, "/master/clients/"+clients[0].ID+"/service-account-user", &user)
	var role map[string]any
	r.decode(t, "/master/roles/admin", &role)
	r.Admin(t, http.MethodPost, "/master/users/"+user.ID+"/role-mappings/realm", []any{role})
}

// DeleteClient removes a client, as a realm is that was imported before Git named it.
func (r *Realm) DeleteClient(t testing.TB, id string) {
	t.Helper()
	var clients []struct{ ID string }
	r.decode(t, "/"+r.Name+"/clients?clientId="+url.QueryEscape(id), &clients)
	for _, c := range clients {
		r.Admin(t, http.MethodDelete, "/"+r.Name+"/clients/"+c.ID, nil)
	}
}

func (r *Realm) decode(t testing.TB, path string, out any) {
	t.Helper()
	if err := json.Unmarshal(r.Admin(t, http.MethodGet, path, nil), out); err != nil {
		t.Fatal(err)
	}
}

// Admin asks Keycloak's admin API as its bootstrap administrator. A conflict is what was wanted already.
func (r *Realm) Admin(t testing.TB, method, path string, body any) []byte {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, r.Keycloak.URL+"/admin/realms"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.token(t))
	request.Header.Set("Content-Type", "application/json")
	status, answer := do(t, request)
	if status >= http.StatusBadRequest && status != http.StatusConflict {
		t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	return answer
}

func (r *Realm) token(t testing.TB) string {
	t.Helper()
	form := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {r.Keycloak.User}, "password": {r.Keycloak.Password}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.Keycloak.URL+"/realms/master/protocol/openid-connect/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		Token string `json:"access_token"`
	}
	status, body := do(t, request)
	if err := json.Unmarshal(body, &answer); err != nil || answer.Token == "" {
		t.Fatalf("log in to Keycloak: %d", status)
	}
	return answer.Token
}

func do(t testing.TB, request *http.Request) (int, []byte) {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", request.URL.Path, err))
	}
	return response.StatusCode, body
}
