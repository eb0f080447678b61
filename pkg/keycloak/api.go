package keycloak

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/Nerzal/gocloak/v13"

	"github.com/ameideio/ameide/pkg/bounded"
	"github.com/ameideio/ameide/pkg/secret"
)

// Config says how to reach Keycloak's admin API and who asks.
type Config struct {
	URL          string // base URL, without /realms or /admin
	ClientID     string // service account in realm master
	ClientSecret secret.Value
	User         string // bootstrap administrator: the fallback when the service account cannot log in
	Password     secret.Value
	Timeout      time.Duration                              // of one request
	Sleep        func(context.Context, time.Duration) error // waits between two tries
	Transport    http.RoundTripper                          // nil is http.DefaultTransport
	Note         func(string)                               // is told what the operator must know, for example the fallback
}

// attempts bounds the tries of one request, longestWait what a server may ask for with Retry-After, and atOnce the requests
// that are under way, however many realms and clients are worked on.
const (
	attempts    = 4
	longestWait = 30 * time.Second
	atOnce      = 16
)

// API is an authenticated session with one Keycloak. It is safe for concurrent use.
type API struct {
	config   Config
	client   *gocloak.GoCloak
	http     *http.Client
	requests *bounded.Requests
	mu       sync.Mutex
	token    secret.Value
}

// New prepares a session; the first request logs in.
func New(c Config) *API {
	c.URL = strings.TrimRight(c.URL, "/")
	api := &API{config: c, client: gocloak.NewClient(c.URL), requests: bounded.New(atOnce)}
	if c.Transport == nil {
		c.Transport = http.DefaultTransport
	}
	api.http = &http.Client{Transport: api.requests.Wrap(c.Transport), Timeout: c.Timeout}
	rest := api.client.RestyClient()
	rest.SetTransport(api.http.Transport)
	rest.SetTimeout(c.Timeout)
	rest.SetLogger(silent{})
	return api
}

// Requests counts every request so far, logins included.
func (a *API) Requests() int { return a.requests.Count() }

// silent keeps the HTTP library from logging requests, which carry secrets.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

// call is one request of the admin API.
type call struct {
	method string
	path   string // below /admin/realms/, each segment escaped
	query  url.Values
	body   any
}

// path joins segments below /admin/realms/.
func path(segments ...string) string {
	escaped := make([]string, len(segments))
	for i, s := range segments {
		escaped[i] = url.PathEscape(s)
	}
	return strings.Join(escaped, "/")
}

func (a *API) get(ctx context.Context, p string, query url.Values, out any) error {
	return a.do(ctx, call{method: http.MethodGet, path: p, query: query}, out)
}

// do sends a request until it is answered. It logs in again once after a 401, waits as a 429 asks, and repeats what may
// be repeated after a 5xx or a lost connection: a POST may have been carried out, so it never is.
func (a *API) do(ctx context.Context, c call, out any) error {
	token, err := a.login(ctx, secret.Value{})
	for try := 1; ; try++ {
		if err != nil {
			return err
		}
		status, header, body, sendErr := a.send(ctx, c, token)
		switch {
		case sendErr == nil && status < http.StatusBadRequest:
			return decode(c, body, out)
		case ctx.Err() != nil:
			return ctx.Err()
		case status == http.StatusUnauthorized && try == 1:
			token, err = a.login(ctx, token)
			continue
		case try == attempts || !repeatable(c, status, sendErr):
			return a.failure(c, status, body, sendErr)
		}
		err = a.config.Sleep(ctx, pause(try, status, header))
	}
}

// send performs the request once.
func (a *API) send(ctx context.Context, c call, token secret.Value) (int, http.Header, []byte, error) {
	r := a.client.GetRequestWithBearerAuth(ctx, token.Reveal())
	r.Error = nil // decoded by failure, whatever it is
	if c.query != nil {
		r.SetQueryParamsFromValues(c.query)
	}
	if c.body != nil {
		r.SetBody(c.body)
	}
	response, err := r.Execute(c.method, a.config.URL+"/admin/realms/"+c.path)
	if err != nil {
		return 0, nil, nil, err
	}
	return response.StatusCode(), response.Header(), response.Body(), nil
}

// repeatable tells whether a request may succeed when it is sent again. Keycloak answers 409 to a PUT that meets another
// one of the same object.
func repeatable(c call, status int, err error) bool {
	switch {
	case status == http.StatusTooManyRequests:
		return true
	case c.method == http.MethodPost:
		return false
	}
	return err != nil || status >= http.StatusInternalServerError || status == http.StatusConflict && c.method == http.MethodPut
}

// pause is how long to wait after a try: as the server asks, else doubling from 200 ms.
func pause(try, status int, header http.Header) time.Duration {
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && seconds >= 0 {
			return min(time.Duration(seconds)*time.Second, longestWait)
		}
	}
	return 100 * time.Millisecond << try
}

func decode(c call, body []byte, out any) error {
	if out == nil {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	if err := decoder.Decode(out); err != nil {
		return &Error{Method: c.method, Path: c.path, Reason: "the answer is not the JSON that Keycloak sends"}
	}
	return nil
}

// failure is the error of a request that was answered with a refusal, or not at all.
func (a *API) failure(c call, status int, body []byte, err error) error {
	e := &Error{Method: c.method, Path: c.path, Status: status, Reason: reason(body)}
	if err != nil {
		e.Reason, e.cause = transportReason(err), err
	}
	return e
}

// transportReason is why no answer came, without the URL, which the error names already.
func transportReason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		if u.Timeout() {
			return "no answer in time"
		}
		err = u.Err
	}
	if errors.Is(err, io.EOF) {
		return "connection closed"
	}
	return err.Error()
}
