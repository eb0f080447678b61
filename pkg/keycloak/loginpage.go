package keycloak

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
)

// LoginPage is Keycloak's form for user and password, as an application's redirect has opened it in a browser of its own.
type LoginPage struct {
	api     *API
	browser *http.Client
	action  string
}

// OpenLogin opens an address of the authorization endpoint, such as an application sends browsers to. Its error is why
// Keycloak shows something else than a login page, without the address, whose query may carry secrets.
func (a *API) OpenLogin(ctx context.Context, address string) (*LoginPage, error) {
	browser := a.browser()
	page, err := a.browse(ctx, browser, http.MethodGet, address, nil)
	if err == nil {
		err = page.refusal()
	}
	if err != nil {
		return nil, fmt.Errorf("authorization endpoint: %w", err)
	}
	return &LoginPage{a, browser, html.UnescapeString(string(formAction.FindSubmatch(page.body)[1]))}, nil
}

// To is where the form sends what is written into it, without its query, which may carry secrets.
func (l *LoginPage) To() string {
	to, _, _ := strings.Cut(l.action, "?")
	return to
}

// Submit logs a user in. It returns where Keycloak sends the browser, with the code in its query.
func (l *LoginPage) Submit(ctx context.Context, u User) (*url.URL, error) {
	form := url.Values{"username": {u.Name}, "password": {u.Password.Reveal()}, "credentialId": {""}}
	page, err := l.api.browse(ctx, l.browser, http.MethodPost, l.action, form)
	if err != nil {
		return nil, fmt.Errorf("log in as %s: %w", u.Name, err)
	}
	if page.location.Query().Get("code") == "" {
		return nil, fmt.Errorf("log in as %s: Keycloak did not accept the user, or asks for more than a password", u.Name)
	}
	return page.location, nil
}
