package reconcile_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/reconcile"
	"github.com/ameideio/ameide/pkg/secret"
)

// portal is a client as Git declares it.
func portal(t *testing.T, id string) keycloak.Client {
	t.Helper()
	c, err := keycloak.ParseClient(id, map[string]any{
		"name": "Backstage", "description": "portal", "enabled": true, "protocol": "openid-connect", "publicClient": false,
		"standardFlowEnabled": true, "implicitFlowEnabled": false, "directAccessGrantsEnabled": false,
		"redirectUris": []any{"https://b.example/cb", "https://a.example/cb"}, "webOrigins": []any{"https://b.example", "https://a.example"},
		"attributes":          map[string]any{"post.logout.redirect.uris": "+", "pkce.code.challenge.method": "S256"},
		"defaultClientScopes": []any{"profile", "email", "roles"}, "optionalClientScopes": []any{"offline_access"},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Mappers = []keycloak.Mapper{keycloak.RoleMapper()}
	return c
}

// TestConformance is what both systems must do, in memory and real.
func TestConformance(t *testing.T) { conformance(t, fakeWorld) }

// TestKeycloakOldest is the conformance suite on the oldest Keycloak of the lab.
func TestKeycloakOldest(t *testing.T) { conformance(t, realServers(t, lab.KeycloakOldest)) }

// TestKeycloakCurrent is everything that wants real servers, on the current Keycloak.
func TestKeycloakCurrent(t *testing.T) {
	makeWorld := realServers(t, lab.KeycloakCurrent)
	t.Run("conformance", func(t *testing.T) { conformance(t, makeWorld) })
	t.Run("accounts", func(t *testing.T) { serviceAccounts(t, makeWorld) })
	t.Run("faults", func(t *testing.T) { everyFault(t, makeWorld, false) })
	t.Run("rotation faults", func(t *testing.T) {
		everyRotationFault(t, makeWorld, false, "answer lost", "401", "404", "409", "500") // each goes its own way through the code
	})
	t.Run("peers", func(t *testing.T) { seenByPeers(t, makeWorld(t)) })
	t.Run("kill", func(t *testing.T) { everyKill(t, makeWorld) })
	t.Run("cluster", func(t *testing.T) { seenInCluster(t, makeWorld(t)) })
	t.Run("tokens", func(t *testing.T) { tokensEnd(t, makeWorld(t)) })
}

func conformance(t *testing.T, makeWorld func(*testing.T) *world) {
	for behaviour, test := range map[string]func(*testing.T, *world){
		"a missing client is made and its secret is in Vault":   madeFromNothing,
		"a second run only reads":                               onlyReads,
		"drift of every declared field is repaired":             driftRepaired,
		"roles are in the scope of a client without full scope": rolesScoped,
		"a list is cleared":                                     listCleared,
		"what is not declared stays":                            undeclaredStays,
		"a client of somebody else is refused, then adopted":    adopted,
		"other fields of the Vault entry stay":                  siblingsStay,
		"a placeholder in Vault is replaced":                    placeholderReplaced,
		"rotation makes one new secret":                         rotated,
		"an interrupted rotation is finished, without a second": rotationFinished,
		"rotation leaves the old secret to the policy":          rotatedWithOverlap,
		"an announced secret is given to Keycloak":              announcedFinished,
		"rotation waits for the consumers":                      waitsForConsumers,
		"rotation gives up waiting":                             givesUpWaiting,
		"a foreign client gets no new secret":                   foreignNotRotated,
		"two runs at once end alike":                            twoAtOnce,
		"mappers that were made twice are made one again":       duplicatesRemoved,
		"a user logs in with the secret from Vault":             userLogsIn,
		"many clients are listed in pages":                      manyClients,
	} {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel() // each has a realm of its own
			test(t, makeWorld(t))
		})
	}
}

func madeFromNothing(t *testing.T, w *world) {
	d := w.desired(portal(t, "backstage"))
	d.Realms[0].Roles = []string{"platform-admin", "viewer"}
	w.run(d, reconcile.Options{})
	w.converged(d)
	c := w.clients("backstage")
	if len(c) != 1 {
		t.Fatalf("%d clients", len(c))
	}
	if got, want := w.getVault("backstage")["value"], c[0]["secret"]; got != want || got == nil {
		t.Error("Vault and Keycloak differ")
	}
	scopes, _ := c[0]["defaultClientScopes"].([]any)
	if !slices.Contains(scopes, any("roles")) || slices.Contains(scopes, any("acr")) {
		t.Errorf("default scopes are %v", scopes)
	}
	if roles, _ := w.admin(http.MethodGet, "roles", nil).([]any); !slices.ContainsFunc(roles, func(r any) bool { return r.(map[string]any)["name"] == "platform-admin" }) {
		t.Errorf("roles are %v", roles)
	}
}

func onlyReads(t *testing.T, w *world) {
	d := w.desired(portal(t, "backstage"))
	w.run(d, reconcile.Options{})
	var mu sync.Mutex
	var wrote []string
	s, err := w.systems(func(_ string, h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, "/token") {
				mu.Lock()
				wrote = append(wrote, r.Method+" "+r.URL.Path)
				mu.Unlock()
			}
			h.ServeHTTP(rw, r)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	plans := s.Plan(t.Context(), d, reconcile.Options{})
	if err := failures(plans, s.Apply(t.Context(), plans, reconcile.Options{})); err != nil {
		t.Error(err)
	}
	if wrote != nil {
		t.Errorf("the second run wrote: %v", wrote)
	}
}

// drifts are other values for every field of portal's client.
func drifts() map[string]any {
	return map[string]any{
		"name": "renamed", "description": "", "enabled": false, "protocol": "saml", "publicClient": true, "standardFlowEnabled": false,
		"implicitFlowEnabled": true, "directAccessGrantsEnabled": true, "redirectUris": []any{"https://evil.example/*"},
		"webOrigins": []any{"https://a.example"},
	}
}

// driftRepaired breaks one declared field after the other. Keycloak itself takes the secret of a client that becomes public,
// and of one that changes its protocol; what it gives in its place must be in Vault.
func driftRepaired(t *testing.T, w *world) {
	d := w.desired(portal(t, "backstage"))
	w.run(d, reconcile.Options{})
	secret := func() any { return w.clients("backstage")[0]["secret"] }
	before := secret()
	for field := range d.Realms[0].Clients[0].Fields {
		if field == "attributes" {
			continue
		}
		value, known := drifts()[field]
		if !known {
			t.Errorf("no drift of %s is tried", field)
			continue
		}
		w.edit("backstage", func(c map[string]any) { c[field] = value })
		w.repairs(d, keycloak.Change{Client: "backstage", Op: keycloak.OpUpdate, Field: field})
		after := secret()
		if after != before && field != "publicClient" && field != "protocol" {
			t.Errorf("repairing %s changed the secret", field)
		}
		before = after
	}
	for key := range d.Realms[0].Clients[0].Fields["attributes"].(map[string]any) {
		w.edit("backstage", func(c map[string]any) { c["attributes"].(map[string]any)[key] = "plain" })
		w.repairs(d, keycloak.Change{Client: "backstage", Op: keycloak.OpUpdate, Field: "attributes." + key})
	}
	w.link(http.MethodDelete, "default", "email")
	w.link(http.MethodPut, "optional", "email")
	w.repairs(d, keycloak.Change{Client: "backstage", Op: keycloak.OpDetachScope, Field: "optionalClientScopes", From: "email"},
		keycloak.Change{Client: "backstage", Op: keycloak.OpAttachScope, Field: "defaultClientScopes", To: "email"})
	w.link(http.MethodDelete, "optional", "offline_access")
	w.repairs(d, keycloak.Change{Client: "backstage", Op: keycloak.OpAttachScope, Field: "optionalClientScopes", To: "offline_access"})
	w.link(http.MethodPut, "default", "web-origins")
	w.repairs(d, keycloak.Change{Client: "backstage", Op: keycloak.OpDetachScope, Field: "defaultClientScopes", From: "web-origins"})
	w.breakMapper()
	w.repairs(d, keycloak.Change{Client: "backstage", Op: keycloak.OpUpdateMapper, Field: keycloak.RoleMapper().Name})
	if secret() != before || w.getVault("backstage")["value"] != before {
		t.Error("the secret changed, or Vault has another")
	}
}

// repairs asks that exactly these changes are planned, and that they are made.
func (w *world) repairs(d reconcile.Desired, want ...keycloak.Change) {
	w.t.Helper()
	got := w.plan(d).Changes
	if want[0].Field == "protocol" { // with it, Keycloak exchanges the scopes, too
		got = slices.DeleteFunc(got, func(c keycloak.Change) bool { return c.Op != keycloak.OpUpdate })
	}
	for i := range got {
		if got[i].Op == keycloak.OpUpdate || got[i].Op == keycloak.OpUpdateMapper {
			got[i].From, got[i].To = "", "" // for people
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("drift is seen otherwise (-want +got):\n%s", diff)
	}
	w.run(d, reconcile.Options{})
	w.converged(d)
}

// breakMapper changes the claim that the client's mapper writes.
func (w *world) breakMapper() {
	w.t.Helper()
	c := w.clients("backstage")[0]
	for _, m := range c["protocolMappers"].([]any) {
		mapper := m.(map[string]any)
		mapper["config"].(map[string]any)["claim.name"] = "elsewhere"
		w.admin(http.MethodPut, "clients/"+c["id"].(string)+"/protocol-mappers/models/"+mapper["id"].(string), mapper)
	}
}

// link links a scope to the client or unlinks it.
func (w *world) link(method, list, scope string) {
	w.t.Helper()
	id := w.clients("backstage")[0]["id"].(string)
	for _, s := range w.admin(http.MethodGet, "client-scopes", nil).([]any) {
		if s := s.(map[string]any); s["name"] == scope {
			w.admin(method, "clients/"+id+"/"+list+"-client-scopes/"+s["id"].(string), map[string]any{})
		}
	}
}

// rolesScoped: the mapper of roles yields nothing for roles that are not in the client's scope.
func rolesScoped(t *testing.T, w *world) {
	c := portal(t, "backstage")
	c.Fields["fullScopeAllowed"], c.Roles = false, []string{"developer", "viewer"}
	d := w.desired(c)
	d.Realms[0].Roles = []string{"platform-admin", "developer", "viewer"}
	w.run(d, reconcile.Options{})
	w.converged(d)
	w.edit("backstage", func(c map[string]any) { c["fullScopeAllowed"] = true })
	if p := w.plan(d); len(p.Changes) != 1 || p.Changes[0].Field != "fullScopeAllowed" {
		t.Errorf("drift is seen as %+v", p.Changes)
	}
	w.run(d, reconcile.Options{})
	w.converged(d)
	id := w.clients("backstage")[0]["id"].(string)
	var names []string
	for _, role := range w.admin(http.MethodGet, "clients/"+id+"/scope-mappings/realm", nil).([]any) {
		names = append(names, role.(map[string]any)["name"].(string))
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"developer", "viewer"}, names); diff != "" {
		t.Errorf("roles in scope (-want +got):\n%s", diff)
	}
	if w.fake != nil {
		return
	}
	w.admin(http.MethodPost, "users", map[string]any{"username": "jane", "enabled": true})
	user := w.admin(http.MethodGet, "users?username=jane", nil).([]any)[0].(map[string]any)["id"].(string)
	w.admin(http.MethodPost, "users/"+user+"/role-mappings/realm", []any{w.admin(http.MethodGet, "roles/developer", nil), w.admin(http.MethodGet, "roles/platform-admin", nil)})
	token, _ := w.admin(http.MethodGet, "clients/"+id+"/evaluate-scopes/generate-example-access-token?scope=openid&userId="+user, nil).(map[string]any)
	if diff := cmp.Diff([]any{"developer"}, token["roles"]); diff != "" {
		t.Errorf("roles in a token (-want +got):\n%s", diff)
	}
}

func listCleared(t *testing.T, w *world) {
	w.run(w.desired(portal(t, "backstage")), reconcile.Options{})
	c := portal(t, "backstage")
	c.Fields["webOrigins"] = []any{}
	d := w.desired(c)
	w.run(d, reconcile.Options{})
	w.converged(d)
	if got, _ := w.clients("backstage")[0]["webOrigins"].([]any); len(got) != 0 {
		t.Errorf("webOrigins are %v", got)
	}
}

func undeclaredStays(t *testing.T, w *world) {
	d := w.desired(portal(t, "backstage"))
	w.run(d, reconcile.Options{})
	w.edit("backstage", func(c map[string]any) {
		c["consentRequired"], c["baseUrl"], c["name"] = true, "https://base.example", "drift"
		c["attributes"].(map[string]any)["theirs"] = "kept"
	})
	before := w.clients("backstage")[0]
	w.run(d, reconcile.Options{})
	after := w.clients("backstage")[0]
	if got := after["name"]; got != "Backstage" {
		t.Errorf("name is %v", got)
	}
	for _, key := range []string{"consentRequired", "baseUrl", "secret", "protocolMappers", "attributes"} {
		if diff := cmp.Diff(before[key], after[key]); diff != "" {
			t.Errorf("%s changed (-want +got):\n%s", key, diff)
		}
	}
}

func adopted(t *testing.T, w *world) {
	w.admin(http.MethodPost, "clients", map[string]any{"clientId": "backstage", "publicClient": false, "redirectUris": []any{"https://old.example"}})
	d := w.desired(portal(t, "backstage"))
	before := w.clients("backstage")[0]
	if p := w.run(d, reconcile.Options{})[0]; len(p.Refused) != 1 {
		t.Errorf("refused %v", p.Refused)
	}
	if diff := cmp.Diff(before["redirectUris"], w.clients("backstage")[0]["redirectUris"]); diff != "" {
		t.Errorf("a refused client changed:\n%s", diff)
	}
	w.run(d, reconcile.Options{Adopt: true})
	w.converged(d)
	if got := w.clients("backstage")[0]["secret"]; got != before["secret"] {
		t.Error("adopting changed the secret")
	}
}

func siblingsStay(t *testing.T, w *world) {
	w.putVault("backstage", map[string]any{"value": "an-older-secret", "owner": "team", "nested": map[string]any{"n": 1.0}})
	d := w.desired(portal(t, "backstage"))
	w.run(d, reconcile.Options{})
	w.converged(d)
	got := maps.Clone(w.getVault("backstage"))
	delete(got, "value")
	if diff := cmp.Diff(map[string]any{"owner": "team", "nested": map[string]any{"n": 1.0}}, got); diff != "" {
		t.Errorf("siblings (-want +got):\n%s", diff)
	}
}

func placeholderReplaced(t *testing.T, w *world) {
	d := w.desired(portal(t, "backstage"))
	w.run(d, reconcile.Options{})
	w.putVault("backstage", map[string]any{"value": "keycloak_generated_placeholder"})
	if s := w.plan(d).Secrets[0]; s.Op != reconcile.SecretWrite || s.Note != "Vault has a placeholder" || s.From.Version != 2 {
		t.Errorf("planned %s %q at version %d", s.Op, s.Note, s.From.Version)
	}
	w.run(d, reconcile.Options{})
	w.converged(d)
}

func twoAtOnce(t *testing.T, w *world) {
	d := w.desired(portal(t, "backstage"))
	for _, o := range []reconcile.Options{{}, {Rotate: true}} {
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			s, err := w.systems()
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				plans := s.Plan(t.Context(), d, o)
				errs[i] = failures(plans, s.Apply(t.Context(), plans, o))
			})
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				t.Error(err)
			}
		}
		w.converged(d)
		if n := len(w.clients("backstage")); n != 1 {
			t.Errorf("%d clients", n)
		}
	}
}

// duplicatesRemoved: Keycloak makes a mapper several times when several ask at once, and then answers 500 to a PUT that
// names the mappers.
func duplicatesRemoved(t *testing.T, w *world) {
	c := portal(t, "backstage")
	c.Mappers = nil
	w.run(w.desired(c), reconcile.Options{})
	id := w.clients("backstage")[0]["id"].(string)
	for range 5 {
		if w.fake != nil {
			w.fake.Racy = true
		}
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				w.tryAdmin(http.MethodPost, "clients/"+id+"/protocol-mappers/models", map[string]any{
					"name": keycloak.RoleMapper().Name, "protocol": "openid-connect", "protocolMapper": keycloak.RoleMapper().Kind, "config": map[string]any{},
				})
			})
		}
		wg.Wait()
		made, _ := w.clients("backstage")[0]["protocolMappers"].([]any)
		if len(made) > 1 {
			d := w.desired(portal(t, "backstage"))
			d.Realms[0].Clients[0].Fields["name"] = "another"
			w.run(d, reconcile.Options{})
			w.converged(d)
			return
		}
		w.admin(http.MethodDelete, "clients/"+id+"/protocol-mappers/models/"+made[0].(map[string]any)["id"].(string), nil)
	}
	t.Skip("this Keycloak made the mapper once, however many asked at the same time")
}

func manyClients(t *testing.T, w *world) {
	var clients []keycloak.Client
	for _, id := range strings.Fields("a b c d e f g") {
		clients = append(clients, portal(t, id))
	}
	d := w.desired(clients...)
	w.run(d, reconcile.Options{})
	w.converged(d)
	s, err := w.systems()
	if err != nil {
		t.Fatal(err)
	}
	s.Plan(t.Context(), d, reconcile.Options{})
	if got := s.Keycloak.Requests(); got > 4 {
		t.Errorf("%d requests to Keycloak for %d clients", got, len(clients))
	}
}

// TestAThousandClientsAreReadInFewRequests: whatever their number, clients are listed in pages, and a run that changes
// nothing asks Keycloak at most 25 times.
func TestAThousandClientsAreReadInFewRequests(t *testing.T) {
	w := fakeWorld(t)
	var clients []keycloak.Client
	for i := range 1000 {
		c, err := keycloak.ParseClient(fmt.Sprint("client-", i), map[string]any{"publicClient": false, "defaultClientScopes": []any{"profile", "email"}})
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	d := w.desired(clients...)
	w.run(d, reconcile.Options{})
	s, err := w.systems()
	if err != nil {
		t.Fatal(err)
	}
	plans := s.Plan(t.Context(), d, reconcile.Options{})
	if err := failures(plans, s.Apply(t.Context(), plans, reconcile.Options{})); err != nil {
		t.Fatal(err)
	}
	if n := s.Keycloak.Requests(); len(plans[0].Changes) != 0 || n > 25 {
		t.Errorf("%d requests, %d changes", n, len(plans[0].Changes))
	}
}

// userLogsIn goes through the whole code flow; the fake has no pages.
func userLogsIn(t *testing.T, w *world) {
	if w.fake != nil {
		t.Skip("the fake has no login page")
	}
	c := portal(t, "backstage")
	d := w.desired(c)
	w.run(d, reconcile.Options{})
	w.admin(http.MethodPost, "users", map[string]any{
		"username": "jane", "enabled": true, "email": "jane@example.com", "emailVerified": true, "firstName": "Jane", "lastName": "Doe",
		"credentials": []any{map[string]any{"type": "password", "value": "jane-password", "temporary": false}},
	})
	s, err := w.systems()
	if err != nil {
		t.Fatal(err)
	}
	user := keycloak.User{Name: "jane", Password: secret.New("jane-password")}
	vaulted, _ := w.getVault("backstage")["value"].(string)
	for _, proof := range s.Prove(t.Context(), w.realm, c, secret.New(vaulted), user) {
		if proof.Err != nil {
			t.Errorf("%s: %v", proof.Check, proof.Err)
		}
	}
	if proofs := s.Prove(t.Context(), w.realm, c, secret.Value{}, user); len(proofs) != 2 {
		t.Errorf("without the client's secret %d things were tried, want no login", len(proofs))
	}
	broken := portal(t, "backstage")
	broken.Fields["redirectUris"], broken.DefaultScopes = []any{"https://other.example/cb"}, []string{"profile"}
	wrongSecret := s.Prove(t.Context(), w.realm, c, secret.New("wrong"), user)
	foreignScope := portal(t, "backstage")
	foreignScope.OptionalScopes = []string{"phone"}
	for want, got := range map[string]error{
		"authorization endpoint for client backstage: Invalid parameter: redirect_uri":  s.Prove(t.Context(), w.realm, broken, secret.Value{}, keycloak.User{})[1].Err,
		"authorization endpoint for client backstage: invalid_scope":                    s.Prove(t.Context(), w.realm, foreignScope, secret.Value{}, keycloak.User{})[1].Err,
		"exchange the code for client backstage: 401 Unauthorized: unauthorized_client": wrongSecret[2].Err,
	} {
		if got == nil || !strings.HasPrefix(got.Error(), want) {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}
