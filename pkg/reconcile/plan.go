package reconcile

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/vault"
)

// Systems are the two systems, and how many realms and entries are worked on at once.
type Systems struct {
	Keycloak  *keycloak.API
	Vault     *vault.KV
	Parallel  int
	Consumers Consumers     // who uses the secrets; nil when no cluster is known
	Wait      time.Duration // how long a rotation waits for them; 0 not at all
	Tell      func(string)  // is told what a rotation waits for; nil tells nobody
	Sleep     func(context.Context, time.Duration) error
}

// Options say what a run may do.
type Options struct {
	Adopt  bool // change clients that carry no mark of ours
	Rotate bool // make new secrets
}

// RealmPlan is what is to be done in one realm, or why that is not known.
type RealmPlan struct {
	keycloak.Plan
	Secrets []SecretPlan     // in the order of the clients that have one
	Overlap keycloak.Overlap // of a rotation's old and new secret
	Err     error
}

// SecretOp is what is done about one secret.
type SecretOp string

// The closed set of operations on secrets.
const (
	SecretNone   SecretOp = "none"
	SecretWrite  SecretOp = "write_secret"
	SecretRotate SecretOp = "rotate"
	SecretEnd    SecretOp = "end_old_secret"
)

// SecretPlan is one client's secret: where it is and where it belongs.
type SecretPlan struct {
	Client string
	Ref    vault.Ref
	Op     SecretOp
	From   vault.Entry  // what Vault has
	To     secret.Value // what Keycloak has; empty when the client does not exist yet
	Note   string       // what the operator should know
	Err    error        // why nothing is done about this client

	Rotation Rotation // of SecretRotate and SecretEnd
}

// Plan reads both systems and compares them with what is declared; it writes nothing. One realm that fails does not stop
// the others.
func (s Systems) Plan(ctx context.Context, d Desired, o Options) []RealmPlan {
	plans := make([]RealmPlan, len(d.Realms))
	s.each(len(plans), func(i int) {
		plans[i] = s.planRealm(ctx, d, d.Realms[i], o)
	})
	return plans
}

func (s Systems) planRealm(ctx context.Context, d Desired, r keycloak.Realm, o Options) RealmPlan {
	p := RealmPlan{Plan: keycloak.Plan{Realm: r}}
	state, err := s.Keycloak.Read(ctx, r)
	if err != nil {
		p.Err = err
		return p
	}
	if p.Plan, p.Err = keycloak.Diff(r, state, o.Adopt); p.Err != nil {
		return p
	}
	if o.Rotate {
		if !o.Adopt {
			p.refuseForeign()
		}
		if p.Overlap, p.Err = s.Keycloak.ReadOverlap(ctx, r.Name); p.Err != nil {
			return p
		}
	}
	p.Secrets = s.planSecrets(ctx, d, p, o)
	return p
}

// refuseForeign refuses every existing client without our mark: a new secret is a change, too.
func (p *RealmPlan) refuseForeign() {
	for _, c := range p.Realm.Clients {
		now, exists := p.State.Clients[c.ID]
		if exists && !now.Owned() && !slices.Contains(p.Refused, c.ID) {
			p.Refused = append(p.Refused, c.ID)
		}
	}
}

// Secret is the plan of a client's secret, nil when it has none.
func (p RealmPlan) Secret(client string) *SecretPlan {
	i := slices.IndexFunc(p.Secrets, func(s SecretPlan) bool { return s.Client == client })
	if i < 0 {
		return nil
	}
	return &p.Secrets[i]
}

// planSecrets reads the Vault entries of a realm's clients, several at once.
func (s Systems) planSecrets(ctx context.Context, d Desired, p RealmPlan, o Options) []SecretPlan {
	var plans []SecretPlan
	for _, c := range p.Realm.Clients {
		if ref, ok := d.Secrets[ClientKey{p.Realm.Name, c.ID}]; ok {
			plans = append(plans, SecretPlan{Client: c.ID, Ref: ref, Op: SecretNone})
		}
	}
	s.each(len(plans), func(i int) {
		plans[i].Err = s.planSecret(ctx, p, &plans[i], o)
	})
	return plans
}

func (s Systems) planSecret(ctx context.Context, p RealmPlan, sp *SecretPlan, o Options) (err error) {
	if sp.From, err = s.Vault.Read(ctx, sp.Ref); err != nil {
		return err
	}
	i := slices.IndexFunc(p.Realm.Clients, func(c keycloak.Client) bool { return c.ID == sp.Client })
	now, exists := p.State.Clients[sp.Client]
	if err := sp.judge(p.Realm.Clients[i], now, exists); err != nil || !exists || now.Secret.Empty() || slices.Contains(p.Refused, sp.Client) {
		return err
	}
	switch {
	case o.Rotate:
		return s.planRotation(ctx, p, now, sp)
	case sp.Rotation.Begun:
		_, err = s.look(ctx, p.Realm.Name, sp)
	}
	return err
}

// judge compares the two sides of a secret.
func (sp *SecretPlan) judge(c keycloak.Client, now keycloak.Current, exists bool) error {
	sp.To = now.Secret
	switch {
	case !exists && c.ReadOnly:
		return fmt.Errorf("client %s, whose secret belongs to %s, does not exist and is declared nowhere", sp.Client, sp.Ref.Path())
	case exists && now.Secret.Empty() && c.Fields["publicClient"] != false:
		return fmt.Errorf("client %s is public or does not authenticate with a secret, and secretExtraction asks for one", sp.Client)
	case !exists, now.Secret.Empty():
		sp.Op, sp.Note = SecretWrite, "Keycloak makes the secret"
	case sp.From.Replaces != "" && sp.From.Replaces == now.Secret.Digest():
		sp.Op, sp.Note, sp.Rotation.Begun = SecretRotate, "finishes an interrupted rotation; no second secret is made", true
	case sp.From.Replaces != "" && now.Secret.Equal(sp.From.Value):
		sp.Op, sp.Note = SecretWrite, "ends the announcement of a rotation that is complete"
	case !now.Secret.Equal(sp.From.Value):
		sp.Op, sp.Note = SecretWrite, reasonToWrite(sp.From.Value)
	}
	if exists && now.Secret.Placeholder() {
		sp.Note = "the secret in Keycloak itself is a placeholder; replace it with --rotate"
	}
	return nil
}

func reasonToWrite(have secret.Value) string {
	switch {
	case have.Empty():
		return "Vault has no value"
	case have.Placeholder():
		return "Vault has a placeholder"
	}
	return "Vault has another value than Keycloak"
}

// each calls f for every index, up to Parallel at once.
func (s Systems) each(n int, f func(int)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, max(1, s.Parallel))
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f(i)
		})
	}
	wg.Wait()
}
