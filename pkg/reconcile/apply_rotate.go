package reconcile

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/vault"
)

// lookEvery is the pause between two looks at the consumers.
const lookEvery = time.Second

// errNotTaken is a wait for the consumers that ended without them.
var errNotTaken = errors.New("its consumers do not have the new secret")

// rotate replaces a secret. With an overlap Keycloak makes the new one and both are valid until the old one is ended.
// Without it the order that leaves the shortest gap is the other way round: Vault first, so that the consumers have the new
// secret when Keycloak begins to ask for it.
func (s Systems) rotate(ctx context.Context, realm string, now keycloak.Current, sp SecretPlan) (vault.Entry, error) {
	entry, err := s.replace(ctx, realm, now, sp)
	if err != nil || !sp.Rotation.End {
		return entry, err
	}
	return entry, s.end(ctx, realm, now.UUID, sp, entry.Value)
}

func (s Systems) replace(ctx context.Context, realm string, now keycloak.Current, sp SecretPlan) (vault.Entry, error) {
	if sp.Rotation.Policy == "" || sp.From.Replaces != "" {
		return s.vaultFirst(ctx, realm, now, sp)
	}
	if !sp.Rotation.Begun {
		if err := s.Keycloak.Rotate(ctx, realm, now.UUID, now.Secret); err != nil {
			return sp.From, fmt.Errorf("rotate the secret of client %s: %w", sp.Client, err)
		}
	}
	return s.sync(ctx, realm, now.UUID, sp)
}

// vaultFirst announces the new secret in Vault, lets the consumers take it, and then gives it to Keycloak. The
// check-and-set of the announcement decides between two runs; the later one goes on with the other's secret.
func (s Systems) vaultFirst(ctx context.Context, realm string, now keycloak.Current, sp SecretPlan) (vault.Entry, error) {
	entry := sp.From
	if !sp.Rotation.Begun {
		var err error
		entry, err = s.Vault.Announce(ctx, sp.Ref, sp.From, secret.New(rand.Text()+rand.Text()), now.Secret)
		if err != nil && !errors.Is(err, vault.ErrConflict) {
			return entry, err
		}
	}
	if entry.Replaces == now.Secret.Digest() {
		if err := s.await(ctx, realm, sp, func(d Digests) string { return d.Synced }, entry.Value); err != nil {
			return s.withdraw(ctx, sp, entry, now.Secret, err)
		}
		if err := s.Keycloak.SetSecret(ctx, realm, now.UUID, entry.Value); err != nil {
			return entry, fmt.Errorf("rotate the secret of client %s: %w", sp.Client, err)
		}
	}
	sp.From = entry
	return s.sync(ctx, realm, now.UUID, sp)
}

// withdraw puts the old secret back into Vault, also when the run was interrupted: nobody has the new one for certain.
func (s Systems) withdraw(ctx context.Context, sp SecretPlan, announced vault.Entry, old secret.Value, why error) (vault.Entry, error) {
	entry, err := s.Vault.Write(context.WithoutCancel(ctx), sp.Ref, announced, old)
	if err != nil {
		return entry, fmt.Errorf("rotate the secret of client %s: %w; Vault has the new secret and Keycloak the old one, run it again: %w", sp.Client, why, err)
	}
	return entry, fmt.Errorf("rotate the secret of client %s: %w; Vault has the old one again", sp.Client, why)
}

// end ends the old secret when every consumer runs with the new one.
func (s Systems) end(ctx context.Context, realm, uuid string, sp SecretPlan, value secret.Value) error {
	if err := s.await(ctx, realm, sp, func(d Digests) string { return d.Running }, value); err != nil {
		return fmt.Errorf("end the old secret of client %s: %w; the old one is still valid, run it again to go on", sp.Client, err)
	}
	if err := s.Keycloak.EndRotated(ctx, realm, uuid); err != nil {
		return fmt.Errorf("end the old secret of client %s: %w", sp.Client, err)
	}
	return nil
}

// await waits until the consumers have a secret, as long as Wait allows. Where they are not seen it waits for nothing.
func (s Systems) await(ctx context.Context, realm string, sp SecretPlan, digest func(Digests) string, value secret.Value) error {
	if !sp.Rotation.Seen || s.Wait == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.Wait)
	defer cancel()
	behind := ""
	for {
		have, err := s.Consumers.Digests(ctx, ClientKey{realm, sp.Client})
		if err == nil && digest(have) == value.Digest() {
			return nil
		}
		if err == nil && have.behind(value) != behind {
			behind = have.behind(value)
			s.tell("waiting for the consumers of client " + sp.Client + ": " + behind)
		}
		if stopped := s.Sleep(ctx, lookEvery); stopped != nil {
			return s.notTaken(stopped, err, behind)
		}
	}
}

// notTaken is why a wait ended without the consumers: their last state, or why that is not known.
func (s Systems) notTaken(stopped, err error, behind string) error {
	switch {
	case !errors.Is(stopped, context.DeadlineExceeded):
		return stopped
	case err != nil:
		return fmt.Errorf("%w after %s: %w", errNotTaken, s.Wait, err)
	}
	return fmt.Errorf("%w after %s: %s", errNotTaken, s.Wait, behind)
}

func (s Systems) tell(text string) {
	if s.Tell != nil {
		s.Tell(text)
	}
}
