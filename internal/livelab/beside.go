package livelab

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"testing"
)

// Beside is another environment of the same installation. Servers are shared; the portal, its public hosts, its namespace
// and its node are its own.
func (w *World) Beside(t testing.TB, env string) *World {
	t.Helper()
	other := *w
	other.Env, other.Portal = env, nil
	other.declare(t)
	e := other.Declared.Env
	w.Gateway.Route(e.IssuerHost(), Route{To: w.Realm.Keycloak.URL})
	w.Realm.Allow(t, w.Spec.OIDC.ClientID, e.RedirectURI())
	return &other
}

// Allow adds a redirect URI to a client.
func (r *Realm) Allow(t testing.TB, client, uri string) {
	t.Helper()
	var clients []map[string]any
	r.decode(t, "/"+r.Name+"/clients?clientId="+url.QueryEscape(client), &clients)
	for _, c := range clients {
		uris, _ := c["redirectUris"].([]any)
		c["redirectUris"] = append(uris, uri)
		id, _ := c["id"].(string)
		r.Admin(t, http.MethodPut, "/"+r.Name+"/clients/"+id, c)
	}
}

// Resolve are the flags that lead to the environment's public hosts.
func (w *World) Resolve() []string {
	var flags []string
	for _, host := range []string{w.Declared.Env.Host, w.Declared.Env.IssuerHost()} {
		flags = append(flags, "--resolve", net.JoinHostPort(host, "443")+fmt.Sprintf(":127.0.0.1:%d", w.Gateway.Port))
	}
	return flags
}

// Environ is the environment in which an SRE looks.
func (w *World) Environ(kubeconfig string) []string {
	return append([]string{"SSL_CERT_FILE=" + w.Gateway.CA, "KUBECONFIG=" + kubeconfig}, w.credentials()...)
}
