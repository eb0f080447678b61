package live

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ameideio/ameide/pkg/dig"
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
	s := Secret{Type: dig.Text(o, "type"), Values: map[string]secret.Value{}, Changed: lastWritten(o)}
	plain := map[string]string{}
	for key := range dig.Map(o, "data") {
		value, err := base64.StdEncoding.DecodeString(dig.Text(o, "data", key))
		if err != nil {
			return Secret{}, fmt.Errorf("key %s of Secret %s is not base64", key, n)
		}
		s.Values[key], plain[key] = secret.New(string(value)), string(value)
	}
	s.Hashes = reloaderHashes(plain)
	return s, nil
}

// lastWritten is when the last of those who own a value of a Secret wrote to it.
func lastWritten(o Object) time.Time {
	last := moment(o, "metadata", "creationTimestamp")
	for _, m := range dig.Maps(o, "metadata", "managedFields") {
		if t := moment(m, "time"); dig.Map(m, "fieldsV1", "f:data") != nil && t.After(last) {
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
		return keycloak.Config{}, fmt.Errorf("the Secret %s, with which Keycloak is asked, does not exist: set KEYCLOAK_CLIENT_ID and KEYCLOAK_CLIENT_SECRET", pair.Secret)
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
