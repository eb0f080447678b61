package imagecheck_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/ameideio/ameide/pkg/imagecheck"
)

// wrapped is the fake registry behind a handler of the test's own.
func wrapped(t *testing.T, wrap func(next http.Handler) http.Handler) (plain, server *httptest.Server) {
	t.Helper()
	plain = fakeRegistry(t)
	server = httptest.NewServer(wrap(plain.Config.Handler))
	t.Cleanup(server.Close)
	return plain, server
}

func read(t *testing.T, c *imagecheck.Client, ref string) (*imagecheck.Facts, error) {
	t.Helper()
	a := c.ReadAll(t.Context(), []imagecheck.Request{{Image: ref}}, nil)[0]
	return a.Facts, a.Err
}

func kind(t *testing.T, err error) imagecheck.Kind {
	t.Helper()
	var e *imagecheck.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *imagecheck.Error", err)
	}
	if e.Hint() == "" {
		t.Errorf("%v has no hint", err)
	}
	return e.Kind
}

func isManifest(r *http.Request) bool { return strings.Contains(r.URL.Path, "/manifests/") }

func TestRetryAfterIsObeyed(t *testing.T) {
	var calls atomic.Int64
	var first, second time.Time
	plain, server := wrapped(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isManifest(r) && calls.Add(1) == 1 {
				first = time.Now()
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			second = time.Now()
			next.ServeHTTP(w, r)
		})
	})
	shelf{host: hostOf(plain)}.put(t, "a:1", both(t))
	c := imagecheck.NewClient(imagecheck.Options{Pause: time.Millisecond})
	if _, err := read(t, c, hostOf(server)+"/a:1"); err != nil {
		t.Fatal(err)
	}
	if waited := second.Sub(first); waited < time.Second {
		t.Errorf("asked again after %s, the registry said a second", waited)
	}
	if c.Waited() != time.Second || c.Requests() != 3 {
		t.Errorf("waited %s in %d requests, want 1s in 3", c.Waited(), c.Requests())
	}
}

func TestARateLimitThatOutlastsTheTimeIsSaidSo(t *testing.T) {
	_, server := wrapped(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isManifest(r) {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusTooManyRequests)
		})
	})
	start := time.Now()
	_, err := read(t, imagecheck.NewClient(imagecheck.Options{Timeout: 5 * time.Second}), hostOf(server)+"/a:1")
	if got := kind(t, err); got != imagecheck.RateLimited {
		t.Errorf("kind %s, want %s: %v", got, imagecheck.RateLimited, err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it took %s to see that an hour is too long", took)
	}
}

func TestServerErrorsAreRetriedWithGrowingPauses(t *testing.T) {
	var calls atomic.Int64
	plain, server := wrapped(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isManifest(r) && calls.Add(1) < 4 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	shelf{host: hostOf(plain)}.put(t, "a:1", both(t))
	if _, err := read(t, imagecheck.NewClient(imagecheck.Options{Pause: time.Millisecond}), hostOf(server)+"/a:1"); err != nil {
		t.Error(err)
	}
	calls.Store(-100)
	_, err := read(t, imagecheck.NewClient(imagecheck.Options{Pause: time.Millisecond, Tries: 2}), hostOf(server)+"/a:1")
	if got := kind(t, err); got != imagecheck.Unreachable || !strings.Contains(err.Error(), "502") {
		t.Errorf("after all attempts: %s, %v; want %s with 502", got, err, imagecheck.Unreachable)
	}
}

func TestASlowRegistryDoesNotHoldUpTheRest(t *testing.T) {
	release := make(chan struct{})
	var once sync.Once
	free := func() { once.Do(func() { close(release) }) }
	plain, slow := wrapped(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isManifest(r) {
				<-release
			}
			next.ServeHTTP(w, r)
		})
	})
	t.Cleanup(free)
	shelf{host: hostOf(plain)}.put(t, "a:1", both(t))
	var requests []imagecheck.Request
	for range 50 {
		requests = append(requests, imagecheck.Request{Image: hostOf(slow) + "/a:1"})
	}
	for range 50 {
		requests = append(requests, imagecheck.Request{Image: hostOf(plain) + "/a:1"})
	}
	quick := 0
	answers := imagecheck.NewClient(imagecheck.Options{Jobs: 4}).ReadAll(t.Context(), requests, func(i int, a imagecheck.Answer) {
		if quick++; a.Err != nil || quick <= 50 && i < 50 {
			t.Errorf("answer %d is of image %d, error %v: the slow registry's came first", quick, i, a.Err)
		}
		if quick == 50 {
			free()
		}
	})
	if len(answers) != 100 || quick != 100 {
		t.Errorf("%d answers, %d calls, want 100 of both", len(answers), quick)
	}
}

func TestJobsBoundConcurrency(t *testing.T) {
	var now, most atomic.Int64
	plain, server := wrapped(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n := now.Add(1)
			defer now.Add(-1)
			for m := most.Load(); n > m; m = most.Load() {
				most.CompareAndSwap(m, n)
			}
			time.Sleep(time.Millisecond)
			next.ServeHTTP(w, r)
		})
	})
	shelf{host: hostOf(plain)}.put(t, "a:1", both(t))
	requests := make([]imagecheck.Request, 60)
	for i := range requests {
		requests[i].Image = hostOf(server) + "/a:1"
	}
	c := imagecheck.NewClient(imagecheck.Options{Jobs: 3})
	c.ReadAll(t.Context(), requests, nil)
	if most.Load() != 3 || c.Requests() != 61 {
		t.Errorf("%d requests at once and %d in all, want 3 and 61", most.Load(), c.Requests())
	}
}

func TestOneBadImageIsOneBadAnswer(t *testing.T) {
	plain := fakeRegistry(t)
	good := hostOf(plain) + "/a:1"
	shelf{host: hostOf(plain)}.put(t, "a:1", both(t))
	var kinds []imagecheck.Kind
	requests := []imagecheck.Request{{Image: good}, {Image: "UPPER/case"}, {Image: hostOf(plain) + "/gone:1"}, {Image: "nobody.invalid/a:1"}, {Image: "127.0.0.1:1/a:1"}, {Image: good}}
	for _, a := range imagecheck.NewClient(imagecheck.Options{}).ReadAll(t.Context(), requests, nil) {
		if a.Err == nil {
			kinds = append(kinds, "")
			continue
		}
		kinds = append(kinds, kind(t, a.Err))
	}
	want := []imagecheck.Kind{"", imagecheck.BadReference, imagecheck.NotFound, imagecheck.DNS, imagecheck.Unreachable, ""}
	if fmt.Sprint(kinds) != fmt.Sprint(want) {
		t.Errorf("kinds %v, want %v", kinds, want)
	}
}

// login lets only one user in, by basic authentication or by a token for which that user must ask.
func login(bearer bool) func(http.Handler) http.Handler {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("ci:pl4nted"))
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got := r.Header.Get("Authorization")
			switch {
			case bearer && r.URL.Path == "/token" && got == basic && r.URL.Query().Get("scope") == "repository:a:pull":
				fmt.Fprint(w, `{"token":"t0ken"}`)
			case !bearer && got == basic, bearer && got == "Bearer t0ken":
				next.ServeHTTP(w, r)
			case bearer:
				w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token",service="lab"`)
				w.WriteHeader(http.StatusUnauthorized)
			default:
				w.Header().Set("WWW-Authenticate", `Basic realm="lab"`)
				w.WriteHeader(http.StatusUnauthorized)
			}
		})
	}
}

type keychain struct{ authn.Authenticator }

func (k keychain) Resolve(authn.Resource) (authn.Authenticator, error) { return k.Authenticator, nil }

func TestCredentialsLogIn(t *testing.T) {
	for _, bearer := range []bool{false, true} {
		plain, server := wrapped(t, login(bearer))
		shelf{host: hostOf(plain)}.put(t, "a:1", both(t))
		for _, test := range []struct {
			password string
			want     imagecheck.Kind
		}{{"pl4nted", ""}, {"wrong", imagecheck.Unauthorized}} {
			keys := keychain{&authn.Basic{Username: "ci", Password: test.password}}
			_, err := read(t, imagecheck.NewClient(imagecheck.Options{Keychain: keys}), hostOf(server)+"/a:1")
			switch {
			case test.want == "" && err != nil:
				t.Errorf("bearer %v: %v", bearer, err)
			case test.want != "" && kind(t, err) != test.want:
				t.Errorf("bearer %v with a wrong password: %v", bearer, err)
			case err != nil && strings.Contains(err.Error(), "wrong"):
				t.Errorf("the error shows the password: %v", err)
			}
		}
		_, err := read(t, imagecheck.NewClient(imagecheck.Options{}), hostOf(server)+"/a:1")
		if got := kind(t, err); got != imagecheck.Unauthorized {
			t.Errorf("bearer %v as nobody: %s, want %s", bearer, got, imagecheck.Unauthorized)
		}
	}
}

// oauth gives a token for an identity token, as Azure's registries do, and has too much to do at first.
func oauth(asked *atomic.Int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/token" && r.Method == http.MethodPost:
				token := r.PostFormValue("refresh_token")
				switch {
				case asked.Add(1) == 1:
					w.Header().Set("Connection", "close") // net/http itself repairs a body on a connection that is used again
					w.WriteHeader(http.StatusTooManyRequests)
				case token == "ident1ty":
					fmt.Fprint(w, `{"token":"t0ken","access_token":"t0ken"}`)
				default:
					w.WriteHeader(http.StatusUnauthorized)
				}
			case r.Header.Get("Authorization") == "Bearer t0ken":
				next.ServeHTTP(w, r)
			default:
				w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token",service="lab"`)
				w.WriteHeader(http.StatusUnauthorized)
			}
		})
	}
}

func TestAnIdentityTokenIsSentAgain(t *testing.T) {
	var asked atomic.Int64
	plain, server := wrapped(t, oauth(&asked))
	shelf{host: hostOf(plain)}.put(t, "a:1", both(t))
	keys := keychain{authn.FromConfig(authn.AuthConfig{IdentityToken: "ident1ty"})}
	c := imagecheck.NewClient(imagecheck.Options{Keychain: keys, Pause: time.Millisecond})
	if _, err := read(t, c, hostOf(server)+"/a:1"); err != nil {
		t.Error(err)
	}
	if asked.Load() != 2 {
		t.Errorf("asked for a token %d times, want 2", asked.Load())
	}
}

func TestTLSIsCheckedAndNeverLeft(t *testing.T) {
	plain := fakeRegistry(t)
	secure := httptest.NewTLSServer(plain.Config.Handler)
	t.Cleanup(secure.Close)
	trust := x509.NewCertPool()
	trust.AddCert(secure.Certificate())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}}
	shelf{host: hostOf(secure), options: []remote.Option{remote.WithTransport(transport)}}.put(t, "a:1", both(t))
	if _, err := read(t, imagecheck.NewClient(imagecheck.Options{Transport: transport}), hostOf(secure)+"/a:1"); err != nil {
		t.Errorf("a trusted registry: %v", err)
	}
	_, err := read(t, imagecheck.NewClient(imagecheck.Options{}), hostOf(secure)+"/a:1")
	if got := kind(t, err); got != imagecheck.TLS {
		t.Errorf("an unknown authority: %s, want %s: %v", got, imagecheck.TLS, err)
	}
	// go-containerregistry alone would try plain HTTP on private networks.
	plainOnly := &http.Transport{DialContext: dialTo(plain)}
	_, err = read(t, imagecheck.NewClient(imagecheck.Options{Transport: plainOnly}), "10.1.2.3:5000/a:1")
	if got := kind(t, err); got != imagecheck.TLS {
		t.Errorf("a registry without TLS: %s, want %s: %v", got, imagecheck.TLS, err)
	}
}

func TestMirrorsStandIn(t *testing.T) {
	plain, server := wrapped(t, func(next http.Handler) http.Handler {
		return http.StripPrefix("/artifactory/api/docker/quay", next)
	})
	sh := shelf{host: hostOf(plain)}
	sh.put(t, "janus-idp/showcase:1", both(t))
	sh.put(t, "hub/library/postgres:17", both(t))
	var table imagecheck.Mirrors
	for _, line := range []string{"docker.io=" + hostOf(plain) + "/hub", "quay.io=nobody.invalid", "quay.io/janus-idp=" + server.URL + "/artifactory/api/docker/quay/"} {
		m, err := imagecheck.ParseMirror(line)
		if err != nil {
			t.Fatal(err)
		}
		table = append(table, m)
	}
	c := imagecheck.NewClient(imagecheck.Options{Mirrors: table})
	if _, err := read(t, c, "postgres:17"); err != nil {
		t.Errorf("a mirror with a path: %v", err)
	}
	// The longest line wins, and the path below which the API lies leaves the repository as it is.
	if _, err := read(t, c, "quay.io/janus-idp/showcase:1"); kind(t, err) != imagecheck.NotFound {
		t.Errorf("a mirror below a URL: %v", err)
	}
	sh.put(t, "showcase:1", both(t))
	if _, err := read(t, c, "quay.io/janus-idp/showcase:1"); err != nil {
		t.Errorf("a mirror below a URL: %v", err)
	}
	if _, err := read(t, c, "quay.io/other:1"); kind(t, err) != imagecheck.DNS {
		t.Errorf("the registry's own line: %v", err)
	}
	for _, bad := range []string{"", "docker.io", "a=", "=b", "a=http://example.com/x", "a=https://user:pw@example.com", "a=EXAMPLE.com/Upper"} {
		if _, err := imagecheck.ParseMirror(bad); err == nil {
			t.Errorf("mirror %q is accepted", bad)
		}
	}
}

func TestTheTimeForAnImageIsKept(t *testing.T) {
	_, server := wrapped(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	})
	start := time.Now()
	_, err := read(t, imagecheck.NewClient(imagecheck.Options{Timeout: 100 * time.Millisecond}), hostOf(server)+"/a:1")
	if got := kind(t, err); got != imagecheck.Unreachable || !strings.Contains(err.Error(), "no answer within 100ms") {
		t.Errorf("%s: %v", got, err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestAnInterruptEndsTheRun(t *testing.T) {
	_, server := wrapped(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	a := imagecheck.NewClient(imagecheck.Options{Timeout: 300 * time.Millisecond}).ReadAll(ctx, []imagecheck.Request{{Image: hostOf(server) + "/a:1"}}, nil)[0]
	if !errors.Is(a.Err, context.Canceled) {
		t.Errorf("error %v, want one of context.Canceled", a.Err)
	}
}
