package imagecheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// errPlainHTTP is the refusal to talk to a registry without TLS.
var errPlainHTTP = errors.New("plain HTTP is spoken on loopback only")

// loopback tells whether a host name or address is this machine.
func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// counter counts the answers that arrive.
type counter struct {
	inner   http.RoundTripper
	answers *atomic.Int64
}

func (c counter) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !loopback(req.URL.Hostname()) {
		return nil, fmt.Errorf("%s: %w", req.URL.Host, errPlainHTTP)
	}
	res, err := c.inner.RoundTrip(req)
	if err == nil {
		c.answers.Add(1)
	}
	return res, err
}

// prefixed puts a path before the registry API of one host.
type prefixed struct {
	inner http.RoundTripper
	host  string
	path  string
}

func (p prefixed) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.path == "" || req.URL.Host != p.host || !strings.HasPrefix(req.URL.Path, "/v2/") {
		return p.inner.RoundTrip(req)
	}
	moved := req.Clone(req.Context())
	moved.URL.Path = p.path + req.URL.Path
	return p.inner.RoundTrip(moved)
}

// retrier repeats requests that may succeed later: 429 after the time that the registry names, server errors and broken
// connections after a growing pause. The budget bounds all attempts of one request together. A body that cannot be read
// anew is sent once.
type retrier struct {
	inner  http.RoundTripper
	tries  uint
	pause  time.Duration // before the second attempt; it doubles
	budget time.Duration
	waited *atomic.Int64 // nanoseconds that registries made us wait
}

func (r retrier) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		return r.inner.RoundTrip(req)
	}
	var last *http.Response
	next := req
	attempt := func() (*http.Response, error) {
		if last != nil {
			drain(last)
			last = nil
			var err error
			if next, err = again(req); err != nil {
				return nil, backoff.Permanent(err)
			}
		}
		res, err := r.inner.RoundTrip(next)
		if err != nil {
			return nil, permanentUnless(transient(req, err), err)
		}
		if !retryable(res.StatusCode) {
			return res, nil
		}
		last = res
		if after, ok := retryAfter(res); ok {
			return nil, &backoff.RetryAfterError{Duration: after}
		}
		return nil, fmt.Errorf("%s", res.Status)
	}
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.Multiplier = r.pause, 2
	res, err := backoff.Retry(req.Context(), attempt, backoff.WithBackOff(pause), backoff.WithMaxTries(r.tries),
		backoff.WithMaxElapsedTime(r.budget), backoff.WithNotify(func(_ error, d time.Duration) { r.waited.Add(int64(d)) }))
	if err != nil && last != nil && req.Context().Err() == nil {
		return last, nil // the registry's last word says more than a number of attempts
	}
	if err != nil && last != nil {
		drain(last)
	}
	return res, err
}

// again is a request with its body from the start: the attempt before has read it.
func again(req *http.Request) (*http.Request, error) {
	next := req.Clone(req.Context())
	if req.GetBody == nil {
		return next, nil
	}
	var err error
	next.Body, err = req.GetBody()
	return next, err
}

func permanentUnless(temporary bool, err error) error {
	if temporary {
		return err
	}
	return backoff.Permanent(err)
}

// transient tells whether a request that got no answer may get one later. A name that does not exist, a refused
// connection or a certificate will not.
func transient(req *http.Request, err error) bool {
	if req.Context().Err() != nil || req.Body != nil {
		return false
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.IsTemporary
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "connection reset")
}

func retryable(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryAfter is what a Retry-After header asks for: seconds, or a date, which counts from the answer's own Date.
func retryAfter(res *http.Response) (time.Duration, bool) {
	value := res.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	sent, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		return 0, false
	}
	return max(until.Sub(sent), 0), true
}

// drain lets the connection be used again.
func drain(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	res.Body.Close()
}

// sameSafety refuses redirects that leave TLS, and those from elsewhere into the private network.
func sameSafety(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	origin := via[0].URL
	if origin.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("redirect from %s to %s: %w", origin.Host, req.URL.Host, errPlainHTTP)
	}
	ip := net.ParseIP(req.URL.Hostname())
	if ip != nil && req.URL.Hostname() != origin.Hostname() && (ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsLoopback()) && !loopback(origin.Hostname()) {
		return fmt.Errorf("redirect from %s to the private address %s refused", origin.Host, req.URL.Host)
	}
	return nil
}

// within is a context that a deadline ends, and a func that ends it.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}
