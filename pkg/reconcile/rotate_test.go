package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ameideio/ameide/pkg/reconcile"
	"github.com/ameideio/ameide/pkg/secret"
)

// rotation is where the secrets of a client are.
type rotation struct {
	keycloak, old, vault, announced string // announced is what the value in Vault is to replace
}

func (w *world) rotation(client string) rotation {
	w.t.Helper()
	c := w.clients(client)[0]
	data := w.getVault(client)
	r := rotation{keycloak: fmt.Sprint(c["secret"])}
	r.vault, _ = data["value"].(string)
	r.announced, _ = data["value_replaces"].(string)
	r.old, _ = w.tryAdmin(http.MethodGet, "clients/"+c["id"].(string)+"/client-secret/rotated", nil)["value"].(string)
	return r
}

// made is the new secret of a rotation that was cut off, empty when there is none yet.
func (r rotation) made(before rotation) string {
	switch {
	case r.keycloak != before.keycloak:
		return r.keycloak
	case r.announced != "":
		return r.vault
	}
	return ""
}

// complete tells that a rotation was cut off after its last step: nobody could tell it from none.
func (r rotation) complete(before rotation) bool {
	return r.keycloak != before.keycloak && r.vault == r.keycloak && r.old == "" && r.announced == ""
}

// finished judges what the next run made of a rotation that was cut off.
func (r rotation) finished(before, cut rotation) error {
	if made := cut.made(before); made != "" && r.keycloak != made {
		return errors.New("a second secret was made")
	}
	if !r.complete(before) {
		return errors.New("the rotation is not finished")
	}
	return nil
}

// repaired looks at a rotation that was cut off, runs again, and looks once more.
func (w *world) repaired(d reconcile.Desired, before rotation, overlap bool) error {
	w.t.Helper()
	client := d.Realms[0].Clients[0].ID
	cut := w.rotation(client)
	if overlap && cut.vault != cut.keycloak && cut.vault != cut.old {
		return errors.New("no valid secret is in Vault")
	}
	w.run(d, reconcile.Options{Rotate: !cut.complete(before)})
	w.converged(d)
	return w.rotation(client).finished(before, cut)
}

// withOverlap lets the realm keep old secrets valid.
func (w *world) withOverlap() {
	w.t.Helper()
	if w.fake != nil {
		w.fake.Overlap = true
		return
	}
	w.admin(http.MethodPut, "client-policies/profiles", map[string]any{"profiles": []any{map[string]any{
		"name": "rotate", "executors": []any{map[string]any{"executor": "secret-rotation", "configuration": map[string]any{
			"expiration-period": 31536000, "rotated-expiration-period": 86400, "remaining-rotation-period": 0,
		}}},
	}}})
	w.admin(http.MethodPut, "client-policies/policies", map[string]any{"policies": []any{map[string]any{
		"name": "rotate", "enabled": true, "profiles": []any{"rotate"},
		"conditions": []any{map[string]any{"condition": "client-access-type", "configuration": map[string]any{"type": []any{"confidential"}}}},
	}}})
}

func rotated(t *testing.T, w *world) {
	d := w.desired(portal(t, "backstage"))
	w.run(d, reconcile.Options{})
	before := w.rotation("backstage")
	p := w.run(d, reconcile.Options{Rotate: true})[0]
	w.converged(d)
	if now := w.rotation("backstage"); now.keycloak == before.keycloak || now.old != "" {
		t.Errorf("the secret is the old one: %v; an old one is valid: %v", now.keycloak == before.keycloak, now.old != "")
	}
	if got := p.Rotations(); len(got) != 1 || got[0].Rotation.Policy != "" {
		t.Errorf("planned %+v", got)
	}
}

// rotatedWithOverlap: the old secret is left to the policy where nobody can see that it is used no more.
func rotatedWithOverlap(t *testing.T, w *world) {
	d := w.desired(portal(t, "backstage"))
	w.run(d, reconcile.Options{})
	w.withOverlap()
	before := w.rotation("backstage")
	s, err := w.systems()
	if err != nil {
		t.Fatal(err)
	}
	s.Wait = time.Minute
	rotate := func() reconcile.SecretPlan {
		plans := s.Plan(t.Context(), d, reconcile.Options{Rotate: true})
		if err := failures(plans, s.Apply(t.Context(), plans, reconcile.Options{Rotate: true})); err != nil {
			t.Fatal(err)
		}
		return plans[0].Secrets[0]
	}
	if p := rotate(); p.Rotation.Policy != "rotate" || !strings.Contains(p.Note, "no cluster is given") {
		t.Errorf("planned %+v", p)
	}
	now := w.rotation("backstage")
	if now.keycloak == before.keycloak || now.old != before.keycloak || now.vault != now.keycloak {
		t.Error("Vault must have the new secret, and Keycloak must keep the old one")
	}
	w.run(d, reconcile.Options{}) // drift that is repaired meanwhile keeps it, too
	w.edit("backstage", func(c map[string]any) { c["name"] = "drift" })
	w.run(d, reconcile.Options{})
	if p := rotate(); p.Op != reconcile.SecretNone || w.rotation("backstage") != now {
		t.Errorf("planned %+v, which must leave everything as it is", p)
	}
	s.Wait = 0
	if p := rotate(); p.Op != reconcile.SecretEnd {
		t.Errorf("planned %+v", p)
	}
	if end := w.rotation("backstage"); end.old != "" || end.keycloak != now.keycloak {
		t.Error("the old secret is still valid, or there is a new one")
	}
}

func rotationFinished(t *testing.T, w *world) {
	d := w.desired(portal(t, "backstage"))
	w.run(d, reconcile.Options{})
	for _, overlap := range []bool{false, true} {
		if overlap {
			w.withOverlap()
		}
		before := w.rotation("backstage")
		w.admin(http.MethodPost, "clients/"+w.clients("backstage")[0]["id"].(string)+"/client-secret", map[string]any{})
		if err := w.repaired(d, before, overlap); err != nil {
			t.Errorf("overlap=%v: %v", overlap, err)
		}
	}
}

// announcedFinished: without overlap a rotation is cut off between Vault and Keycloak. Also a run that is asked for no
// rotation goes on, because Vault's secret is not valid yet.
func announcedFinished(t *testing.T, w *world) {
	d := w.desired(portal(t, "backstage"))
	w.run(d, reconcile.Options{})
	for _, o := range []reconcile.Options{{}, {Rotate: true}} {
		before := w.rotation("backstage")
		w.putVault("backstage", map[string]any{"value": fmt.Sprint("announced", o.Rotate), "value_replaces": secret.New(before.keycloak).Digest(), "sibling": "kept"})
		w.run(d, o)
		w.converged(d)
		if now := w.rotation("backstage"); now.keycloak != fmt.Sprint("announced", o.Rotate) || now.announced != "" {
			t.Errorf("%+v: the announced secret is not Keycloak's: %v; it is still announced: %v", o, now.keycloak, now.announced)
		}
		if w.getVault("backstage")["sibling"] != "kept" {
			t.Error("a sibling field is lost")
		}
	}
}

// cluster is a cluster whose Secrets and Pods follow Vault, as far as it is let.
type cluster struct {
	w      *world
	mu     sync.Mutex
	looks  int
	synced int               // after so many looks the Secret follows
	seen   []reconcileMoment // what Keycloak and Vault had at each look but the plan's
}

type reconcileMoment struct{ rotation }

func (c *cluster) Digests(context.Context, reconcile.ClientKey) (reconcile.Digests, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks++
	old := reconcile.Digests{Synced: "old", Running: "old", Pods: 1, Secrets: []string{"dev/portal"}, Held: []string{"old"}}
	if c.looks == 1 {
		return old, nil
	}
	now := c.w.rotation("backstage")
	c.seen = append(c.seen, reconcileMoment{now})
	if c.looks == 2 {
		return reconcile.Digests{}, errors.New("the API server is away")
	}
	if c.looks < c.synced {
		return old, nil
	}
	digest := secret.New(now.vault).Digest()
	return reconcile.Digests{Synced: digest, Running: digest, Pods: 1}, nil
}

// waitsForConsumers: both secrets are valid while it waits with overlap; without it Keycloak keeps the old one so long.
func waitsForConsumers(t *testing.T, w *world) {
	d := w.desired(portal(t, "backstage"))
	w.run(d, reconcile.Options{})
	for _, overlap := range []bool{false, true} {
		if overlap {
			w.withOverlap()
		}
		before := w.rotation("backstage")
		c := &cluster{w: w, synced: 4}
		if err := w.rotateWith(d, c, time.Minute); err != nil {
			t.Fatal(err)
		}
		if len(c.seen) != 3 {
			t.Errorf("overlap=%v: %d looks", overlap, len(c.seen))
		}
		for _, m := range c.seen {
			if m.vault == before.vault || overlap != (m.keycloak == m.vault) || overlap != (m.old == before.keycloak) || !overlap && m.keycloak != before.keycloak {
				t.Errorf("overlap=%v: while it waited: %+v", overlap, m)
			}
		}
		if now := w.rotation("backstage"); now.old != "" || now.keycloak == before.keycloak || now.vault != now.keycloak {
			t.Errorf("overlap=%v: in the end: %+v", overlap, now)
		}
	}
}

// givesUpWaiting: with overlap everything stays valid; without it Vault gets the old secret back.
func givesUpWaiting(t *testing.T, w *world) {
	d := w.desired(portal(t, "backstage"))
	w.run(d, reconcile.Options{})
	before := w.rotation("backstage")
	never := &cluster{w: w, synced: 1 << 30}
	err := w.rotateWith(d, never, 50*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "its consumers do not have the new secret after 50ms") || !strings.Contains(err.Error(), "Vault has the old one again") {
		t.Errorf("error is %v", err)
	}
	if now := w.rotation("backstage"); now != before {
		t.Error("the secrets are not what they were")
	}
	w.withOverlap()
	if err = w.rotateWith(d, never, 50*time.Millisecond); err == nil || !strings.Contains(err.Error(), "the old one is still valid, run it again to go on") {
		t.Errorf("error is %v", err)
	}
	now := w.rotation("backstage")
	if now.old != before.keycloak || now.vault != now.keycloak {
		t.Error("both secrets must be valid, and the new one in Vault")
	}
	if err := w.rotateWith(d, &cluster{w: w}, time.Minute); err != nil {
		t.Fatal(err)
	}
	if end := w.rotation("backstage"); end.old != "" || end.keycloak != now.keycloak {
		t.Error("the next run must end the old secret and make none")
	}
}

func (w *world) rotateWith(d reconcile.Desired, c reconcile.Consumers, wait time.Duration) error {
	w.t.Helper()
	s, err := w.systems()
	if err != nil {
		w.t.Fatal(err)
	}
	s.Consumers, s.Wait = c, wait
	s.Sleep = func(ctx context.Context, _ time.Duration) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
			return nil
		}
	}
	plans := s.Plan(w.t.Context(), d, reconcile.Options{Rotate: true})
	return failures(plans, s.Apply(w.t.Context(), plans, reconcile.Options{Rotate: true}))
}

// foreignNotRotated: a new secret is a change, too.
func foreignNotRotated(t *testing.T, w *world) {
	w.admin(http.MethodPost, "clients", map[string]any{"clientId": "backstage", "publicClient": false})
	d := w.desired(portal(t, "backstage"))
	d.Realms[0].Clients[0].Fields, d.Realms[0].Clients[0].Mappers = map[string]any{"publicClient": false}, nil
	d.Realms[0].Clients[0].DefaultScopes, d.Realms[0].Clients[0].OptionalScopes = nil, nil
	before := w.clients("backstage")[0]["secret"]
	if p := w.run(d, reconcile.Options{Rotate: true})[0]; len(p.Refused) != 1 || w.clients("backstage")[0]["secret"] != before {
		t.Errorf("refused %v; the secret is the old one: %v", p.Refused, w.clients("backstage")[0]["secret"] == before)
	}
	w.run(d, reconcile.Options{Rotate: true, Adopt: true})
	if w.clients("backstage")[0]["secret"] == before {
		t.Error("the secret of the adopted client is the old one")
	}
}
