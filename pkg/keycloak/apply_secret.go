package keycloak

import (
	"context"
	"fmt"
	"net/http"

	"github.com/ameideio/ameide/pkg/secret"
)

// Rotate lets Keycloak make a new secret. An answer that is lost is found by reading: only where the old secret is still
// in place has nothing happened.
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

// SetSecret replaces a client's secret, and reads it back.
func (a *API) SetSecret(ctx context.Context, realm, uuid string, value secret.Value) error {
	p := path(realm, "clients", uuid)
	err := a.put(ctx, p, func(whole map[string]any) { whole["secret"] = value.Reveal() })
	if err != nil {
		return err
	}
	now, err := a.Secret(ctx, realm, uuid)
	if err == nil && !now.Equal(value) {
		err = fmt.Errorf("%w: the secret is %s instead of %s", ErrIgnored, now.Short(), value.Short())
	}
	return err
}

// EndRotated ends the old secret that is valid beside the new one. One that has ended already is no error.
func (a *API) EndRotated(ctx context.Context, realm, uuid string) error {
	err := a.do(ctx, call{method: http.MethodDelete, path: path(realm, "clients", uuid, "client-secret", "rotated")}, nil)
	if hasStatus(err, http.StatusNotFound) {
		return nil
	}
	return err
}
