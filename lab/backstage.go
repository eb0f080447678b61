package lab

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BackstageDatabase is what a test may change of backend.database.
type BackstageDatabase struct {
	Role    string            // default backstage
	Schema  string            // schema mode in this database
	Prefix  string            // of the plugins' databases
	Plugins map[string]string // plugin id to a database name of its own
}

// Backstage is a running backend.
type Backstage struct {
	*Process
	url string
}

// StartBackstage starts the backend against a server of the lab. The role must exist.
func StartBackstage(t testing.TB, s *Server, db BackstageDatabase) *Backstage {
	t.Helper()
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "app-config.json")
	text, err := json.Marshal(appConfig(port, s.Port, Issuer(t), db))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"NODE_ENV=production", "NODE_OPTIONS=--no-node-snapshot", "POSTGRES_PASSWORD=" + Password}
	return &Backstage{Node(t, env, BackstageProgram, "--config", config), fmt.Sprintf("http://127.0.0.1:%d", port)}
}

// BackstageProgram starts a backend, with the config files of its arguments, when Node runs it.
const BackstageProgram = "index.js"

// Node runs a program in the folder of Backstage's packages, with env beside the test's own environment.
func Node(t testing.TB, env []string, args ...string) *Process {
	t.Helper()
	dir := needPackages(t)
	if err := writeProgram(dir, BackstageProgram); err != nil {
		t.Fatal(err)
	}
	return start(t, dir, env, "node", args...)
}

// BackstageAt is a backend that a test started by itself with Node.
func BackstageAt(p *Process, port int) *Backstage {
	return &Backstage{p, fmt.Sprintf("http://127.0.0.1:%d", port)}
}

// URL is where the backend listens, without a trailing slash.
func (b *Backstage) URL() string { return b.url }

// Ready tells whether every plugin has started.
func (b *Backstage) Ready() bool {
	client := http.Client{Timeout: time.Second}
	r, err := client.Get(b.url + "/.backstage/health/v1/readiness")
	if err != nil {
		return false
	}
	defer r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// readyTime is how long a start may take: some seconds on an idle machine, minutes on one that has ten times as much to do
// as it can. Every question whether it is ready costs Backstage a line of its log.
const (
	readyTime = 5 * time.Minute
	readyPoll = 200 * time.Millisecond
)

// AwaitReady waits until it is ready; it fails when the process ends or readyTime passes.
func (b *Backstage) AwaitReady(t testing.TB) {
	t.Helper()
	deadline := time.After(readyTime)
	for !b.Ready() {
		select {
		case <-b.Done():
			t.Fatalf("backstage ended instead of becoming ready:\n%s", tail([]byte(b.Output())))
		case <-deadline:
			t.Fatalf("backstage is not ready after %s:\n%s", readyTime, tail([]byte(withoutRequests(b.Output()))))
		case <-time.After(readyPoll):
		}
	}
}

// withoutRequests is a log without our own questions.
func withoutRequests(log string) string {
	var out strings.Builder
	for line := range strings.Lines(log) {
		if !strings.Contains(line, `"type":"incomingRequest"`) {
			out.WriteString(line)
		}
	}
	return out.String()
}

type object = map[string]any

func appConfig(port, postgres int, issuer string, db BackstageDatabase) object {
	base := fmt.Sprintf("http://127.0.0.1:%d", port)
	return object{
		"app":          object{"title": "Lab", "baseUrl": base},
		"organization": object{"name": "Lab"},
		"backend": object{
			"baseUrl":  base,
			"listen":   object{"host": "127.0.0.1", "port": port},
			"database": databaseConfig(postgres, db),
		},
		"auth": object{"environment": "development", "providers": object{
			"guest": object{"dangerouslyAllowOutsideDevelopment": true},
			"oidc": object{"development": object{
				"metadataUrl": issuer + "/.well-known/openid-configuration", "clientId": "backstage", "clientSecret": "lab", "prompt": "auto",
				"signIn": object{"resolvers": []object{{"resolver": "emailMatchingUserEntityProfileEmail"}}},
			}},
		}},
		"techdocs":     object{"builder": "external", "generator": object{"runIn": "local"}, "publisher": object{"type": "local"}},
		"permission":   object{"enabled": true},
		"catalog":      object{"locations": []any{}},
		"integrations": object{"github": []object{{"host": "github.com", "token": "none"}}},
		"kubernetes":   object{"serviceLocatorMethod": object{"type": "multiTenant"}, "clusterLocatorMethods": []any{}},
	}
}

func databaseConfig(port int, db BackstageDatabase) object {
	if db.Role == "" {
		db.Role = "backstage"
	}
	connection := object{"host": "127.0.0.1", "port": port, "user": db.Role, "password": "${POSTGRES_PASSWORD}"}
	out := object{"client": "pg", "connection": connection}
	if db.Schema != "" {
		connection["database"] = db.Schema
		out["pluginDivisionMode"] = "schema"
	}
	if db.Prefix != "" {
		out["prefix"] = db.Prefix
	}
	plugins := object{}
	for id, name := range db.Plugins {
		plugins[id] = object{"connection": object{"database": name}}
	}
	if len(plugins) > 0 {
		out["plugin"] = plugins
	}
	return out
}

// Issuer is an OIDC issuer that has metadata and no keys: enough for Backstage to start and to send a browser to.
func Issuer(t testing.TB) string {
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	answer := func(path string, body any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(body) // the client went away
		})
	}
	answer("/certs", object{"keys": []any{}})
	answer("/.well-known/openid-configuration", object{
		"issuer": s.URL, "authorization_endpoint": s.URL + "/auth", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/certs",
		"userinfo_endpoint": s.URL + "/userinfo", "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
	return s.URL
}
