package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/lazy"
)

// madeUpCode is a code that no Keycloak ever gives: what it says to it tells whether it knows the client's secret.
const madeUpCode = "ameide-verify-made-up-code"

// login signs in as far as it can. Nothing is kept: without a test user no session comes to be.
func (r *reader) login(ctx context.Context) (Login, error) {
	if r.declared.Route == nil {
		return Login{}, NotAsked("no HTTPRoute is declared")
	}
	environment, oidc := r.declared.OIDC()
	if !oidc {
		return r.guest(ctx)
	}
	jar, _ := cookiejar.New(nil) // never fails
	client := r.publicClient(jar)
	start := r.declared.Env.BaseURL() + "/api/auth/oidc/start?" + url.Values{"env": {environment}, "scope": {"openid profile email"}}.Encode()
	asked, sent, err := get(ctx, client, start, nil)
	if err != nil {
		return Login{}, err
	}
	asked.Status, asked.Body = sent.status, snippet(sent.body)
	l := Login{Start: asked}
	if sent.status != http.StatusFound || sent.location == "" {
		return l, nil
	}
	l.Sent, _, _ = strings.Cut(sent.location, "?")
	page, err := r.keycloak(keycloak.Config{URL: r.keycloakBase()}).OpenLogin(ctx, sent.location)
	if l.Authorize = err; err != nil {
		return l, ctx.Err()
	}
	if r.User.Name != "" {
		l.User = r.User.Name
		if l.UserErr = r.stranger(l.Sent, page.To()); l.UserErr == nil {
			l.Exchange, l.UserErr = r.signIn(ctx, client, page)
		}
		if l.Exchange != "" || ctx.Err() != nil {
			return l, ctx.Err()
		}
	}
	l.Exchange, err = r.exchange(ctx, client, sent.location)
	return l, err
}

// stranger is why the test user's password is kept back: Backstage, or the page that it leads to, sends it elsewhere than to
// the declared issuer.
func (r *reader) stranger(sent, form string) error {
	endpoint := r.declared.Env.AuthorizationEndpoint()
	if sent != endpoint {
		return fmt.Errorf("not tried: Backstage sends the browser to %s, which gets no password meant for %s", sent, endpoint)
	}
	if !strings.HasPrefix(form, r.keycloakBase()+"/") {
		return fmt.Errorf("not tried: the login page sends the password to %s, which is not the issuer's", form)
	}
	return nil
}

// guest signs in as the guest, where there is no Keycloak: Backstage gives a token to anybody who asks.
func (r *reader) guest(ctx context.Context) (Login, error) {
	address := r.declared.Env.BaseURL() + "/api/auth/guest/refresh"
	asked, answer, err := get(ctx, r.publicClient(nil), address, http.Header{"X-Requested-With": {"XMLHttpRequest"}})
	asked.Status = answer.status
	if answer.status != http.StatusOK { // a good answer is a token
		asked.Body = snippet(answer.body)
	}
	return Login{Start: asked}, err
}

// keycloak is a session with the realm's Keycloak over the public way.
func (r *reader) keycloak(c keycloak.Config) *keycloak.API {
	c.Timeout, c.Transport, c.Sleep, c.Note = answerTime, r.Public, pause, func(string) {}
	return keycloak.New(c)
}

// keycloakBase is the issuer without its realm.
func (r *reader) keycloakBase() string {
	base, _, _ := strings.Cut(r.declared.Env.Issuer, "/realms/")
	return base
}

// exchange hands Backstage a made-up code in the name of the sign-in that was begun. Backstage asks Keycloak to exchange
// it, with the client secret that its process was started with, and reports what Keycloak says: a bad code, or a bad
// client.
func (r *reader) exchange(ctx context.Context, client *http.Client, authorization string) (string, error) {
	to, err := url.Parse(authorization)
	if err != nil {
		return "", errors.New("the address that Backstage sends the browser to cannot be read")
	}
	issuer, _, _ := strings.Cut(authorization, "/protocol/openid-connect/")
	query := url.Values{"state": {to.Query().Get("state")}, "code": {madeUpCode}, "iss": {issuer}, "session_state": {madeUpCode}}
	said, err := r.callback(ctx, client, query)
	if err != nil {
		return "", err
	}
	if said.Error.Message == "" {
		return "", errors.New("Backstage accepted a made-up code")
	}
	return oneLine(said.Error.Message), nil
}

// signIn logs the test user in, from Keycloak's page to Backstage's answer. exchange is what that says of the client secret:
// empty when no code came as far as Backstage, which is no word about the secret.
func (r *reader) signIn(ctx context.Context, client *http.Client, page *keycloak.LoginPage) (exchange string, err error) {
	back, err := page.Submit(ctx, r.User)
	if err != nil {
		return "", err
	}
	said, err := r.callback(ctx, client, back.Query())
	switch {
	case err != nil:
		return "", err
	case said.Error.Message != "":
		return oneLine(said.Error.Message), fmt.Errorf("Backstage: %s", oneLine(said.Error.Message))
	case said.Response.Identity == nil:
		return exchanged, errors.New("Backstage gave no identity: no sign-in resolver found the user in the catalog")
	}
	return exchanged, nil
}

// exchanged says that Keycloak gave tokens for a real code.
const exchanged = "a code was exchanged"

// authorization is what Backstage's callback page hands to the window that opened it. Tokens in it are not decoded.
type authorization struct {
	Error struct {
		Message string `json:"message"`
	} `json:"error"`
	Response struct {
		Identity *struct{} `json:"backstageIdentity"`
	} `json:"response"`
}

// posted is the message in the callback page (plugin-auth-node, sendWebMessageResponse).
var posted = lazy.Regexp(`authResponse = decodeURIComponent\('([^']*)'\)`)

func (r *reader) callback(ctx context.Context, client *http.Client, query url.Values) (authorization, error) {
	var out authorization
	asked, answer, err := get(ctx, client, r.declared.Env.RedirectURI()+"?"+query.Encode(), nil)
	if err != nil {
		return out, err
	}
	m := posted().FindStringSubmatch(answer.body)
	if m == nil {
		return out, fmt.Errorf("%s: %d %s", asked.Asked, answer.status, snippet(answer.body))
	}
	text, err := url.PathUnescape(m[1])
	if err != nil || json.Unmarshal([]byte(text), &out) != nil {
		return out, fmt.Errorf("%s: the message to the window cannot be read", asked.Asked)
	}
	return out, nil
}

func snippet(body string) string {
	body = oneLine(body)
	if len(body) > maxSnippet {
		return strings.ToValidUTF8(body[:maxSnippet], "") + "…"
	}
	return body
}
