package live

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/vault"
)

// chain reads where secrets are used: Keycloak, Vault and the database. It returns what puts them into a snapshot.
func (r *reader) chain(ctx context.Context) func(*Snapshot) {
	client := begin(ctx, r.clientSecret)
	entry := begin(ctx, r.vaultEntry)
	database := begin(ctx, r.database)
	return func(s *Snapshot) {
		s.Keycloak, s.Vault, s.Database = client.wait(ctx), entry.wait(ctx), database.wait(ctx)
	}
}

// secret reads a Secret. Values are kept in a type that nobody can print.
func (r *reader) secret(ctx context.Context, n string) (Secret, error) {
	o, err := r.Cluster.Get(ctx, secrets(), r.ns, n)
	if err != nil {
		return Secret{}, err
	}
	s := Secret{Type: text(o, "type"), Values: map[string]secret.Value{}, Changed: lastWritten(o)}
	plain := map[string]string{}
	for key := range child(o, "data") {
		value, err := base64.StdEncoding.DecodeString(text(o, "data", key))
		if err != nil {
			return Secret{}, fmt.Errorf("Secret/%s: key %s is not base64", n, key)
		}
		s.Values[key], plain[key] = secret.New(string(value)), string(value)
	}
	s.Hashes = reloaderHashes(plain)
	return s, nil
}

// lastWritten is when the last of those who own a value of a Secret wrote to it.
func lastWritten(o Object) time.Time {
	last := moment(o, "metadata", "creationTimestamp")
	for _, m := range children(o, "metadata", "managedFields") {
		if t := moment(m, "time"); child(m, "fieldsV1", "f:data") != nil && t.After(last) {
			last = t
		}
	}
	return last
}

// clientSecret is the secret of the portal's client in Keycloak.
func (r *reader) clientSecret(ctx context.Context) (secret.Value, error) {
	if _, ok := r.declared.OIDC(); !ok {
		return secret.Value{}, NotAsked("the environment signs people in without Keycloak")
	}
	config := r.Means.Keycloak
	if config.ClientSecret.Empty() && config.Password.Empty() {
		pair, err := r.keycloakAdmin(ctx)
		if err != nil {
			return secret.Value{}, err
		}
		config.ClientID, config.ClientSecret = pair.ClientID, pair.ClientSecret
	}
	config.URL = r.keycloakBase()
	oidc := r.declared.Spec.OIDC
	realm := keycloak.Realm{Name: oidc.Realm, Clients: []keycloak.Client{{ID: oidc.ClientID, ReadOnly: true}}}
	state, err := r.keycloak(config).Read(ctx, realm)
	if err != nil && r.declared.KeycloakURL != "" && notReached(err) {
		config.URL = r.declared.KeycloakURL
		state, err = r.inside(config).Read(ctx, realm)
	}
	if err != nil {
		return secret.Value{}, err
	}
	now, ok := state.Clients[oidc.ClientID]
	if !ok {
		return secret.Value{}, ErrMissing
	}
	return now.Secret, nil
}

// notReached tells a Keycloak that did not answer from one that refused.
func notReached(err error) bool {
	var e *keycloak.Error
	return !errors.As(err, &e) || e.Status == 0 || e.Status == http.StatusNotFound || e.Status >= http.StatusInternalServerError
}

// inside is a session with the Keycloak of the namespace.
func (r *reader) inside(c keycloak.Config) *keycloak.API {
	c.Timeout, c.Transport, c.Sleep, c.Note = answerTime, r.serviceTransport(), pause, func(string) {}
	return keycloak.New(c)
}

// keycloakAdmin is the service account that the client patcher uses, read with the user's own rights.
func (r *reader) keycloakAdmin(ctx context.Context) (keycloak.Config, error) {
	pair := r.declared.KeycloakAdmin
	if pair == nil {
		return keycloak.Config{}, NotAsked("set KEYCLOAK_CLIENT_ID and KEYCLOAK_CLIENT_SECRET to compare with Keycloak")
	}
	s, err := r.secret(ctx, pair.Secret)
	if errors.Is(err, ErrMissing) {
		return keycloak.Config{}, fmt.Errorf("Secret/%s, with which Keycloak is asked, does not exist: set KEYCLOAK_CLIENT_ID and KEYCLOAK_CLIENT_SECRET", pair.Secret)
	}
	return keycloak.Config{ClientID: s.Values[pair.ID].Reveal(), ClientSecret: s.Values[pair.Key]}, err
}

// vaultEntry is the client secret in Vault.
func (r *reader) vaultEntry(ctx context.Context) (secret.Value, error) {
	if _, ok := r.declared.OIDC(); !ok {
		return secret.Value{}, NotAsked("the environment signs people in without Keycloak")
	}
	if r.VaultToken.Empty() {
		return secret.Value{}, NotAsked("set VAULT_TOKEN to compare with Vault")
	}
	if err := r.reachable(ctx, r.declared.Env.VaultAddress); err != nil {
		return secret.Value{}, err
	}
	kv, err := vault.Open(ctx, vault.Config{
		Address: r.declared.Env.VaultAddress, Token: r.VaultToken, Timeout: answerTime, Pause: vaultPause, Transport: r.serviceTransport(),
	})
	if err != nil {
		return secret.Value{}, err
	}
	at := r.declared.Spec.OIDC.Vault
	entry, err := kv.Read(ctx, vault.Ref{Mount: at.Mount, Key: at.Key, Field: at.Field})
	if err == nil && entry.Version == 0 {
		return secret.Value{}, ErrMissing
	}
	return entry.Value, err
}

// vaultPause is between two tries of a request to Vault.
const vaultPause = 200 * time.Millisecond

// reachable is why a Service cannot be reached, in the words of the Kubernetes API: the clients of other servers would
// try again and again, and bury them.
func (r *reader) reachable(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	service, namespace, ok := serviceName(u.Hostname(), r.ns)
	if !ok || r.InCluster {
		return nil
	}
	_, _, err = r.behind(ctx, service, namespace, u.Port())
	return err
}

// serviceTransport speaks HTTP to Services of the cluster, by the names that Pods use, and to everybody else directly.
func (r *reader) serviceTransport() http.RoundTripper {
	return &http.Transport{DialContext: r.dialService}
}

// dialService connects to host:port as a Pod of the namespace would: a Service is reached through a port-forward to one
// of its Pods. Only names of the cluster are, so that no password goes to a stranger of the same name.
func (r *reader) dialService(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	service, namespace, ok := serviceName(host, r.ns)
	if !ok || r.InCluster {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	pod, number, err := r.behind(ctx, service, namespace, port)
	if err != nil {
		return nil, err
	}
	conn, err := r.Cluster.Dial(ctx, namespace, pod, number)
	if err != nil {
		return nil, fmt.Errorf("port-forward to Service %s: %w", service, err)
	}
	return conn, nil
}

// serviceName splits a name as Pods resolve it: service, service.namespace, service.namespace.svc[.domain]. Anything with
// another form is no Service.
func serviceName(host, here string) (service, namespace string, ok bool) {
	if net.ParseIP(host) != nil || host == "localhost" {
		return "", "", false
	}
	parts := strings.Split(host, ".")
	switch {
	case len(parts) == 1:
		return parts[0], here, true
	case len(parts) == 2, len(parts) > 2 && parts[2] == "svc":
		return parts[0], parts[1], true
	}
	return "", "", false
}

// behind is a Pod that is ready behind a Service, and its port, from the namespace's EndpointSlices.
func (r *reader) behind(ctx context.Context, service, namespace, port string) (string, int, error) {
	var slices []Object
	var err error
	if namespace == r.ns {
		slices, err = r.slices.value(ctx, "EndpointSlices")
	} else {
		slices, err = r.Cluster.List(ctx, Query{Resource: endpointSlices(), Namespace: namespace, Labels: "kubernetes.io/service-name=" + service})
	}
	if err != nil {
		return "", 0, err
	}
	for _, slice := range slices {
		if text(slice, "metadata", "labels", "kubernetes.io/service-name") != service {
			continue
		}
		number := slicePort(slice, port)
		for _, e := range children(slice, "endpoints") {
			if number != 0 && text(e, "conditions", "ready") != "false" && text(e, "targetRef", "kind") == "Pod" {
				return text(e, "targetRef", "name"), number, nil
			}
		}
	}
	return "", 0, fmt.Errorf("Service %s of namespace %s has no ready Pod behind port %s", service, namespace, port)
}

// slicePort is the Pods' port: the only one of a slice, or the one of the same number.
func slicePort(slice Object, port string) int {
	ports := children(slice, "ports")
	if len(ports) == 1 {
		return number(ports[0], "port")
	}
	for _, p := range ports {
		if text(p, "port") == port {
			n, _ := strconv.Atoi(port)
			return n
		}
	}
	return 0
}

// pause waits between two tries.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// dsn is a database's address with a password, for the library that parses it.
func dsn(user, password secret.Value, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(user.Reveal(), password.Reveal()), Host: "localhost", Path: "/" + database}
	return u.String()
}
