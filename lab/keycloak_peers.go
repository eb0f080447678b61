package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// keycloakClient is Keycloak's own client of the admin API for JavaScript.
func keycloakClient() npmPackage { return npmPackage{"@keycloak/keycloak-admin-client", "26.7.4"} }

// readClient prints a client, its roles in scope and its secret, asked for with the JavaScript client.
const readClient = `
import KcAdminClient from '@keycloak/keycloak-admin-client';
const [baseUrl, username, realm, clientId] = process.argv.slice(2);
const admin = new KcAdminClient({ baseUrl, realmName: 'master' });
await admin.auth({ username, password: process.env.PASSWORD, grantType: 'password', clientId: 'admin-cli' });
admin.setConfig({ realmName: realm });
const [client] = await admin.clients.find({ clientId });
const secret = await admin.clients.getClientSecret({ id: client.id });
const scopes = await admin.clients.listDefaultClientScopes({ id: client.id });
console.log(JSON.stringify({ ...client, secret: secret.value, defaultClientScopes: scopes.map(s => s.name) }));
`

// ClientAsSeenByJavaScript is a client as Keycloak's JavaScript client reads it, its secret and scopes by their own requests.
func (s *KeycloakServer) ClientAsSeenByJavaScript(t testing.TB, realm, id string) map[string]any {
	t.Helper()
	c := keycloakClient().program(t, readClient, s.URL, s.User, realm, id)
	c.Env = append(os.Environ(), "PASSWORD="+s.Password)
	return decoded(t, c)
}

// ClientAsSeenByKcadm is a client as Keycloak's command line reads it.
func (s *KeycloakServer) ClientAsSeenByKcadm(t testing.TB, realm, id string) map[string]any {
	t.Helper()
	program, config := filepath.Join(s.dir, "kc", "bin", "kcadm.sh"), filepath.Join(t.TempDir(), "kcadm.config")
	login := exec.CommandContext(t.Context(), program, "config", "credentials", "--config", config, "--server", s.URL, "--realm", "master", "--user", s.User)
	login.Env = append(os.Environ(), "KC_CLI_PASSWORD="+s.Password)
	if out, err := login.CombinedOutput(); err != nil {
		t.Fatalf("kcadm: %v: %s", err, tail(out))
	}
	list := exec.CommandContext(t.Context(), program, "get", "clients", "--config", config, "-r", realm, "-q", "clientId="+id)
	out, err := list.Output()
	var clients []map[string]any
	if err == nil {
		err = json.Unmarshal(out, &clients)
	}
	if err != nil || len(clients) != 1 {
		t.Fatalf("kcadm: %v: %d clients", err, len(clients))
	}
	return clients[0]
}

// KVGet is an entry as Vault's own command reads it: its data, and its version.
func (s *VaultServer) KVGet(t testing.TB, mount, key string) (data map[string]any, version string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), s.Bin, "kv", "get", "-format=json", "-mount="+mount, key)
	c.Env = append(os.Environ(), "VAULT_ADDR="+s.URL, "VAULT_TOKEN="+s.Token, "HOME="+s.dir)
	answer, _ := decoded(t, c)["data"].(map[string]any)
	data, _ = answer["data"].(map[string]any)
	metadata, _ := answer["metadata"].(map[string]any)
	return data, fmt.Sprint(metadata["version"])
}

// decoded is the JSON object that a program prints.
func decoded(t testing.TB, c *exec.Cmd) map[string]any {
	t.Helper()
	out, err := c.Output()
	var object map[string]any
	if err == nil {
		err = json.Unmarshal(out, &object)
	}
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(c.Path), err)
	}
	return object
}
