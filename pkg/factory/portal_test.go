package factory_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/verify"
)

// The generated portal against the real Backstage and PostgreSQL, configured by what the chart renders and nothing else:
// the hook migrates an empty server and ends well, the Deployment then starts although it skips migrations, and sends a
// browser to Keycloak with the environment's redirect URI.
func TestTheHookMigratesAndThePortalStarts(t *testing.T) {
	lab.Slow(t)
	for _, environment := range []string{"local", "production"} {
		t.Run(environment, func(t *testing.T) {
			server := lab.Postgres(t)
			server.Exec(t, "postgres", "CREATE ROLE backstage LOGIN CREATEDB PASSWORD '"+lab.Password+"'", "CREATE DATABASE backstage OWNER backstage")
			p := portalOf(t, environment)
			backstage := p.start(t, server, []string{"KEYCLOAK_ISSUER=" + lab.Issuer(t), "AUTH_OIDC_CLIENT_SECRET=secret"})
			if got, want := loginRedirect(t, backstage), "https://"+p.host+"/api/auth/oidc/handler/frame"; got != want {
				t.Errorf("the portal sends a browser back to %q, want %q", got, want)
			}
		})
	}
}

// start runs the hook and then the portal, with env from Secrets.
func (p portal) start(t *testing.T, server *lab.Server, env []string) *lab.Backstage {
	t.Helper()
	env = append(append(p.env, "POSTGRES_HOST=127.0.0.1", "POSTGRES_PORT="+strconv.Itoa(server.Port), "POSTGRES_USER=backstage", "POSTGRES_PASSWORD="+lab.Password), env...)
	hook := lab.Node(t, append(env, listen(p.hookPort)...), append([]string{p.script, strconv.Itoa(p.hookPort)}, p.hookArgs...)...)
	if err := hook.Wait(t); err != nil {
		t.Fatalf("the hook: %v\n%s", err, hook.Output())
	}
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	started := lab.Node(t, append(append(env, "AUTH_SESSION_SECRET=session"), listen(port)...), lab.BackstageProgram, "--config", p.config)
	backstage := lab.BackstageAt(started, port)
	backstage.AwaitReady(t)
	return backstage
}

// portal is what the chart renders for one environment, as files and arguments.
type portal struct {
	host     string
	env      []string // plain variables of the container
	config   string   // app-config of the Deployment
	script   string   // the hook's program
	hookArgs []string
	hookPort int
}

func portalOf(t *testing.T, environment string) portal {
	t.Helper()
	s := spec.Loaded{Spec: spec.Default()}
	root := platform(t)
	if err := checkout.Apply(root, compare(t, root, &s.Spec)); err != nil {
		t.Fatal(err)
	}
	tree, err := verify.Load(root.FS(), &s, verify.LoadOptions{Envs: []string{environment}, Scratch: t.TempDir(), Today: "2026-01-01"})
	if err != nil {
		t.Fatal(err)
	}
	c := tree.Envs[0].Portal()
	if c.Err != nil {
		t.Fatal(c.Err)
	}
	dir := t.TempDir()
	p := portal{host: tree.Envs[0].Host}
	if p.hookPort, err = lab.FreePort(); err != nil {
		t.Fatal(err)
	}
	release := "platform-backstage"
	p.config = written(t, dir, c.Object("ConfigMap", release+"-app-config"), "app-config.yaml")
	p.script = written(t, dir, c.Object("ConfigMap", release+"-migrations"), "migrate.js")
	hookConfig := written(t, dir, c.Object("ConfigMap", release+"-migrations"), "app-config.yaml")
	job := container(c.Object("Job", release+"-migrations"))
	p.hookArgs = hookArguments(strs(job["args"])[1:], hookConfig)
	for _, v := range list(container(c.Object("Deployment", release))["env"]) {
		if value, ok := v["value"].(string); ok && !strings.HasPrefix(fmt.Sprint(v["name"]), "POSTGRES_") && v["name"] != "KEYCLOAK_ISSUER" {
			p.env = append(p.env, fmt.Sprintf("%s=%s", v["name"], value))
		}
	}
	return p
}

// hookArguments are the Job's, for the lab's backend in the place of the image's, without the image's own config files.
func hookArguments(args []string, config string) []string {
	return []string{args[0], "3", lab.BackstageProgram, "--config", config}
}

// listen moves a backend to a free port: the variable has the highest precedence of all configuration.
func listen(port int) []string {
	return []string{"APP_CONFIG_backend_listen_port=" + strconv.Itoa(port), "APP_CONFIG_backend_listen_host=127.0.0.1"}
}

func written(t *testing.T, dir string, configMap *helmchart.Manifest, key string) string {
	t.Helper()
	if configMap == nil {
		t.Fatalf("the chart renders no ConfigMap with %s", key)
	}
	text, _ := configMap.Object["data"].(map[string]any)[key].(string)
	file := filepath.Join(dir, configMap.Name()+"-"+key)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func container(m *helmchart.Manifest) map[string]any {
	pod := m.Object["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	return list(pod["containers"])[0]
}

func list(v any) []map[string]any {
	var out []map[string]any
	for _, item := range v.([]any) {
		out = append(out, item.(map[string]any))
	}
	return out
}

func strs(v any) []string {
	var out []string
	for _, item := range v.([]any) {
		out = append(out, fmt.Sprint(item))
	}
	return out
}

// loginRedirect is the redirect URI that the portal asks Keycloak to send a browser back to.
func loginRedirect(t *testing.T, b *lab.Backstage) string {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.URL()+"/api/auth/oidc/start?env=production&scope=openid", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	location, err := url.Parse(response.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return location.Query().Get("redirect_uri")
}
