package keycloak_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/keycloak"
)

func parse(t *testing.T, spec map[string]any) keycloak.Client {
	t.Helper()
	c, err := keycloak.ParseClient("app", spec)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDiff compares one declared client with what Keycloak has of it.
func TestDiff(t *testing.T) {
	scopes := map[string]string{"profile": "1", "email": "2", "basic": "3", "phone": "4"}
	for name, tt := range map[string]struct {
		declared, have map[string]any
		want           []keycloak.Change
	}{
		"the order of a list is no drift": {
			declared: map[string]any{"redirectUris": []any{"a", "b"}}, have: map[string]any{"redirectUris": []any{"b", "a"}},
		},
		"a default that Keycloak leaves out is no drift": {
			declared: map[string]any{"description": "", "webOrigins": []any{}, "bearerOnly": false, "attributes": map[string]any{"x": ""}}, have: map[string]any{},
		},
		"attributes are text": {
			declared: map[string]any{"attributes": map[string]any{"n": 300.0, "b": true}}, have: map[string]any{"attributes": map[string]any{"n": "300", "b": "true"}},
		},
		"what is not declared is no drift": {
			declared: map[string]any{"name": "App"}, have: map[string]any{"name": "App", "consentRequired": true, "redirectUris": []any{"x"}},
		},
		"a field": {
			declared: map[string]any{"name": "App", "enabled": true}, have: map[string]any{"name": "Old", "enabled": false},
			want: []keycloak.Change{
				{Client: "app", Op: keycloak.OpUpdate, Field: "enabled", From: "false", To: "true"},
				{Client: "app", Op: keycloak.OpUpdate, Field: "name", From: "Old", To: "App"},
			},
		},
		"a list is replaced": {
			declared: map[string]any{"redirectUris": []any{}}, have: map[string]any{"redirectUris": []any{"x"}},
			want: []keycloak.Change{{Client: "app", Op: keycloak.OpUpdate, Field: "redirectUris", From: `["x"]`, To: `[]`}},
		},
		"one attribute": {
			declared: map[string]any{"attributes": map[string]any{"a": "1"}}, have: map[string]any{"attributes": map[string]any{"a": "2", "b": "3"}},
			want: []keycloak.Change{{Client: "app", Op: keycloak.OpUpdate, Field: "attributes.a", From: "2", To: "1"}},
		},
		"scopes are detached before they are attached, and basic stays": {
			declared: map[string]any{"defaultClientScopes": []any{"profile", "email"}},
			have:     map[string]any{"defaultClientScopes": []any{"phone", "basic", "profile"}, "optionalClientScopes": []any{"email"}},
			want: []keycloak.Change{
				{Client: "app", Op: keycloak.OpDetachScope, Field: "defaultClientScopes", From: "phone"},
				{Client: "app", Op: keycloak.OpDetachScope, Field: "optionalClientScopes", From: "email"},
				{Client: "app", Op: keycloak.OpAttachScope, Field: "defaultClientScopes", To: "email"},
			},
		},
		"a mapper's setting": {
			declared: map[string]any{"protocolMappers": []any{map[string]any{"name": "m", "protocolMapper": "k", "config": map[string]any{"on": true}}}},
			have:     map[string]any{"protocolMappers": []any{map[string]any{"id": "9", "name": "m", "protocolMapper": "k", "config": map[string]any{"on": "false", "x": "y"}}}},
			want:     []keycloak.Change{{Client: "app", Op: keycloak.OpUpdateMapper, Field: "m", From: `{"on":"false"}`, To: `{"on":"true"}`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			attributes, _ := tt.have["attributes"].(map[string]any)
			if attributes == nil {
				attributes = map[string]any{}
				tt.have["attributes"] = attributes
			}
			state := keycloak.State{Clients: map[string]keycloak.Current{"app": {UUID: "u", Fields: tt.have}}, Scopes: scopes}
			realm := keycloak.Realm{Name: "r", Clients: []keycloak.Client{parse(t, tt.declared)}}
			unmarked, err := keycloak.Diff(realm, state, false)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := len(unmarked.Refused) > 0, len(tt.want) > 0; got != want {
				t.Errorf("refused without a mark is %v, want %v", got, want)
			}
			attributes[keycloak.Mark] = keycloak.MarkValue
			got, err := keycloak.Diff(realm, state, false)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiffOfARealm(t *testing.T) {
	r := keycloak.Realm{Name: "r", Roles: []string{"viewer", "developer"}, Clients: []keycloak.Client{parse(t, map[string]any{"defaultClientScopes": []any{"email"}})}}
	p, err := keycloak.Diff(r, keycloak.State{Roles: map[string]bool{"viewer": true}}, false)
	if err != nil {
		t.Fatal(err)
	}
	want := []keycloak.Change{{Op: keycloak.OpCreateScope, Field: "email", To: "email"}, {Op: keycloak.OpCreateRole, Field: "developer", To: "developer"}}
	if diff := cmp.Diff(want, p.Of("")); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	r.Clients[0].OptionalScopes = []string{"tenant"}
	if _, err = keycloak.Diff(r, keycloak.State{}, false); err == nil || !strings.Contains(err.Error(), "no client scope tenant") {
		t.Errorf("error is %v", err)
	}
}

func TestParseClientRefuses(t *testing.T) {
	for want, spec := range map[string]map[string]any{
		"openid is a protocol scope":            {"defaultClientScopes": []any{"openid", "email"}},
		"a secret is never declared":            {"secret": "x"},
		"Keycloak decides it":                   {"id": "x"},
		"other is not the client's id":          {"clientId": "other"},
		"client.secret.rotated is not declared": {"attributes": map[string]any{"client.secret.rotated": "x"}},
		"must be a list of names":               {"optionalClientScopes": "email"},
		"entry 0 needs name":                    {"protocolMappers": []any{map[string]any{}}},
	} {
		_, err := keycloak.ParseClient("app", spec)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error is %v, want %q", spec, err, want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "client app: ") {
			t.Errorf("error does not name the client: %v", err)
		}
	}
}
