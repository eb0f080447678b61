package keycloak

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// ErrNotOurs is a client that somebody else made while we planned to make it.
var ErrNotOurs = errors.New("the client appeared meanwhile and carries no mark of ours")

// ErrIgnored is a change that Keycloak accepted and did not carry out.
var ErrIgnored = errors.New("Keycloak accepted the change and did not make it") //nolint:staticcheck // a product's name

// applyRounds bounds how often a client is changed: Keycloak answers some changes with changes of its own, a new protocol
// with the realm's default scopes.
const applyRounds = 4

// ApplyRealm makes the scopes and roles of a plan.
func (a *API) ApplyRealm(ctx context.Context, p Plan) error {
	for _, c := range p.Of("") {
		var err error
		switch c.Op {
		case OpCreateScope:
			err = a.createScope(ctx, p, c.Field)
		case OpCreateRole:
			err = a.post(ctx, path(p.Realm.Name, "roles"), map[string]any{"name": c.Field})
		}
		if err != nil {
			return fmt.Errorf("%s %s in realm %s: %w", c.Op, c.Field, p.Realm.Name, err)
		}
	}
	return nil
}

// createScope makes a scope and learns its id, also when another run was faster.
func (a *API) createScope(ctx context.Context, p Plan, name string) error {
	body := map[string]any{
		"name": name, "protocol": "openid-connect", mappersField: bodies(scopeMappers(name)),
		"attributes": map[string]string{"include.in.token.scope": "true"},
	}
	if err := a.post(ctx, path(p.Realm.Name, "client-scopes"), body); err != nil {
		return err
	}
	if err := a.readScopes(ctx, p.Realm, p.State); err != nil {
		return err
	}
	if p.State.Scopes[name] == "" {
		return ErrIgnored
	}
	return nil
}

// post creates something that has a name. A conflict means that it exists by now; an answer that was lost is asked for
// again, and then is a conflict at worst.
func (a *API) post(ctx context.Context, p string, body any) error {
	c := call{method: http.MethodPost, path: p, body: body}
	err := a.do(ctx, c, nil)
	if maybeDone(err) && ctx.Err() == nil {
		err = a.do(ctx, c, nil)
	}
	if hasStatus(err, http.StatusConflict) {
		return nil
	}
	return err
}

// maybeDone tells an error after which the server may have done what was asked.
func maybeDone(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Status == 0 || e.Status >= http.StatusInternalServerError)
}

// ApplyClient makes one declared client true and returns it as it is then.
func (a *API) ApplyClient(ctx context.Context, p Plan, c Client, adopt bool) (Current, error) {
	now, err := a.applyClient(ctx, p, c, adopt)
	if err != nil {
		return now, fmt.Errorf("client %s in realm %s: %w", c.ID, p.Realm.Name, err)
	}
	return now, nil
}

func (a *API) applyClient(ctx context.Context, p Plan, c Client, adopt bool) (Current, error) {
	if _, exists := p.State.Clients[c.ID]; !exists {
		if err := a.create(ctx, p, c); err != nil {
			return Current{}, err
		}
	}
	var made []Change
	for range applyRounds {
		now, todo, err := a.differences(ctx, p, c, adopt)
		if err != nil || len(todo) == 0 {
			return now, err
		}
		if ignored := slices.IndexFunc(todo, func(t Change) bool { return slices.Contains(made, t) }); ignored >= 0 {
			t := todo[ignored]
			return now, fmt.Errorf("%w: %s is %q instead of %q", ErrIgnored, t.Field, t.From, t.To)
		}
		if err := a.change(ctx, p, now, todo, c); err != nil {
			return now, err
		}
		made = todo
	}
	return Current{}, fmt.Errorf("%w: it answers every change with another one", ErrIgnored)
}

// differences reads one client again and compares it.
func (a *API) differences(ctx context.Context, p Plan, c Client, adopt bool) (Current, []Change, error) {
	now, found, err := a.find(ctx, p.Realm.Name, c)
	if err != nil {
		return now, nil, err
	}
	if !found {
		return now, nil, ErrIgnored
	}
	todo, refused := diffClient(c, State{Clients: map[string]Current{c.ID: now}, Scopes: p.State.Scopes}, adopt)
	if refused {
		return now, nil, ErrNotOurs
	}
	return now, todo, nil
}

func (a *API) create(ctx context.Context, p Plan, c Client) error {
	body := merged(map[string]any{}, c.Fields)
	merge(body, map[string]any{"clientId": c.ID, "attributes": map[string]any{Mark: MarkValue}})
	for _, l := range c.links(p.State) {
		body[l.field] = l.names
	}
	if len(c.Mappers) > 0 {
		body[mappersField] = bodies(c.Mappers)
	}
	return a.post(ctx, path(p.Realm.Name, "clients"), body)
}

func bodies(mappers []Mapper) []map[string]any {
	all := []map[string]any{}
	for _, m := range mappers {
		all = append(all, m.body())
	}
	return all
}

// change makes the differences of an existing client, fields first.
func (a *API) change(ctx context.Context, p Plan, now Current, todo []Change, c Client) error {
	base := []string{p.Realm.Name, "clients", now.UUID}
	if slices.ContainsFunc(todo, func(t Change) bool { return t.Op == OpUpdate }) {
		if err := a.update(ctx, path(base...), c); err != nil {
			return err
		}
	}
	for _, t := range todo {
		var err error
		switch t.Op {
		case OpDetachScope:
			err = a.do(ctx, call{method: http.MethodDelete, path: path(append(base, endpoint(t.Field), p.State.Scopes[t.From])...)}, nil)
		case OpAttachScope:
			err = a.do(ctx, call{method: http.MethodPut, path: path(append(base, endpoint(t.Field), p.State.Scopes[t.To])...), body: map[string]any{}}, nil)
		case OpCreateMapper, OpUpdateMapper, OpRemoveMapper:
			err = a.mapper(ctx, base, now, t, c)
		case OpScopeRole:
			err = a.scopeRole(ctx, p.Realm.Name, now.UUID, t.Field)
		}
		if err != nil {
			return fmt.Errorf("%s %s%s: %w", t.Op, t.From, t.To, err)
		}
	}
	return nil
}

// scopeRole lets a client without full scope put a realm role into tokens. Keycloak wants the role's representation.
func (a *API) scopeRole(ctx context.Context, realm, uuid, name string) error {
	var role map[string]any
	if err := a.get(ctx, path(realm, "roles", name), nil, &role); err != nil {
		return err
	}
	return a.post(ctx, path(realm, "clients", uuid, "scope-mappings", "realm"), []any{role})
}

func endpoint(field string) string {
	if field == "optionalClientScopes" {
		return "optional-client-scopes"
	}
	return "default-client-scopes"
}

// update merges the declared fields into the whole representation. The secret stays out: sending the one that was read
// would undo a rotation that happens meanwhile.
func (a *API) update(ctx context.Context, p string, c Client) error {
	return a.put(ctx, p, func(whole map[string]any) {
		delete(whole, "secret")
		merge(whole, c.Fields)
		merge(whole, map[string]any{"attributes": map[string]any{Mark: MarkValue}})
	})
}

// put changes the whole representation of a client, because a PUT may drop what it does not name. Left out is what a PUT
// keeps: what has endpoints of its own, which another run may use meanwhile, and what Keycloak notes about secrets, which
// would bring an old one back that ended meanwhile.
func (a *API) put(ctx context.Context, p string, change func(whole map[string]any)) error {
	var whole map[string]any
	if err := a.get(ctx, p, nil, &whole); err != nil {
		return err
	}
	if attributes, ok := whole["attributes"].(map[string]any); ok {
		maps.DeleteFunc(attributes, func(key string, _ any) bool { return strings.HasPrefix(key, "client.secret.") })
	}
	for _, own := range []string{mappersField, "defaultClientScopes", "optionalClientScopes"} {
		delete(whole, own)
	}
	change(whole)
	return a.do(ctx, call{method: http.MethodPut, path: p, body: whole}, nil)
}

// mapper creates or updates a protocol mapper through its own endpoint.
func (a *API) mapper(ctx context.Context, base []string, now Current, t Change, c Client) error {
	models := append(slices.Clone(base), "protocol-mappers", "models")
	if t.Op == OpRemoveMapper {
		return a.removeDuplicates(ctx, models, now, t.Field)
	}
	m := c.Mappers[slices.IndexFunc(c.Mappers, func(m Mapper) bool { return m.Name == t.Field })]
	if t.Op == OpCreateMapper {
		return a.post(ctx, path(models...), m.body())
	}
	whole := maps.Clone(findMappers(now.Fields, m.Name)[0])
	merge(whole, m.body())
	return a.do(ctx, call{method: http.MethodPut, path: path(append(models, text(whole["id"]))...), body: whole}, nil)
}

// removeDuplicates leaves the first of the mappers with one name. Two runs that repair at once remove the same ones.
func (a *API) removeDuplicates(ctx context.Context, models []string, now Current, name string) error {
	for _, m := range findMappers(now.Fields, name)[1:] {
		err := a.do(ctx, call{method: http.MethodDelete, path: path(append(slices.Clone(models), text(m["id"]))...)}, nil)
		if err != nil && !hasStatus(err, http.StatusNotFound) {
			return err
		}
	}
	return nil
}

func (m Mapper) body() map[string]any {
	return map[string]any{"name": m.Name, "protocol": "openid-connect", "protocolMapper": m.Kind, "config": toAny(m.Config)}
}

// merge writes the declared values into a representation: mappings key by key, lists and scalars as a whole. Values of
// attributes and of mappers' configuration are text in Keycloak, whatever was declared.
func merge(into, declared map[string]any) {
	for key, v := range declared {
		inner, ok := v.(map[string]any)
		if !ok {
			into[key] = v
			continue
		}
		have, _ := into[key].(map[string]any)
		next := merged(have, nil)
		for k, value := range inner {
			if key == "attributes" || key == "config" {
				value = text(value)
			}
			next[k] = value
		}
		into[key] = next
	}
}

// merged is a copy of a mapping with declared values in it.
func merged(have, declared map[string]any) map[string]any {
	next := map[string]any{}
	maps.Copy(next, have)
	merge(next, declared)
	return next
}
