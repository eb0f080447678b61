package keycloak

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Nerzal/gocloak/v13"

	"github.com/ameideio/ameide/pkg/secret"
)

const tokenPath = "master/protocol/openid-connect/token"

// login returns a token that is not the stale one: the session's own, or a new one. Several requests that fail at once
// with one stale token log in once.
func (a *API) login(ctx context.Context, stale secret.Value) (secret.Value, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.token.Empty() && (stale.Empty() || !a.token.Equal(stale)) {
		return a.token, nil
	}
	token, err := a.newToken(ctx)
	if err != nil {
		return secret.Value{}, fmt.Errorf("log in to realm master: %w", err)
	}
	a.token = secret.New(token)
	return a.token, nil
}

// newToken asks as the service account, and as the bootstrap administrator only when that one is refused.
func (a *API) newToken(ctx context.Context) (string, error) {
	c := a.config
	if c.ClientSecret.Empty() && c.Password.Empty() {
		return "", &Error{Method: http.MethodPost, Path: tokenPath, Reason: "no credentials: invalid_client"}
	}
	var first error
	if !c.ClientSecret.Empty() {
		token, err := a.ask(ctx, func() (*gocloak.JWT, error) {
			return a.client.LoginClient(ctx, c.ClientID, c.ClientSecret.Reveal(), "master")
		})
		if err == nil || c.Password.Empty() || !refusedLogin(err) {
			return token, err
		}
		first = err
	}
	note := "logging in as the bootstrap administrator " + c.User + ": no service account is given"
	if first != nil {
		note = fmt.Sprintf("the service account %s cannot log in (%v); falling back to the bootstrap administrator %s", c.ClientID, first, c.User)
	}
	c.Note(note)
	token, err := a.ask(ctx, func() (*gocloak.JWT, error) {
		return a.client.LoginAdmin(ctx, c.User, c.Password.Reveal(), "master")
	})
	return token, errors.Join(err, onlyWith(err, first))
}

func onlyWith(err, first error) error {
	if err == nil {
		return nil
	}
	return first
}

// ask repeats a login that was not answered: a token request changes nothing.
func (a *API) ask(ctx context.Context, login func() (*gocloak.JWT, error)) (string, error) {
	for try := 1; ; try++ {
		jwt, err := login()
		if err == nil && jwt.AccessToken != "" {
			return jwt.AccessToken, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		e := tokenError(err)
		if try == attempts || e.Status != 0 && e.Status < http.StatusInternalServerError && e.Status != http.StatusTooManyRequests {
			return "", e
		}
		if err := a.config.Sleep(ctx, pause(try, e.Status, nil)); err != nil {
			return "", err
		}
	}
}

func refusedLogin(err error) bool {
	return hasStatus(err, http.StatusUnauthorized) || hasStatus(err, http.StatusBadRequest)
}

// tokenError is gocloak's error with the status and reason in their own places.
func tokenError(err error) *Error {
	e := &Error{Method: http.MethodPost, Path: tokenPath, Reason: "the answer has no access_token"}
	var api *gocloak.APIError
	if errors.As(err, &api) {
		e.Status = api.Code
		_, e.Reason, _ = strings.Cut(api.Message, ": ")
		if e.Status == 0 { // the library's text of a request that was not answered ends with why
			e.Reason = clip(api.Message[strings.LastIndex(api.Message, `": `)+1:])
			e.Reason = strings.TrimPrefix(e.Reason, ": ")
		}
	}
	return e
}
