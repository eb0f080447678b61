package imagecheck

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Options of a Client. The zero value asks registries anonymously, eight images at a time.
type Options struct {
	Keychain  authn.Keychain    // credentials; nil is nobody
	Transport http.RoundTripper // nil is a copy of http.DefaultTransport
	Mirrors   Mirrors
	Jobs      int           // images read at once; 0 is 8
	Timeout   time.Duration // for one image, retries and waiting included; 0 is a minute
	Tries     int           // attempts of one request; 0 is 5
	Pause     time.Duration // before the second attempt, doubling; 0 is half a second
	UserAgent string        // first word of User-Agent
}

// Client reads image facts from registries. It is safe for concurrent use, asks each registry once how to log in, and
// keeps connections.
type Client struct {
	options Options
	answers atomic.Int64
	waited  atomic.Int64

	mu    sync.Mutex
	hosts map[string]*host
	repos map[place]*repository
}

// NewClient makes a client; it asks nobody yet.
func NewClient(o Options) *Client {
	o.Jobs = cmp.Or(max(o.Jobs, 0), 8)
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	o.Tries = cmp.Or(max(o.Tries, 0), 5)
	o.Pause = cmp.Or(o.Pause, time.Second/2)
	if o.Keychain == nil {
		o.Keychain = authn.NewMultiKeychain()
	}
	if o.Transport == nil {
		o.Transport = ownTransport(o.Jobs)
	}
	return &Client{options: o, hosts: map[string]*host{}, repos: map[place]*repository{}}
}

// ownTransport keeps a connection for each job and never asks for a compressed body, which would be unpacked behind the
// back of the checks on size.
func ownTransport(jobs int) http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost, t.DisableCompression = jobs, true
	return t
}

// Requests is the number of answers from registries so far: manifests, configs and blobs, and what logging in took.
func (c *Client) Requests() int { return int(c.answers.Load()) }

// Waited is how long registries made the client wait with 429 and server errors, summed over concurrent requests.
func (c *Client) Waited() time.Duration { return time.Duration(c.waited.Load()) }

// host is a registry that was asked once how it wants to be talked to.
type host struct {
	base      http.RoundTripper
	ready     chan struct{}
	challenge *transport.Challenge
	err       error
}

// host finds out, once for all images of a registry, which scheme and which login it wants.
func (c *Client) host(ctx context.Context, p place) (*host, error) {
	key := p.scheme + "://" + p.repo.RegistryStr() + p.path
	c.mu.Lock()
	h, ok := c.hosts[key]
	if !ok {
		h = &host{base: c.base(p), ready: make(chan struct{})}
		c.hosts[key] = h
		go c.greet(context.WithoutCancel(ctx), h, p)
	}
	c.mu.Unlock()
	select {
	case <-h.ready:
		return h, h.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (c *Client) greet(ctx context.Context, h *host, p place) {
	defer close(h.ready)
	ctx, cancel := within(ctx, c.options.Timeout)
	defer cancel()
	reg := p.repo.Registry
	if p.scheme == "http" || loopback(hostname(reg)) {
		reg, _ = name.NewRegistry(reg.RegistryStr(), name.Insecure)
	}
	h.challenge, h.err = transport.Ping(ctx, reg, h.base)
}

func hostname(reg name.Registry) string {
	s := reg.RegistryStr()
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		s = s[:i]
	}
	return s
}

// base is the way to a registry before logging in.
func (c *Client) base(p place) http.RoundTripper {
	var t http.RoundTripper = counter{c.options.Transport, &c.answers}
	t = prefixed{t, p.repo.RegistryStr(), p.path}
	t = retrier{t, uint(c.options.Tries), c.options.Pause, c.options.Timeout, &c.waited}
	return transport.NewUserAgent(t, cmp.Or(c.options.UserAgent, "ameide-imagecheck"))
}

// repository is a logged-in way to one repository.
type repository struct {
	place  place
	client *http.Client
	scheme string

	once sync.Once
	err  error
}

// repository logs in, once for all images of a repository.
func (c *Client) repository(ctx context.Context, p place) (*repository, error) {
	h, err := c.host(ctx, p)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	r, ok := c.repos[p]
	if !ok {
		r = &repository{place: p}
		c.repos[p] = r
	}
	c.mu.Unlock()
	r.once.Do(func() {
		// The first image's end must not be that of all the others.
		ctx, cancel := within(context.WithoutCancel(ctx), c.options.Timeout)
		defer cancel()
		r.err = r.login(ctx, h, c.options.Keychain)
	})
	return r, r.err
}

func (r *repository) login(ctx context.Context, h *host, keys authn.Keychain) error {
	auth, err := authn.Resolve(ctx, keys, r.place.repo)
	if err != nil {
		return &Error{Kind: Unauthorized, Err: err, hint: "check ~/.docker/config.json and its credential helpers"}
	}
	reg, token := r.place.repo.Registry, &transport.Token{}
	r.scheme = "https"
	if h.challenge.Insecure {
		r.scheme = "http"
	}
	if strings.EqualFold(h.challenge.Scheme, "bearer") {
		scopes := []string{r.place.repo.Scope(transport.PullScope)}
		if token, err = transport.Exchange(ctx, reg, auth, h.base, scopes, h.challenge); err != nil {
			return err
		}
	}
	way, err := transport.FromToken(reg, auth, h.base, h.challenge, token)
	if err != nil {
		return err
	}
	r.client = &http.Client{Transport: way, CheckRedirect: sameSafety}
	return nil
}
