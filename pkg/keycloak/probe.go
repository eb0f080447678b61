package keycloak

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/secret"
)

// Probe is a login as a browser would begin it: what a client is worth to its users.
type Probe struct {
	Realm       string
	ClientID    string
	RedirectURI string
	Scopes      []string // without openid, which is always asked for
}

// User is who logs in, and the client's secret that the application has.
type User struct {
	Name     string
	Password secret.Value
	Secret   secret.Value
}

var (
	formAction   = regexp.MustCompile(`<form[^>]*\saction="([^"]+)"`)
	errorMessage = regexp.MustCompile(`(?s)class="instruction[^"]*"[^>]*>(.*?)<`)
)

// maxPage bounds a page of Keycloak's, in bytes.
const maxPage = 1 << 20

// Discover asks whether the realm's discovery document advertises the scopes.
func (a *API) Discover(ctx context.Context, p Probe) error {
	page, err := a.browse(ctx, a.http, http.MethodGet, a.config.URL+"/realms/"+url.PathEscape(p.Realm)+"/.well-known/openid-configuration", nil)
	if err != nil {
		return fmt.Errorf("discovery of realm %s: %w", p.Realm, err)
	}
	var document struct {
		Scopes []string `json:"scopes_supported"`
	}
	if page.status != http.StatusOK || json.Unmarshal(page.body, &document) != nil {
		return fmt.Errorf("discovery of realm %s: %d %s", p.Realm, page.status, http.StatusText(page.status))
	}
	for _, scope := range append([]string{"openid"}, p.Scopes...) {
		if !slices.Contains(document.Scopes, scope) {
			return fmt.Errorf("discovery of realm %s does not advertise the scope %s", p.Realm, scope)
		}
	}
	return nil
}

// Authorize asks whether the authorization endpoint accepts client, redirect URI and scopes: it then shows a login page.
func (a *API) Authorize(ctx context.Context, p Probe) error {
	_, _, err := a.authorize(ctx, a.browser(), p)
	return err
}

// Login goes through the whole code flow: login page, password, code, and its exchange for an ID token with the secret.
func (a *API) Login(ctx context.Context, p Probe, u User) error {
	browser := a.browser()
	page, verifier, err := a.authorize(ctx, browser, p)
	if err != nil {
		return err
	}
	action := html.UnescapeString(string(formAction.FindSubmatch(page.body)[1]))
	form := url.Values{"username": {u.Name}, "password": {u.Password.Reveal()}, "credentialId": {""}}
	if page, err = a.browse(ctx, browser, http.MethodPost, action, form); err != nil {
		return fmt.Errorf("log in as %s: %w", u.Name, err)
	}
	code := page.location.Query().Get("code")
	if code == "" || !strings.HasPrefix(page.location.String(), p.RedirectURI) {
		return fmt.Errorf("log in as %s: Keycloak did not accept the user, or asks for more than a password", u.Name)
	}
	return a.exchange(ctx, p, u, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {p.RedirectURI}, "code_verifier": {verifier},
	})
}

// exchange gets an ID token for a code.
func (a *API) exchange(ctx context.Context, p Probe, u User, form url.Values) error {
	form.Set("client_id", p.ClientID)
	form.Set("client_secret", u.Secret.Reveal())
	page, err := a.browse(ctx, a.http, http.MethodPost, a.config.URL+"/realms/"+url.PathEscape(p.Realm)+"/protocol/openid-connect/token", form)
	if err != nil {
		return fmt.Errorf("exchange the code for client %s: %w", p.ClientID, err)
	}
	var tokens struct {
		ID string `json:"id_token"`
	}
	if page.status != http.StatusOK || json.Unmarshal(page.body, &tokens) != nil || tokens.ID == "" {
		return fmt.Errorf("exchange the code for client %s: %d %s: %s", p.ClientID, page.status, http.StatusText(page.status), reason(page.body))
	}
	return nil
}

// authorize opens the login page. PKCE is always sent: a client that does not ask for it accepts it.
func (a *API) authorize(ctx context.Context, browser *http.Client, p Probe) (*webPage, string, error) {
	verifier := rand.Text() + rand.Text()
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"client_id": {p.ClientID}, "redirect_uri": {p.RedirectURI}, "response_type": {"code"}, "state": {rand.Text()},
		"scope":          {strings.Join(append([]string{"openid"}, p.Scopes...), " ")},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	page, err := a.browse(ctx, browser, http.MethodGet, a.config.URL+"/realms/"+url.PathEscape(p.Realm)+"/protocol/openid-connect/auth?"+query.Encode(), nil)
	if err == nil {
		err = page.refusal()
	}
	if err != nil {
		return nil, "", fmt.Errorf("authorization endpoint for client %s: %w", p.ClientID, err)
	}
	return page, verifier, nil
}

// refusal is why a page is no login page; nil when it is one.
func (p *webPage) refusal() error {
	if q := p.location.Query(); q.Get("error") != "" {
		return errors.New(clip(strings.TrimSuffix(q.Get("error")+": "+q.Get("error_description"), ": ")))
	}
	if m := errorMessage.FindSubmatch(p.body); m != nil && p.status != http.StatusOK {
		return errors.New(clip(html.UnescapeString(string(m[1]))))
	}
	if p.status != http.StatusOK || formAction.Find(p.body) == nil {
		return fmt.Errorf("%d %s instead of a login page", p.status, http.StatusText(p.status))
	}
	return nil
}

// webPage is what a browser would get, redirects not followed.
type webPage struct {
	status   int
	location *url.URL // never nil
	body     []byte
}

// browser is a client of its own cookies that follows no redirect.
func (a *API) browser() *http.Client {
	jar, _ := cookiejar.New(nil) // never fails
	return &http.Client{Transport: a.http.Transport, Timeout: a.http.Timeout, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

func (a *API) browse(ctx context.Context, client *http.Client, method, address string, form url.Values) (*webPage, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, errors.New("not a URL")
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, errors.New(transportReason(err))
	}
	defer response.Body.Close()
	page := &webPage{status: response.StatusCode, location: &url.URL{}}
	if to, err := response.Location(); err == nil {
		page.location = to
	}
	page.body, err = io.ReadAll(io.LimitReader(response.Body, maxPage))
	return page, err
}
