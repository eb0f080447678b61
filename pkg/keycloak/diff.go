package keycloak

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Diff is the plan that makes a realm what is declared. A client that exists without Mark is changed only with adopt;
// otherwise its differences are listed and it is refused. The error names scopes that the realm lacks and that Diff cannot make.
func Diff(r Realm, s State, adopt bool) (Plan, error) {
	p := Plan{Realm: r, State: s}
	missing, err := missingScopes(r, s)
	if err != nil {
		return p, err
	}
	for _, name := range missing {
		p.Changes = append(p.Changes, Change{Op: OpCreateScope, Field: name, To: name})
	}
	for _, role := range r.Roles {
		if !s.Roles[role] {
			p.Changes = append(p.Changes, Change{Op: OpCreateRole, Field: role, To: role})
		}
	}
	for _, c := range r.Clients {
		changes, refused := diffClient(c, s, adopt)
		p.Changes = append(p.Changes, changes...)
		if refused {
			p.Refused = append(p.Refused, c.ID)
		}
	}
	return p, nil
}

// diffClient compares one client; refused tells that the changes are not to be made.
func diffClient(c Client, s State, adopt bool) (changes []Change, refused bool) {
	if c.ReadOnly {
		return nil, false
	}
	now, exists := s.Clients[c.ID]
	if !exists {
		return created(c, s), false
	}
	owned := now.Owned()
	changes = slices.Concat(diffFields(c, now), diffScopes(c, now, s), diffMappers(c, now), diffRoles(c, now))
	if !owned && adopt {
		changes = append([]Change{{Client: c.ID, Op: OpUpdate, Field: "attributes." + Mark, From: show(nil), To: show(MarkValue)}}, changes...)
	}
	return changes, !owned && !adopt && len(changes) > 0
}

// created are the changes of a client that does not exist: itself, and what its creation does not bring.
func created(c Client, s State) []Change {
	changes := []Change{{Client: c.ID, Op: OpCreate, To: show(c.Fields)}}
	for _, l := range c.links(s) {
		for _, scope := range l.names {
			changes = append(changes, Change{Client: c.ID, Op: OpAttachScope, Field: l.field, To: scope})
		}
	}
	changes = append(changes, diffMappers(c, Current{})...)
	return append(changes, diffRoles(c, Current{})...)
}

// limited tells that not every role is in the client's scope, as declared or else as Keycloak has it.
func (c Client) limited(now map[string]any) bool {
	full, declared := c.Fields["fullScopeAllowed"]
	if !declared {
		full = now["fullScopeAllowed"]
	}
	return full == false
}

// diffRoles lists the roles that the client's tokens would lack: where not every role is in its scope, a mapper of roles
// yields nothing for the others.
func diffRoles(c Client, now Current) []Change {
	if !c.limited(now.Fields) {
		return nil
	}
	var changes []Change
	for _, role := range c.Roles {
		if !now.Scoped[role] {
			changes = append(changes, Change{Client: c.ID, Op: OpScopeRole, Field: role, To: role})
		}
	}
	return changes
}

func diffFields(c Client, now Current) []Change {
	var changes []Change
	add := func(name string, want, got any) {
		if !same(want, got) {
			changes = append(changes, Change{Client: c.ID, Op: OpUpdate, Field: name, From: show(got), To: show(want)})
		}
	}
	for _, name := range sortedKeys(c.Fields) {
		if inner, ok := c.Fields[name].(map[string]any); ok {
			for _, key := range sortedKeys(inner) {
				add(name+"."+key, inner[key], field(now.Fields, name, key))
			}
			continue
		}
		add(name, c.Fields[name], now.Fields[name])
	}
	return changes
}

// link is one of a client's two lists of scopes.
type link struct {
	field    string
	endpoint string
	names    []string
}

// links are the declared lists. Since Keycloak 25 the scope basic carries the claim sub; the server links it to every
// new client, so declaring the others does not take it away.
func (c Client) links(s State) []link {
	var all []link
	if c.DefaultScopes != nil {
		names := slices.Clone(c.DefaultScopes)
		if _, ok := s.Scopes[basicScope]; ok && !slices.Contains(names, basicScope) && !slices.Contains(c.OptionalScopes, basicScope) {
			names = append(names, basicScope)
		}
		all = append(all, link{"defaultClientScopes", "default-client-scopes", names})
	}
	if c.OptionalScopes != nil {
		all = append(all, link{"optionalClientScopes", "optional-client-scopes", c.OptionalScopes})
	}
	return all
}

// diffScopes lists what to detach before what to attach: a scope is in one of the lists at most.
func diffScopes(c Client, now Current, s State) []Change {
	var detach, attach []Change
	wanted := map[string]string{}
	for _, l := range c.links(s) {
		have := texts(now.Fields[l.field])
		for _, name := range l.names {
			wanted[name] = l.field
			if !slices.Contains(have, name) {
				attach = append(attach, Change{Client: c.ID, Op: OpAttachScope, Field: l.field, To: name})
			}
		}
		for _, name := range have {
			if !slices.Contains(l.names, name) {
				detach = append(detach, Change{Client: c.ID, Op: OpDetachScope, Field: l.field, From: name})
			}
		}
	}
	for _, f := range []string{"defaultClientScopes", "optionalClientScopes"} {
		for _, name := range texts(now.Fields[f]) {
			gone := Change{Client: c.ID, Op: OpDetachScope, Field: f, From: name}
			if to, ok := wanted[name]; ok && to != f && !slices.Contains(detach, gone) {
				detach = append(detach, gone)
			}
		}
	}
	return append(detach, attach...)
}

// diffMappers compares mappers by name. Keycloak makes several of one name when it is asked for them at once, and refuses
// every later change of such a client from its console; all but one are removed.
func diffMappers(c Client, now Current) []Change {
	var changes []Change
	for _, m := range c.Mappers {
		all := findMappers(now.Fields, m.Name)
		if len(all) == 0 {
			changes = append(changes, Change{Client: c.ID, Op: OpCreateMapper, Field: m.Name, To: m.Kind})
			continue
		}
		if len(all) > 1 {
			changes = append(changes, Change{Client: c.ID, Op: OpRemoveMapper, Field: m.Name, From: strconv.Itoa(len(all)), To: "1"})
		}
		if have := all[0]; !same(toAny(m.Config), pick(have["config"], m.Config)) || text(have["protocolMapper"]) != m.Kind {
			changes = append(changes, Change{Client: c.ID, Op: OpUpdateMapper, Field: m.Name, From: show(pick(have["config"], m.Config)), To: show(m.Config)})
		}
	}
	return changes
}

// findMappers are the mappers of one name, ordered by id.
func findMappers(client map[string]any, name string) []map[string]any {
	var found []map[string]any
	list, _ := client[mappersField].([]any)
	for _, item := range list {
		if m, _ := item.(map[string]any); text(m["name"]) == name {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(a, b map[string]any) int { return strings.Compare(text(a["id"]), text(b["id"])) })
	return found
}

// pick are the entries of a mapper's config that are declared.
func pick(config any, declared map[string]string) map[string]any {
	have, _ := config.(map[string]any)
	out := map[string]any{}
	for key := range declared {
		out[key] = text(have[key])
	}
	return out
}

func toAny(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// same compares a declared value with Keycloak's. The order of a list's scalars means nothing there; an absent value is
// the empty one; attributes are text whatever was declared.
func same(want, got any) bool {
	switch w := want.(type) {
	case []any:
		return slices.Equal(set(w), set(got))
	case map[string]any:
		g, _ := got.(map[string]any)
		for key, v := range w {
			if !same(v, g[key]) {
				return false
			}
		}
		return true
	case bool:
		return text(got) == strconv.FormatBool(w) || !w && text(got) == ""
	default:
		return text(want) == text(got)
	}
}

// set is a list as sorted, distinct text.
func set(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, item := range list {
		switch item.(type) {
		case map[string]any, []any:
			out = append(out, show(item))
		default:
			out = append(out, text(item))
		}
	}
	sort.Strings(out)
	return slices.Compact(out)
}

// texts is a list of names in Keycloak's order, sorted, because that order is not stable.
func texts(v any) []string { return set(v) }

// text is a scalar: YAML's and JSON's numbers alike, nothing for null.
func text(v any) string {
	switch s := v.(type) {
	case nil:
		return ""
	case string:
		return s
	case float64:
		return strconv.FormatFloat(s, 'f', -1, 64)
	case map[string]any, []any:
		return show(s)
	default:
		return fmt.Sprint(s)
	}
}

func field(m map[string]any, name, key string) any {
	inner, _ := m[name].(map[string]any)
	return inner[key]
}

// show is a value as a plan prints it.
func show(v any) string {
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
