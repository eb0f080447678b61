package verify

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
)

const realmComponent = "platform-keycloak-realm"

// The lists of the realm chart's values. Helm replaces lists, so what counts is the environment's effective one.
func reconciledPath() []string { return []string{"clientPatcher", "clientReconciliation", "clients"} }
func extractedPath() []string  { return []string{"clientPatcher", "secretExtraction", "clients"} }

// listEntry is one entry of a list in a component's effective values.
type listEntry struct {
	comp *Component
	path []string // of the entry
	node map[string]any
}

// entry looks an entry up by one of its fields; nil when the list has none.
func (c *Component) entry(list []string, field, value string) *listEntry {
	l, _, _ := c.Values.Lookup(list...)
	node, n := indexed(l, field, value)
	if n < 0 {
		return nil
	}
	return &listEntry{comp: c, path: below(list, strconv.Itoa(n)), node: node}
}

// below is a path and what follows it, in memory of its own.
func below(path []string, rest ...string) []string { return slices.Concat(path, rest) }

// place is where a field of the entry is written, or where it belongs.
func (l *listEntry) place(path ...string) helmchart.Pos {
	return l.comp.Values.Origin(below(l.path, path...)...)
}

// mismatch is an issue when a scalar of the entry is not what it must be.
func (l *listEntry) mismatch(want string, path ...string) []Issue {
	got := dig.Text(l.node, path...)
	if got == want {
		return nil
	}
	return []Issue{at(l.place(path...), Issue{Field: strings.Join(path, "."), Expected: want, Actual: orNothing(got)})}
}

// client is the portal's client in the environment's effective list, or the reason to skip a rule about it.
func (e *Env) client() (*listEntry, error) {
	c, err := e.values(realmComponent)
	if err != nil {
		return nil, err
	}
	entry := c.entry(reconciledPath(), "clientId", e.tree.Spec.OIDC.ClientID)
	if entry == nil {
		return nil, notApplicable("the environment has no such client, see oidc/client")
	}
	return entry, nil
}

// clientDeclared asks for the client in the list that is in force, in the portal's realm, and that the list is used.
func clientDeclared(e *Env) ([]Issue, error) {
	c, err := e.values(realmComponent)
	if err != nil {
		return nil, err
	}
	oidc := e.tree.Spec.OIDC
	entry := c.entry(reconciledPath(), "clientId", oidc.ClientID)
	if entry == nil {
		return []Issue{at(c.Values.Origin(reconciledPath()...), Issue{
			Field: strings.Join(reconciledPath(), "."), Expected: "clientId: " + oidc.ClientID, Actual: clientIDs(c),
			Hint: "run generate; the last values file that names the list replaces all others",
		})}, nil
	}
	issues := entry.mismatch(oidc.Realm, "realm")
	if got := dig.Text(entry.node, "spec", "enabled"); got == "false" {
		issues = append(issues, at(entry.place("spec", "enabled"), Issue{Field: "spec.enabled", Expected: "true", Actual: got}))
	}
	return append(issues, switchedOff(c, []string{"clientPatcher", "clientReconciliation", "enabled"})...), nil
}

// clientIDs are the clients that the effective list has.
func clientIDs(c *Component) string {
	l, _, _ := c.Values.Lookup(reconciledPath()...)
	var ids []string
	for _, item := range dig.List(l) {
		ids = append(ids, dig.Text(item, "clientId"))
	}
	return orNothing(strings.Join(ids, ", "))
}

// switchedOff are the switches that are false.
func switchedOff(c *Component, paths ...[]string) []Issue {
	var issues []Issue
	for _, p := range paths {
		if v, pos, ok := c.Values.Lookup(p...); ok && dig.Text(v) == "false" {
			issues = append(issues, at(pos, Issue{Field: strings.Join(p, "."), Expected: "true", Actual: "false"}))
		}
	}
	return issues
}

// redirectAllowed asks for the exact URI that Backstage sends; a wildcard lets every page of the host receive codes.
func redirectAllowed(e *Env) ([]Issue, error) {
	client, err := e.client()
	if err != nil {
		return nil, err
	}
	return client.urls("redirectUris", e.RedirectURI(), e.Host), nil
}

// originAllowed asks for the portal's origin; Keycloak reads + as the origins of the redirect URIs.
func originAllowed(e *Env) ([]Issue, error) {
	client, err := e.client()
	if err != nil {
		return nil, err
	}
	if slices.Contains(dig.Texts(client.node, "spec", "webOrigins"), "+") {
		return nil, nil
	}
	return client.urls("webOrigins", e.BaseURL(), e.Host), nil
}

// urls asks a list of the client's for an entry and for the absence of wildcards. What is nearly the entry is to blame.
func (l *listEntry) urls(field, want, host string) []Issue {
	all := dig.Texts(l.node, "spec", field)
	var issues []Issue
	for n, u := range all {
		if strings.Contains(u, "*") {
			issues = append(issues, at(l.place("spec", field, strconv.Itoa(n)), Issue{Field: "spec." + field, Expected: want, Actual: u, Hint: "name every URL in full; a wildcard is an open door"}))
		}
	}
	if slices.Contains(all, want) || len(issues) > 0 {
		return issues
	}
	where := l.place("spec", field)
	for n, u := range all {
		if strings.Contains(u, "//"+host) || len(all) == 1 {
			where = l.place("spec", field, strconv.Itoa(n))
		}
	}
	return []Issue{at(where, Issue{Field: "spec." + field, Expected: want, Actual: orNothing(strings.Join(all, ", "))})}
}

// scopesLinked asks every client for the absence of openid (Keycloak answers invalid_scope to all logins of a client
// that lists it), and the portal's for the scopes of the spec.
func scopesLinked(e *Env) ([]Issue, error) {
	c, err := e.values(realmComponent)
	if err != nil {
		return nil, err
	}
	issues := openidIn(c, reconciledPath(), "spec")
	issues = once(append(issues, openidIn(c, []string{"realm", "clients"})...)) // clients may share a list
	client, err := e.client()
	if err != nil {
		return issues, nil
	}
	have := slices.Concat(dig.Texts(client.node, "spec", "defaultClientScopes"), dig.Texts(client.node, "spec", "optionalClientScopes"))
	for _, scope := range e.tree.Spec.OIDC.Scopes {
		if !slices.Contains(have, scope) {
			issues = append(issues, at(client.place("spec", "defaultClientScopes"), Issue{
				Field: "spec.defaultClientScopes", Expected: scope, Actual: orNothing(strings.Join(have, ", ")),
			}))
		}
	}
	return issues, nil
}

func openidIn(c *Component, list []string, inner ...string) []Issue {
	l, _, _ := c.Values.Lookup(list...)
	var issues []Issue
	for n, item := range dig.List(l) {
		for _, field := range []string{"defaultClientScopes", "optionalClientScopes"} {
			path := below(inner, field)
			for i, scope := range dig.Texts(item, path...) {
				if scope == "openid" {
					pos := c.Values.Origin(below(below(list, strconv.Itoa(n)), below(path, strconv.Itoa(i))...)...)
					issues = append(issues, at(pos, Issue{Resource: "client " + dig.Text(item, "clientId"), Field: field, Expected: "no openid", Actual: "openid"}))
				}
			}
		}
	}
	return issues
}

// clientFlow asks for a confidential client that does the authorization code flow and no other. Each is to be said: what
// the list leaves out stays as Keycloak happens to have it.
func clientFlow(e *Env) ([]Issue, error) {
	client, err := e.client()
	if err != nil {
		return nil, err
	}
	issues := client.mismatch("false", "spec", "publicClient")
	issues = append(issues, client.mismatch("true", "spec", "standardFlowEnabled")...)
	issues = append(issues, client.mismatch("false", "spec", "implicitFlowEnabled")...)
	issues = append(issues, client.mismatch("false", "spec", "directAccessGrantsEnabled")...)
	return append(issues, client.mismatch("openid-connect", "spec", "protocol")...), nil
}

func extractionDeclared(e *Env) ([]Issue, error) {
	c, err := e.values(realmComponent)
	if err != nil {
		return nil, err
	}
	id := e.tree.Spec.OIDC.ClientID
	if c.entry(extractedPath(), "clientId", id) == nil {
		return []Issue{at(c.Values.Origin(extractedPath()...), Issue{
			Field: strings.Join(extractedPath(), "."), Expected: "clientId: " + id, Actual: "nothing",
			Hint: "run generate; without it Vault never gets the client's secret",
		})}, nil
	}
	return switchedOff(c, []string{"clientPatcher", "secretExtraction", "enabled"}), nil
}
