package keycloak

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/ameideio/ameide/pkg/secret"
)

// RotationKeepsOld tells whether a new secret leaves the old one valid for a while: an enabled client policy of the realm
// has a profile with the executor secret-rotation. The server refuses that executor unless its preview feature
// client-secret-rotation is on. Which clients the policy covers is decided by its conditions.
func (a *API) RotationKeepsOld(ctx context.Context, realm string) (bool, error) {
	var policies struct {
		Policies []struct {
			Enabled  bool
			Profiles []string
		}
	}
	var profiles struct {
		Profiles []struct {
			Name      string
			Executors []struct{ Executor string }
		}
	}
	if err := a.get(ctx, path(realm, "client-policies", "policies"), nil, &policies); err != nil {
		return false, fmt.Errorf("read client policies of realm %s: %w", realm, err)
	}
	if err := a.get(ctx, path(realm, "client-policies", "profiles"), nil, &profiles); err != nil {
		return false, fmt.Errorf("read client profiles of realm %s: %w", realm, err)
	}
	for _, profile := range profiles.Profiles {
		rotates := slices.ContainsFunc(profile.Executors, func(e struct{ Executor string }) bool { return e.Executor == "secret-rotation" })
		for _, policy := range policies.Policies {
			if rotates && policy.Enabled && slices.Contains(policy.Profiles, profile.Name) {
				return true, nil
			}
		}
	}
	return false, nil
}

// HasRotated tells whether a client's old secret is still valid beside the new one.
func (a *API) HasRotated(ctx context.Context, realm, uuid string) (bool, error) {
	err := a.get(ctx, path(realm, "clients", uuid, "client-secret", "rotated"), nil, nil)
	if hasStatus(err, http.StatusNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Rotate makes a new secret. An answer that is lost is found by reading: only where the old secret is still in place has
// nothing happened.
func (a *API) Rotate(ctx context.Context, realm, uuid string, old secret.Value) error {
	c := call{method: http.MethodPost, path: path(realm, "clients", uuid, "client-secret")}
	err := a.do(ctx, c, nil)
	if !maybeDone(err) || ctx.Err() != nil {
		return err
	}
	now, readErr := a.Secret(ctx, realm, uuid)
	if readErr == nil && !now.Equal(old) {
		return nil
	}
	return err
}
