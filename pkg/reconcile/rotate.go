package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/secret"
)

// Consumers tells which secret the users of a client have.
type Consumers interface {
	// Digests looks once.
	Digests(ctx context.Context, client ClientKey) (Digests, error)
}

// Digests are SHA-256 digests of a client's secret, in hexadecimal; empty while it is unknown or several differ.
type Digests struct {
	Synced  string   // what the Kubernetes Secrets hold that carry it
	Running string   // what every running Pod that uses it was started with
	Secrets []string // as namespace/name
	Held    []string // what each of them holds
	Pods    int      // that run with one of the Secrets
	Old     []string // those of them that were started before it was written last
}

// behind is why the consumers do not have a secret yet.
func (d Digests) behind(value secret.Value) string {
	secrets := strings.Join(d.Secrets, ", ")
	switch {
	case d.Synced != value.Digest():
		return d.unsynced(value.Digest())
	case len(d.Old) > 0:
		return "Pods that were started before: " + strings.Join(d.Old, ", ") + "; see whether Reloader restarts them"
	}
	return "no Pod runs with Secret " + secrets
}

// unsynced names the Secrets that do not hold a value yet, and those that were faster.
func (d Digests) unsynced(digest string) string {
	var others, have []string
	for i, s := range d.Secrets {
		if d.Held[i] == digest {
			have = append(have, s)
		} else {
			others = append(others, s)
		}
	}
	text := "Secret " + strings.Join(others, ", ") + " holds another one: see the refresh interval and the status of its ExternalSecret"
	if len(have) > 0 {
		text += "; Secret " + strings.Join(have, ", ") + " has it already, and Pods that start with it cannot log in until both sides are alike again"
	}
	return text
}

// Rotation is how a client gets a new secret.
type Rotation struct {
	Policy string // the client policy that keeps the old secret valid for a while; empty when it ends at once
	Begun  bool   // the new secret is made already: an earlier run was cut off
	End    bool   // the old secret, which is still valid, is to be ended
	Seen   bool   // the consumers can be seen, and are waited for
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
	unseen, err := s.look(ctx, p.Realm.Name, sp)
	if err != nil {
		return err
	}
	mayEnd := unseen == ""
	sp.Rotation.End = rotated && mayEnd
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
		sp.Note = "the secret was replaced before, and its old one is still valid: no second secret is made; --wait 0 ends the old one (" + unseen + ")"
	default:
		sp.Op, sp.Note = SecretRotate, ""
		sp.Rotation.End = sp.Rotation.Policy != "" && mayEnd
		if sp.Rotation.Policy != "" && !sp.Rotation.End {
			sp.Note = "the old secret stays valid until the policy ends it, because nobody can tell who has the new one (" + unseen + "); --wait 0 ends it at once"
		}
	}
	if sp.Op == SecretRotate && !sp.Rotation.Begun {
		return s.Vault.CanWrite(ctx, sp.Ref)
	}
	return nil
}

// look asks once who uses a client's secret, before anything is changed; nobody is asked where nobody is waited for.
// unseen is why it cannot be told when the old secret is used no more: Pods that nobody sees may run elsewhere.
func (s Systems) look(ctx context.Context, realm string, sp *SecretPlan) (unseen string, err error) {
	switch {
	case s.Wait == 0:
		return "", nil
	case s.Consumers == nil:
		return "no cluster is given", nil
	}
	have, err := s.Consumers.Digests(ctx, ClientKey{realm, sp.Client})
	switch {
	case errors.Is(err, ErrNoConsumers):
		return err.Error(), nil
	case err != nil:
		return "", fmt.Errorf("look for the consumers of client %s (--wait 0 does not): %w", sp.Client, err)
	case have.Pods == 0:
		unseen = "no Pod runs with Secret " + strings.Join(have.Secrets, ", ")
	}
	sp.Rotation.Seen = true
	return unseen, nil
}

// differs tells that Vault has a value of its own which is not Keycloak's.
func (sp *SecretPlan) differs() bool {
	return sp.Op == SecretWrite && !sp.From.Value.Empty() && !sp.From.Value.Placeholder()
}
