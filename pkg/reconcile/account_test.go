package reconcile_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/reconcile"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/vault"
)

const accountID, accountSecret = "keycloak-admin-sa", "the-service-account-s-secret"

// inMaster lets the world's administrator act in realm master.
func (w *world) inMaster(act func()) {
	realm := w.realm
	w.realm = "master"
	defer func() { w.realm = realm }()
	act()
}

// account makes a service account in realm master with roles of the world's realm.
func (w *world) account(id string, roles ...string) {
	w.t.Helper()
	management := w.realm + "-realm"
	w.inMaster(func() {
		w.admin(http.MethodPost, "clients", map[string]any{
			"clientId": id, "secret": accountSecret, "publicClient": false, "serviceAccountsEnabled": true, "standardFlowEnabled": false,
		})
		user, _ := w.admin(http.MethodGet, "clients/"+w.clients(id)[0]["id"].(string)+"/service-account-user", nil).(map[string]any)
		from := w.clients(management)[0]["id"].(string)
		var grant []any
		for _, role := range w.admin(http.MethodGet, "clients/"+from+"/roles", nil).([]any) {
			if slices.Contains(roles, role.(map[string]any)["name"].(string)) {
				grant = append(grant, role)
			}
		}
		w.admin(http.MethodPost, "users/"+user["id"].(string)+"/role-mappings/clients/"+from, grant)
	})
}

// as are systems that a service account is logged in to, with the administrator as a fallback where a password is given.
func (w *world) as(id, accountSecret, password string, note func(string)) reconcile.Systems {
	w.t.Helper()
	kv, err := vault.Open(w.t.Context(), vault.Config{Address: w.serve(w.vault), Token: secret.New(w.token), Timeout: 30 * time.Second})
	if err != nil {
		w.t.Fatal(err)
	}
	return reconcile.Systems{Keycloak: keycloak.New(keycloak.Config{
		URL: w.serve(w.keycloak), ClientID: id, ClientSecret: secret.New(accountSecret), User: w.user, Password: secret.New(password),
		Timeout: 30 * time.Second, Sleep: w.sleep, Note: note,
	}), Vault: kv, Parallel: 4}
}

// serviceAccounts: exactly these roles are needed; without one of them the error names it.
func serviceAccounts(t *testing.T, makeWorld func(*testing.T) *world) {
	all := []string{"view-clients", "manage-clients", "view-realm", "manage-realm"}
	for name, tt := range map[string]struct {
		roles      []string
		want, hint string
	}{
		"all":            {roles: all},
		"view-clients":   {[]string{"view-realm"}, "read clients of realm", "give the service account the role view-clients"},
		"manage-clients": {[]string{"view-clients", "view-realm", "manage-realm"}, "403 Forbidden", "give the service account the role manage-clients"},
		"view-realm":     {[]string{"manage-clients", "view-clients"}, "read roles of realm", "give the service account the role view-realm"},
		"manage-realm":   {[]string{"manage-clients", "view-clients", "view-realm"}, "create_role viewer", "give the service account the role manage-realm"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := makeWorld(t)
			id := accountID + "-" + w.realm
			w.account(id, tt.roles...)
			d := w.desired(portal(t, "backstage"))
			d.Realms[0].Roles = []string{"viewer"}
			s := w.as(id, accountSecret, "", func(text string) { t.Errorf("noted: %s", text) })
			for _, o := range []reconcile.Options{{}, {Rotate: true}} {
				plans := s.Plan(t.Context(), d, o)
				results := s.Apply(t.Context(), plans, o)
				err := plans[0].Err
				if err == nil {
					err = results[0][0].Err
				}
				if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error is %v, want %q", err, tt.want)
				}
				var e *keycloak.Error
				if errors.As(err, &e) && !strings.Contains(e.Hint(), tt.hint) {
					t.Errorf("hint is %q, want %q", e.Hint(), tt.hint)
				}
			}
		})
	}
	t.Run("a wrong secret", func(t *testing.T) {
		t.Parallel()
		w := makeWorld(t)
		id := accountID + "-" + w.realm
		w.account(id, all...)
		d := w.desired(portal(t, "backstage"))
		var notes []string
		note := func(text string) { notes = append(notes, text) }
		err := w.as(id, "wrong", "", note).Plan(t.Context(), d, reconcile.Options{})[0].Err
		if err == nil || !strings.Contains(err.Error(), "log in to realm master: POST master/protocol/openid-connect/token: 401 Unauthorized: unauthorized_client: Invalid client or Invalid client credentials") || notes != nil {
			t.Errorf("error is %v, noted %q", err, notes)
		}
		if err := w.as(id, "wrong", w.password.Reveal(), note).Plan(t.Context(), d, reconcile.Options{})[0].Err; err != nil {
			t.Error(err)
		}
		if len(notes) != 1 || !strings.Contains(notes[0], "cannot log in") || !strings.HasSuffix(notes[0], "falling back to the bootstrap administrator admin") {
			t.Errorf("noted %q", notes)
		}
	})
}
