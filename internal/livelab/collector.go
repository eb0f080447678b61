package livelab

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// Collector takes the traces that a portal sends by OTLP over HTTP, and keeps none.
type Collector struct {
	URL    string
	traces atomic.Int64
}

func newCollector(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(_ http.ResponseWriter, r *http.Request) {
		if n, _ := io.Copy(io.Discard, r.Body); n > 0 {
			c.traces.Add(1)
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	c.URL = s.URL
	return c
}

// Traces is how many batches of traces have come.
func (c *Collector) Traces() int { return int(c.traces.Load()) }
