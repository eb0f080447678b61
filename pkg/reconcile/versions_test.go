package reconcile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/reconcile"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/vault"
)

func TestVersionsAreDigestsUnderTheClientsIDs(t *testing.T) {
	t.Parallel()
	d := reconcile.Desired{Realm: "ameide", Secrets: map[reconcile.ClientKey]vault.Ref{
		{Realm: "ameide", Client: "portal"}: {}, {Realm: "ameide", Client: "failed"}: {}, {Realm: "ameide", Client: "never"}: {},
		{Realm: "ameide", Client: "fixture"}: {}, {Realm: "ameide", Client: "not asked"}: {}, {Realm: "master", Client: "app"}: {},
		{Realm: "master", Client: "portal"}: {}, {Realm: "tenant", Client: "portal"}: {},
	}}
	done := func(client, value string) reconcile.Result {
		return reconcile.Result{Client: client, Done: true, Entry: vault.Entry{Value: secret.New(value)}}
	}
	plan := func(realm string) reconcile.RealmPlan {
		return reconcile.RealmPlan{Plan: keycloak.Plan{Realm: keycloak.Realm{Name: realm}}}
	}
	plans := []reconcile.RealmPlan{plan("ameide"), plan("master"), plan("tenant")}
	results := [][]reconcile.Result{
		{done("portal", "a"), {Client: "failed", Entry: vault.Entry{Value: secret.New("old")}}, done("fixture", "CHANGEME"), done("no secret", "")},
		{done("app", "b"), done("portal", "c")}, {done("portal", "d")},
	}
	have := map[string]string{"failed": "sha256:before", "portal": "sha256:before", "gone": "sha256:before"}
	got, unnamed := reconcile.Versions(d, plans, results, have)
	want := map[string]string{
		"portal": "sha256:" + secret.New("a").Digest(), "failed": "sha256:before", "app": "sha256:" + secret.New("b").Digest(),
		"master.portal": "sha256:" + secret.New("c").Digest(), "tenant.portal": "sha256:" + secret.New("d").Digest(),
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
	if diff := cmp.Diff(unnamed, []reconcile.ClientKey{{Realm: "ameide", Client: "not asked"}}); diff != "" {
		t.Errorf("unnamed, -got +want:\n%s", diff)
	}
}
