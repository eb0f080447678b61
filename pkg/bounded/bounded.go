// Package bounded counts a client's requests and lets only some of them through at once, so that no server is flooded
// however many objects are worked on.
package bounded

import (
	"net/http"
	"sync/atomic"
)

// Requests is a bound that transports share.
type Requests struct {
	turns chan struct{}
	count atomic.Int64
}

// New lets at most so many requests through at once.
func New(atOnce int) *Requests { return &Requests{turns: make(chan struct{}, atOnce)} }

// Count is how many requests there were so far.
func (r *Requests) Count() int { return int(r.count.Load()) }

// Wrap puts the bound before a transport. A request holds its turn until the head of its answer is there.
func (r *Requests) Wrap(next http.RoundTripper) http.RoundTripper { return &transport{r, next} }

type transport struct {
	*Requests
	next http.RoundTripper
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case t.turns <- struct{}{}:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	defer func() { <-t.turns }()
	t.count.Add(1)
	return t.next.RoundTrip(r)
}
