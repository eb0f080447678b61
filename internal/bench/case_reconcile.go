package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	keycloak "github.com/ameideio/ameide/lab"
)

// mostRequests is what a run over 1,000 clients of one realm that changes nothing may ask of Keycloak.
const mostRequests = 25

// requestsPerRealm is what a realm of ten clients costs: its clients and its scopes. The login comes on top.
const requestsPerRealm = 2

// unchangedClientsCase is a run over 1,000 clients in one realm that has nothing to do, each with its secret in Vault,
// beside keycloak-config-cli on a realm that was made alike, which reads no Vault. It cannot be the same one: each of the
// two would find what the other wrote.
func unchangedClientsCase(l *lab) benchCase {
	return benchCase{name: "reconcile, 1,000 clients unchanged", goal: goal{millis: 5000, rssMB: 100, ratio: 1}, prepare: func(ctx context.Context) ([]side, error) {
		s, err := l.systems(ctx)
		if err != nil {
			return nil, err
		}
		run, err := s.reconciled(ctx, "thousand", []int{1000})
		if err != nil {
			return nil, err
		}
		sides := []side{{name: "ameide reconcile", commands: []command{run}, after: atMost(run.out, mostRequests)}}
		if l.configCLI != "" {
			if _, err := s.reconciled(ctx, "peer", []int{1000}); err != nil {
				return nil, err
			}
			peer, err := s.configCLI(l, "peer-0", 1000)
			if err != nil {
				return nil, err
			}
			sides = append(sides, peer)
		}
		return sides, nil
	}}
}

// manyRealmsCase shows how the cost grows with realms of ten clients each.
func manyRealmsCase(count int) newCase {
	return func(l *lab) benchCase {
		return benchCase{name: fmt.Sprintf("reconcile, %d realms of 10 clients unchanged", count), goal: goal{rssMB: 100}, prepare: func(ctx context.Context) ([]side, error) {
			s, err := l.systems(ctx)
			if err != nil {
				return nil, err
			}
			run, err := s.reconciled(ctx, fmt.Sprintf("many%d", count), slices.Repeat([]int{10}, count))
			return []side{{name: "ameide reconcile", commands: []command{run}, after: atMost(run.out, requestsPerRealm*count+1)}}, err
		}}
	}
}

// firstClientCase is one client from nothing to its secret in Vault, proof included.
func firstClientCase(l *lab) benchCase {
	return benchCase{name: "reconcile, one client made", goal: goal{millis: 500}, prepare: func(ctx context.Context) ([]side, error) {
		s, err := l.systems(ctx)
		if err != nil {
			return nil, err
		}
		run, err := s.declare(ctx, "first", []int{1})
		if err != nil {
			return nil, err
		}
		run.args = append(run.args, "--client", "client-0")
		forget := func() error { return s.forget(ctx, "first-0", "client-0") }
		return []side{{name: "ameide reconcile", before: forget, commands: []command{run}}}, nil
	}}
}

// reconcileSystems are a real Keycloak and a real Vault.
type reconcileSystems struct {
	ameide, work string
	keycloak     *keycloak.KeycloakServer
	vault        *keycloak.VaultServer
}

// systems starts both servers once; they live until the lab is closed.
func (l *lab) systems(ctx context.Context) (*reconcileSystems, error) {
	if l.reconcile != nil {
		return l.reconcile, nil
	}
	k, err := keycloak.StartKeycloak(ctx, keycloak.KeycloakCurrent)
	if err != nil {
		return nil, fmt.Errorf("%w (make lab)", err)
	}
	l.closers = append(l.closers, k.Close)
	v, err := keycloak.StartVault(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w (make lab)", err)
	}
	l.closers = append(l.closers, v.Close)
	l.reconcile = &reconcileSystems{ameide: l.ameide, work: l.work, keycloak: k, vault: v}
	return l.reconcile, nil
}

// object is a JSON object.
type object = map[string]any

// benchClient is a client as the platform declares them.
func benchClient(id string) object {
	return object{
		"name": "Bench " + id, "protocol": "openid-connect", "publicClient": false, "standardFlowEnabled": true, "implicitFlowEnabled": false,
		"directAccessGrantsEnabled": false, "redirectUris": []string{"https://" + id + ".example/cb"}, "webOrigins": []string{"https://" + id + ".example"},
		"defaultClientScopes": []string{"profile", "email", "roles"},
	}
}

// declare makes realms, one for each size, and the values that declare so many clients in each. It returns the run over
// all of them.
func (s *reconcileSystems) declare(ctx context.Context, name string, sizes []int) (command, error) {
	var clients, extractions []object
	for i, size := range sizes {
		realm := fmt.Sprintf("%s-%d", name, i)
		if _, err := s.keycloak.Do(ctx, http.MethodPost, "", object{"realm": realm, "enabled": true}); err != nil {
			return command{}, err
		}
		for j := range size {
			id := fmt.Sprintf("client-%d", j)
			clients = append(clients, object{"clientId": id, "realm": realm, "spec": benchClient(id)})
			if len(sizes) == 1 {
				extractions = append(extractions, object{"clientId": id, "vaultKey": realm + "/" + id})
			}
		}
	}
	dir := filepath.Join(s.work, "reconcile-"+name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return command{}, err
	}
	values := object{"realm": object{"name": name + "-0"}, "clientPatcher": object{
		"clientReconciliation": object{"clients": clients}, "secretExtraction": object{"clients": extractions}, "vault": object{"kvPath": "secret"},
	}}
	text, err := json.Marshal(values)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "values.yaml"), text, 0o600) // JSON is YAML
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "ameide.yaml"), []byte("version: 1\noidc: {realm: "+name+"-0, clientID: client-0, vault: {key: "+name+"-0/client-0}, roles: []}\n"), 0o600)
	}
	return command{out: filepath.Join(dir, "out.json"), args: []string{
		"env", "KEYCLOAK_ADMIN_USER=" + s.keycloak.User, "KEYCLOAK_ADMIN_PASSWORD=" + s.keycloak.Password, "VAULT_TOKEN=" + s.vault.Token,
		s.ameide, "platform", "backstage", "reconcile", "--gitops-root", dir, "--values", filepath.Join(dir, "values.yaml"), "--env", "dev", "--json",
		"--keycloak-url", s.keycloak.URL, "--vault-address", s.vault.URL,
	}}, err
}

// reconciled is declare with everything made already.
func (s *reconcileSystems) reconciled(ctx context.Context, name string, sizes []int) (command, error) {
	run, err := s.declare(ctx, name, sizes)
	if err == nil {
		_, err = run.run(ctx)
	}
	if err == nil {
		_, err = run.run(ctx) // its answer is the first to be counted
	}
	return run, err
}

// atMost judges how many requests the last run asked of Keycloak, and that it changed nothing.
func atMost(file string, most int) func() (string, bool, error) {
	return func() (string, bool, error) {
		var report struct {
			Clients []struct {
				Status string `json:"status"`
			} `json:"clients"`
			Requests struct{ Keycloak, Vault int } `json:"requests"`
		}
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &report)
		}
		if err != nil {
			return "", false, err
		}
		for _, c := range report.Clients {
			if c.Status != "unchanged" {
				return "", false, fmt.Errorf("a client is %s in a run that changes nothing", c.Status)
			}
		}
		verdict := fmt.Sprintf("%d requests to Keycloak, at most %d", report.Requests.Keycloak, most)
		if report.Requests.Keycloak > most {
			return verdict + " MISSED", true, nil
		}
		return verdict, false, nil
	}
}

// forget removes a client and its entry in Vault.
func (s *reconcileSystems) forget(ctx context.Context, realm, id string) error {
	found, err := s.keycloak.Do(ctx, http.MethodGet, realm+"/clients?clientId="+id, nil)
	list, _ := found.([]any)
	if err != nil || len(list) == 0 {
		return err
	}
	client, _ := list[0].(object)
	if _, err = s.keycloak.Do(ctx, http.MethodDelete, fmt.Sprintf("%s/clients/%v", realm, client["id"]), nil); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, s.vault.URL+"/v1/secret/metadata/"+realm+"/"+id, nil)
	if err != nil {
		return err
	}
	request.Header.Set("X-Vault-Token", s.vault.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// configCLI compares the same clients with a realm. Its cache is off: it would compare only the file with itself.
func (s *reconcileSystems) configCLI(l *lab, realm string, count int) (side, error) {
	var clients []object
	for i := range count {
		id := fmt.Sprintf("client-%d", i)
		c := benchClient(id)
		c["clientId"] = id
		clients = append(clients, c)
	}
	text, err := json.Marshal(object{"realm": realm, "enabled": true, "clients": clients})
	file := filepath.Join(s.work, "config-cli.json")
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	return side{name: "keycloak-config-cli", commands: []command{{args: []string{
		"env", "KEYCLOAK_PASSWORD=" + s.keycloak.Password, l.java, "-jar", l.configCLI, "--keycloak.url=" + s.keycloak.URL, "--keycloak.user=" + s.keycloak.User,
		"--import.files.locations=" + file, "--import.cache.enabled=false", "--import.remote-state.enabled=false", "--import.validate=true",
	}}}}, err
}
