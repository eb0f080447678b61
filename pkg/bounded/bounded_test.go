package bounded_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/ameideio/ameide/pkg/bounded"
)

// roundTrip is a function as a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestARequestWaitsForItsTurnAsLongAsItsContextAllows(t *testing.T) {
	b := bounded.New(1)
	inside, leave := make(chan struct{}), make(chan struct{})
	slow := b.Wrap(roundTrip(func(*http.Request) (*http.Response, error) {
		close(inside)
		<-leave
		return nil, errors.New("slow")
	}))
	ended := make(chan error, 1)
	go func() {
		_, err := slow.RoundTrip(request(t, t.Context()))
		ended <- err
	}()
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Wrap(http.DefaultTransport).RoundTrip(request(t, ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	close(leave)
	if err := <-ended; err == nil || b.Count() != 1 {
		t.Errorf("error is %v after %d requests", err, b.Count())
	}
	fast := b.Wrap(roundTrip(func(*http.Request) (*http.Response, error) { return nil, nil }))
	if _, err := fast.RoundTrip(request(t, t.Context())); err != nil || b.Count() != 2 {
		t.Errorf("the turn was not given back: %v", err)
	}
}

func request(t *testing.T, ctx context.Context) *http.Request { //nolint:revive // a test comes first
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:1", nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
