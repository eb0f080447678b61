package keycloak

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/secret"
)

// pageSize is how many clients one request lists; fewClients is up to how many clients are asked for one by one, which
// spares a big realm from being listed for one client.
const (
	pageSize   = 250
	fewClients = 4
)

// Read reads of a realm what its declaration is about. Secrets that the list leaves out are asked for one by one; a
// confidential client whose secret stays empty is an error, because the permission is missing, not the secret.
func (a *API) Read(ctx context.Context, r Realm) (State, error) {
	s := State{Clients: map[string]Current{}, Scopes: map[string]string{}, Roles: map[string]bool{}}
	if err := a.readClients(ctx, r, s); err != nil {
		return s, fmt.Errorf("read clients of realm %s: %w", r.Name, err)
	}
	if err := a.readScopes(ctx, r, s); err != nil {
		return s, fmt.Errorf("read client scopes of realm %s: %w", r.Name, err)
	}
	if err := a.readRoles(ctx, r, s); err != nil {
		return s, fmt.Errorf("read roles of realm %s: %w", r.Name, err)
	}
	return s, nil
}

func (a *API) readClients(ctx context.Context, r Realm, s State) error {
	wanted := map[string]Client{}
	for _, c := range r.Clients {
		wanted[c.ID] = c
	}
	if len(r.Clients) <= fewClients {
		for _, c := range r.Clients {
			now, found, err := a.find(ctx, r.Name, c)
			if err != nil {
				return err
			}
			if found {
				s.Clients[c.ID] = now
			}
		}
		return nil
	}
	return a.pages(ctx, path(r.Name, "clients"), func(c map[string]any) error {
		id := text(c["clientId"])
		declared, ok := wanted[id]
		if !ok {
			return nil
		}
		now, err := a.current(ctx, r.Name, declared, c)
		s.Clients[id] = now
		return err
	})
}

// pages walks a list to its end, whatever number of entries the server gives at once.
func (a *API) pages(ctx context.Context, p string, visit func(map[string]any) error) error {
	for first := 0; ; {
		var page []map[string]any
		query := url.Values{"first": {strconv.Itoa(first)}, "max": {strconv.Itoa(pageSize)}}
		if err := a.get(ctx, p, query, &page); err != nil {
			return err
		}
		for _, item := range page {
			if err := visit(item); err != nil {
				return err
			}
		}
		if first += len(page); len(page) < pageSize {
			return nil
		}
	}
}

// find looks a client up by its id, which Keycloak matches exactly.
func (a *API) find(ctx context.Context, realm string, declared Client) (Current, bool, error) {
	var list []map[string]any
	if err := a.get(ctx, path(realm, "clients"), url.Values{"clientId": {declared.ID}}, &list); err != nil {
		return Current{}, false, err
	}
	for _, c := range list {
		if text(c["clientId"]) == declared.ID {
			now, err := a.current(ctx, realm, declared, c)
			return now, err == nil, err
		}
	}
	return Current{}, false, nil
}

// current takes the secrets out of a representation, and asks for what it leaves out.
func (a *API) current(ctx context.Context, realm string, declared Client, fields map[string]any) (Current, error) {
	now := Current{UUID: text(fields["id"]), Secret: secret.New(text(fields["secret"])), Fields: withoutSecrets(fields)}
	var err error
	if now.Secret.Empty() || strings.Trim(now.Secret.Reveal(), "*") == "" {
		now.Secret = secret.Value{}
		if confidential(fields) {
			now.Secret, err = a.Secret(ctx, realm, now.UUID)
		}
	}
	if err == nil && len(declared.Roles) > 0 && declared.limited(fields) {
		now.Scoped, err = a.scoped(ctx, realm, now.UUID)
	}
	if err != nil {
		return now, fmt.Errorf("client %s: %w", declared.ID, err)
	}
	return now, nil
}

// scoped reads the realm roles that a client without full scope may put into tokens.
func (a *API) scoped(ctx context.Context, realm, uuid string) (map[string]bool, error) {
	var list []struct{ Name string }
	if err := a.get(ctx, path(realm, "clients", uuid, "scope-mappings", "realm"), nil, &list); err != nil {
		return nil, err
	}
	roles := map[string]bool{}
	for _, r := range list {
		roles[r.Name] = true
	}
	return roles, nil
}

// confidential tells whether a client authenticates with a secret that Keycloak generates.
func confidential(fields map[string]any) bool {
	switch text(fields["clientAuthenticatorType"]) {
	case "", "client-secret", "client-secret-jwt":
	default:
		return false
	}
	return text(fields["publicClient"]) != "true" && text(fields["bearerOnly"]) != "true" && text(fields["protocol"]) != "saml"
}

// withoutSecrets drops the fields that are secrets, so that no plan, error or dump can show them.
func withoutSecrets(fields map[string]any) map[string]any {
	for _, key := range []string{"secret", "registrationAccessToken"} {
		delete(fields, key)
	}
	if attributes, ok := fields["attributes"].(map[string]any); ok {
		delete(attributes, "client.secret.rotated")
	}
	return fields
}

// Secret asks for the secret of a confidential client. An empty answer is an error.
func (a *API) Secret(ctx context.Context, realm, uuid string) (secret.Value, error) {
	p := path(realm, "clients", uuid, "client-secret")
	var answer struct {
		Value string `json:"value"`
	}
	if err := a.get(ctx, p, nil, &answer); err != nil {
		return secret.Value{}, err
	}
	if strings.Trim(answer.Value, "*") == "" {
		return secret.Value{}, &Error{Method: http.MethodGet, Path: p, Status: http.StatusForbidden, Reason: "the answer holds no secret"}
	}
	return secret.New(answer.Value), nil
}

func (a *API) readScopes(ctx context.Context, r Realm, s State) error {
	var list []struct{ ID, Name string }
	if err := a.get(ctx, path(r.Name, "client-scopes"), nil, &list); err != nil {
		return err
	}
	for _, scope := range list {
		s.Scopes[scope.Name] = scope.ID
	}
	return nil
}

// readRoles lists the realm's roles, or asks nothing when none are declared.
func (a *API) readRoles(ctx context.Context, r Realm, s State) error {
	if len(r.Roles) == 0 {
		return nil
	}
	return a.pages(ctx, path(r.Name, "roles"), func(role map[string]any) error {
		s.Roles[text(role["name"])] = true
		return nil
	})
}
