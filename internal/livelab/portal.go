package livelab

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ameideio/ameide/lab"
)

// hook lets Node reach a public host of the gateway without DNS: TLS connections to port 443 of the host go to loopback.
const hook = `const tls = require('tls');
const connect = tls.connect;
tls.connect = function (options, ...rest) {
  if (options && options.host === %[1]q) options = { ...options, host: '127.0.0.1', port: %[2]d, servername: %[1]q };
  return connect.call(this, options, ...rest);
};
`

// page stands in for the frontend, whose bundle is a build of its own: something at /.
const page = `const http = require('http');
const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (event, request, response) {
  if (event === 'request' && request.url === '/') {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>Backstage</title>');
    return true;
  }
  return emit.apply(this, arguments);
};
`

// Portal says how a real Backstage is started.
type Portal struct {
	AppConfig    string // that Git declares
	Issuer       string
	IssuerHost   string
	Gateway      *Gateway
	ClientSecret string
	Postgres     int
	Role         string // of the database; its password is the lab's
	Metrics      int    // port that the OpenTelemetry SDK serves metrics on
	Collector    string // URL that it sends traces to
}

// start starts Backstage with the declared app-config, and over it what only the lab needs: an address, the catalog's
// user, and migrations at the start, since no hook runs here.
func (p Portal) start(t testing.TB, port int) *lab.Process {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	users := write("users.yaml", "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: ada}\nspec: {profile: {email: "+UserEmail+"}, memberOf: []}\n")
	over, err := json.Marshal(map[string]any{
		"backend":    map[string]any{"listen": map[string]any{"host": "127.0.0.1", "port": port}, "database": map[string]any{"skipMigrations": false}},
		"catalog":    map[string]any{"locations": []any{map[string]any{"type": "file", "target": users, "rules": []any{map[string]any{"allow": []string{"User"}}}}}},
		"kubernetes": map[string]any{"serviceLocatorMethod": map[string]any{"type": "multiTenant"}, "clusterLocatorMethods": []any{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	preload := write("hook.js", strings.TrimSpace(fmt.Sprintf(hook, p.IssuerHost, p.Gateway.Port))+"\n"+page)
	env := []string{
		"NODE_ENV=production", "NODE_OPTIONS=--no-node-snapshot --require " + preload + " --require " + lab.TelemetryPreload(t), "NODE_EXTRA_CA_CERTS=" + p.Gateway.CA, "LOG_LEVEL=info",
		"POSTGRES_HOST=127.0.0.1", fmt.Sprintf("POSTGRES_PORT=%d", p.Postgres), "POSTGRES_USER=" + p.Role, "POSTGRES_PASSWORD=" + lab.Password,
		"KEYCLOAK_ISSUER=" + p.Issuer, "AUTH_OIDC_CLIENT_SECRET=" + p.ClientSecret, "AUTH_SESSION_SECRET=c0ffee5e551055ec2e7",
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + p.Collector, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_LOGS_EXPORTER=none",
		"OTEL_METRICS_EXPORTER=prometheus", "OTEL_EXPORTER_PROMETHEUS_HOST=127.0.0.1", fmt.Sprintf("OTEL_EXPORTER_PROMETHEUS_PORT=%d", p.Metrics),
		"OTEL_NODE_ENABLED_INSTRUMENTATIONS=http,winston", "OTEL_NODE_RESOURCE_DETECTORS=none",
	}
	return lab.Node(t, env, lab.BackstageProgram, "--config", write("app-config.yaml", p.AppConfig), "--config", write("lab.json", string(over)))
}
