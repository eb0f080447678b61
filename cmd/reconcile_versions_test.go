package cmd

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/reconcile"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/vault"
)

// storeInMemory is a ConfigMap of which this program owns the keys in own.
type storeInMemory struct {
	data, applied map[string]string
	own           map[string]bool
	err           error
}

func (s *storeInMemory) Data(context.Context, string) (map[string]string, map[string]bool, error) {
	return s.data, s.own, nil
}

func (s *storeInMemory) Apply(_ context.Context, _ string, data map[string]string) error {
	s.applied = data
	return s.err
}

func TestDigestsAreWrittenOnlyWhereTheConfigMapSaysSomethingElse(t *testing.T) {
	digest := "sha256:" + secret.New("a").Digest()
	d := reconcile.Desired{Realm: "ameide", Secrets: map[reconcile.ClientKey]vault.Ref{{Realm: "ameide", Client: "portal"}: {}}}
	plans := []reconcile.RealmPlan{{Plan: keycloak.Plan{Realm: keycloak.Realm{Name: "ameide"}}}}
	results := [][]reconcile.Result{{{Client: "portal", Done: true, Entry: vault.Entry{Value: secret.New("a")}}}}
	for _, test := range []struct {
		name   string
		store  storeInMemory
		status string
	}{
		{"there is none yet", storeInMemory{}, "written"},
		{"it says so already", storeInMemory{data: map[string]string{"portal": digest}, own: map[string]bool{"portal": true}}, "unchanged"},
		{"somebody else wrote it", storeInMemory{data: map[string]string{"portal": digest}}, "written"},
		{"another key of somebody else stays", storeInMemory{data: map[string]string{"portal": digest, "alias": "x"}, own: map[string]bool{"portal": true}}, "unchanged"},
		{"a client is gone", storeInMemory{data: map[string]string{"portal": digest, "old": "x"}, own: map[string]bool{"portal": true, "old": true}}, "written"},
		{"the secret is new", storeInMemory{data: map[string]string{"portal": "sha256:old"}, own: map[string]bool{"portal": true}}, "written"},
		{"it may not be written", storeInMemory{err: errors.New("forbidden")}, "failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r reconcileReport
			flags := versionFlags{configMap: "dev/versions"}
			err := flags.keep(t.Context(), Env{Err: io.Discard}, &test.store, reconciled{d, plans, results}, &r)
			if (err != nil) != (test.status == "failed") || r.Versions.Status != test.status {
				t.Errorf("status %s, error %v, want %s", r.Versions.Status, err, test.status)
			}
			if test.status == "written" {
				if diff := cmp.Diff(test.store.applied, map[string]string{"portal": digest}); diff != "" {
					t.Errorf("-got +want:\n%s", diff)
				}
			} else if test.store.applied != nil && test.status == "unchanged" {
				t.Errorf("applied %v", test.store.applied)
			}
		})
	}
}

func TestTheConfigMapOfVersionsIsNamedWithItsNamespace(t *testing.T) {
	for _, text := range []string{"versions", "/versions", "dev/", "dev/a/b"} {
		if _, err := (&versionFlags{configMap: text}).open(); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if store, err := (&versionFlags{}).open(); store != nil || err != nil {
		t.Errorf("got %v, %v, want nothing", store, err)
	}
}
