package reconcile

import (
	"context"
	"fmt"
	"slices"

	"github.com/ameideio/ameide/pkg/keycloak"
)

// Consumers tells which secret the users of a client have.
type Consumers interface {
	// Digests looks once.
	Digests(ctx context.Context, client ClientKey) (Digests, error)
}

// Digests are SHA-256 digests of a client's secret, in hexadecimal; empty while it is unknown or several differ.
type Digests struct {
	Synced  string // what the Kubernetes Secret holds that carries it
	Running string // what every running Pod that uses it was started with
}

// Rotation is how a client gets a new secret.
type Rotation struct {
	Policy string // the client policy that keeps the old secret valid for a while; empty when it ends at once
	Begun  bool   // the new secret is made already: an earlier run was cut off
	End    bool   // the old secret, which is still valid, is to be ended
}

// Rotations are the clients of a plan whose secrets are to be replaced, with how.
func (p RealmPlan) Rotations() []SecretPlan {
	return slices.DeleteFunc(slices.Clone(p.Secrets), func(s SecretPlan) bool { return s.Err != nil || s.Op != SecretRotate && s.Op != SecretEnd })
}

// planRotation decides whether a new secret is to be made. Where the two sides differ, an earlier rotation was cut off
// between Keycloak and Vault, and where the old secret is still valid, it was cut off later: it goes on from there, and
// there is no second secret.
func (s Systems) planRotation(ctx context.Context, p RealmPlan, now keycloak.Current, sp *SecretPlan) error {
	if sp.Rotation.Policy == "" {
		sp.Rotation.Policy = p.Overlap.Policy(now)
	}
	rotated, err := s.Keycloak.HasRotated(ctx, p.Realm.Name, now.UUID)
	if err != nil {
		return fmt.Errorf("ask for the old secret of client %s: %w", sp.Client, err)
	}
	sp.Rotation.End = rotated && s.mayEnd()
	switch {
	case sp.Rotation.Begun: // announced in Vault
	case sp.differs() && !now.Secret.Placeholder():
		sp.Note = "finishes an interrupted rotation; no second secret is made"
		if rotated {
			sp.Op, sp.Rotation.Begun = SecretRotate, true
		}
	case rotated && sp.Rotation.End:
		sp.Op, sp.Note = SecretEnd, "the secret was replaced before; its old one is still valid and is ended now"
	case rotated:
		sp.Note = "the secret was replaced before, and its old one is still valid: no second secret is made; --wait 0 ends the old one"
	default:
		sp.Op, sp.Note = SecretRotate, ""
		sp.Rotation.End = sp.Rotation.Policy != "" && s.mayEnd()
		if sp.Rotation.Policy != "" && !sp.Rotation.End {
			sp.Note = "the old secret stays valid until the policy ends it, because no cluster is given to see who has the new one; --wait 0 ends it at once"
		}
	}
	if sp.Op == SecretRotate && !sp.Rotation.Begun {
		return s.Vault.CanWrite(ctx, sp.Ref)
	}
	return nil
}

// mayEnd tells whether an old secret may be ended: somebody can see that it is used no more, or does not want to know.
func (s Systems) mayEnd() bool { return s.Consumers != nil || s.Wait == 0 }

// differs tells that Vault has a value of its own which is not Keycloak's.
func (sp *SecretPlan) differs() bool {
	return sp.Op == SecretWrite && !sp.From.Value.Empty() && !sp.From.Value.Placeholder()
}
