package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/vault"
)

// Result is what became of one client.
type Result struct {
	Client string
	Done   bool // everything planned is done and was read back
	Began  bool // something may have been written for it
	Entry  vault.Entry
	Err    error
}

// Apply makes the plans true and returns one list of results for each of them, in the order of its clients. A client that
// fails does not stop the others; one that was refused is left alone on both sides.
func (s Systems) Apply(ctx context.Context, plans []RealmPlan, o Options) [][]Result {
	all := make([][]Result, len(plans))
	s.each(len(plans), func(i int) {
		if plans[i].Err == nil {
			all[i], plans[i].Err = s.applyRealm(ctx, plans[i], o)
		}
	})
	return all
}

func (s Systems) applyRealm(ctx context.Context, p RealmPlan, o Options) ([]Result, error) {
	if err := s.Keycloak.ApplyRealm(ctx, p.Plan); err != nil {
		return nil, err
	}
	results := make([]Result, len(p.Realm.Clients))
	s.each(len(results), func(i int) {
		c := p.Realm.Clients[i]
		results[i] = Result{Client: c.ID}
		if slices.Contains(p.Refused, c.ID) {
			return
		}
		sp := p.Secret(c.ID)
		results[i].Began = (sp == nil || sp.Err == nil) && (len(p.Of(c.ID)) > 0 || sp != nil && sp.Op != SecretNone)
		results[i].Entry, results[i].Err = s.applyClient(ctx, p, c, o)
		results[i].Done = results[i].Err == nil
	})
	return results, nil
}

func (s Systems) applyClient(ctx context.Context, p RealmPlan, c keycloak.Client, o Options) (vault.Entry, error) {
	now, sp := p.State.Clients[c.ID], p.Secret(c.ID)
	if sp != nil && sp.Err != nil {
		return sp.From, sp.Err
	}
	if len(p.Of(c.ID)) > 0 {
		var err error
		if now, err = s.Keycloak.ApplyClient(ctx, p.Plan, c, o.Adopt); err != nil {
			return vault.Entry{}, err
		}
	}
	if sp == nil {
		return vault.Entry{}, nil
	}
	switch sp.Op {
	case SecretRotate:
		return s.rotate(ctx, p.Realm.Name, now, *sp)
	case SecretEnd:
		return sp.From, s.end(ctx, p.Realm.Name, now.UUID, *sp, sp.From.Value)
	case SecretWrite:
		return s.sync(ctx, p.Realm.Name, now.UUID, *sp)
	}
	return sp.From, nil
}

// rounds bounds how often two runs may get into each other's way.
const rounds = 8

// sync writes Keycloak's secret into Vault until one look finds both alike: another run may rotate or write meanwhile.
func (s Systems) sync(ctx context.Context, realm, uuid string, sp SecretPlan) (vault.Entry, error) {
	entry := sp.From
	for range rounds {
		value, err := s.Keycloak.Secret(ctx, realm, uuid)
		if err != nil {
			return entry, fmt.Errorf("client %s: %w", sp.Client, err)
		}
		if value.Placeholder() {
			return entry, fmt.Errorf("client %s: the secret in Keycloak itself is a placeholder", sp.Client)
		}
		if value.Equal(entry.Value) && entry.Replaces == "" {
			return entry, nil
		}
		next, err := s.Vault.Write(ctx, sp.Ref, entry, value)
		if err != nil && !errors.Is(err, vault.ErrConflict) {
			return entry, err
		}
		entry = next
	}
	return entry, fmt.Errorf("write %s: %w, %d times in a row", sp.Ref.Path(), vault.ErrConflict, rounds)
}
