package reconcile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/vault"
)

// valueField is the one field of the platform's Vault entries.
const valueField = "value"

// loader collects what is declared, and the problems of it.
type loader struct {
	spec    *spec.Loaded
	env     spec.Environment
	values  *helmchart.Values
	desired Desired
	errs    []error
}

func (l *loader) realmName() string {
	if name := textAt(l.values, "realm", "name"); name != "" {
		return name
	}
	return l.spec.OIDC.Realm
}

// clients takes over the list of clients. One id twice in a realm is an error: which one counts nobody could tell.
func (l *loader) clients() {
	for i, entry := range l.list("clientPatcher", "clientReconciliation") {
		id, realm := str(entry["clientId"]), str(entry["realm"])
		if realm == "" {
			realm = l.realmName()
		}
		path := []string{"clientPatcher", "clientReconciliation", "clients", strconv.Itoa(i)}
		if id == "" {
			l.fail(path, "the entry has no clientId")
			continue
		}
		fields, _ := entry["spec"].(map[string]any)
		if realm == l.spec.OIDC.Realm && id == l.spec.OIDC.ClientID {
			fields = over(l.portalFields(), fields)
		}
		client, err := keycloak.ParseClient(id, fields)
		if err != nil {
			l.fail(append(path, "spec"), "%v", err)
		}
		if l.has(realm, id) {
			l.fail(path, "client %s of realm %s is declared twice", id, realm)
			continue
		}
		l.add(realm, client)
	}
}

// portal adds the portal's client if the list lacks it, its roles and where its secret belongs.
func (l *loader) portal() {
	oidc := l.spec.OIDC
	if !l.has(oidc.Realm, oidc.ClientID) {
		client, err := keycloak.ParseClient(oidc.ClientID, l.portalFields())
		if err != nil {
			l.errs = append(l.errs, err)
		}
		l.add(oidc.Realm, client)
	}
	l.desired.Secrets[ClientKey{oidc.Realm, oidc.ClientID}] = vault.Ref{Mount: oidc.Vault.Mount, Key: oidc.Vault.Key, Field: oidc.Vault.Field}
	if len(oidc.Roles) == 0 {
		return
	}
	realm := l.realm(oidc.Realm)
	for _, r := range oidc.Roles {
		if !slices.Contains(realm.Roles, r.Keycloak) {
			realm.Roles = append(realm.Roles, r.Keycloak)
		}
	}
	roles := slices.Clone(realm.Roles)
	client := &realm.Clients[slices.IndexFunc(realm.Clients, func(c keycloak.Client) bool { return c.ID == oidc.ClientID })]
	client.Mappers, client.Roles = append(client.Mappers, keycloak.RoleMapper()), roles
}

// portalFields is the portal's client as the spec has it.
func (l *loader) portalFields() map[string]any {
	scopes := []any{}
	for _, s := range l.spec.OIDC.Scopes {
		scopes = append(scopes, s)
	}
	return map[string]any{
		"name": l.spec.OIDC.Name, "description": l.spec.OIDC.Description, "enabled": true,
		"protocol": "openid-connect", "publicClient": false, "standardFlowEnabled": true, "implicitFlowEnabled": false,
		"directAccessGrantsEnabled": false, "serviceAccountsEnabled": false,
		"redirectUris": []any{l.env.RedirectURI()}, "webOrigins": []any{l.env.BaseURL()}, "defaultClientScopes": scopes,
	}
}

// extractions takes over where secrets belong. A client that only stands here is read, never changed.
func (l *loader) extractions(list, realm string) {
	for i, entry := range l.list("clientPatcher", "secretExtraction", list) {
		id, key := str(entry["clientId"]), str(entry["vaultKey"])
		path := []string{"clientPatcher", "secretExtraction", list, strconv.Itoa(i)}
		if id == "" || key == "" {
			l.fail(path, "the entry needs clientId and vaultKey")
			continue
		}
		ref := vault.Ref{Mount: textAt(l.values, "clientPatcher", "vault", "kvPath"), Key: key, Field: valueField}
		at := ClientKey{realm, id}
		if old, known := l.desired.Secrets[at]; known && (old.Mount != ref.Mount || old.Key != ref.Key) {
			l.fail(path, "the secret of client %s belongs to %s and to %s", id, old.Path(), ref.Path())
			continue
		} else if known {
			continue
		}
		for other, taken := range l.desired.Secrets {
			if taken == ref {
				l.fail(path, "clients %s and %s would share %s", other.Client, id, ref.Path())
			}
		}
		l.desired.Secrets[at] = ref
		if !l.has(realm, id) {
			l.add(realm, keycloak.Client{ID: id, ReadOnly: true})
		}
	}
}

// list is a list of mappings in the values; empty when its part is switched off.
func (l *loader) list(path ...string) []map[string]any {
	if textAt(l.values, path[0], path[1], "enabled") == "false" {
		return nil
	}
	if len(path) == 2 {
		path = append(path, "clients")
	}
	v, _, _ := l.values.Lookup(path...)
	items, _ := v.([]any)
	out := make([]map[string]any, len(items))
	for i, item := range items {
		out[i], _ = item.(map[string]any)
	}
	return out
}

func (l *loader) fail(path []string, format string, args ...any) {
	pos := l.values.Origin(path...)
	l.errs = append(l.errs, fmt.Errorf("%s:%d: %s: %s", pos.File, pos.Line, strings.Join(path, "."), fmt.Sprintf(format, args...)))
}

func (l *loader) realm(name string) *keycloak.Realm {
	i := slices.IndexFunc(l.desired.Realms, func(r keycloak.Realm) bool { return r.Name == name })
	if i < 0 {
		l.desired.Realms = append(l.desired.Realms, keycloak.Realm{Name: name})
		i = len(l.desired.Realms) - 1
	}
	return &l.desired.Realms[i]
}

func (l *loader) add(realm string, c keycloak.Client) {
	r := l.realm(realm)
	r.Clients = append(r.Clients, c)
}

func (l *loader) has(realm, id string) bool {
	return slices.ContainsFunc(l.realm(realm).Clients, func(c keycloak.Client) bool { return c.ID == id })
}

// over is a mapping with another one's values over its own.
func over(base, top map[string]any) map[string]any {
	for key, v := range top {
		base[key] = v
	}
	return base
}

func textAt(v *helmchart.Values, path ...string) string {
	value, _, _ := v.Lookup(path...)
	return str(value)
}

func str(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
