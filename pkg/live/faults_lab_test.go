package live_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// behind puts something between ameide and the API server, and is a kubeconfig for it.
func (i *installation) behind(t *testing.T, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	to, err := url.Parse(i.cluster.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	s := httptest.NewTLSServer(wrap(proxy))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return i.cluster.KubeconfigAt(t, s.URL, "ameide-dev")
}

func (i *installation) faults(t *testing.T) {
	t.Run("a slow API server", func(t *testing.T) {
		r := i.Verify(t, i.behind(t, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(300 * time.Millisecond)
				next.ServeHTTP(w, r)
			})
		}), "dev")
		if r.Code != 0 {
			t.Errorf("exit %d\n%.2000s", r.Code, issues(r))
		}
	})
	t.Run("an API server that has too much to do", func(t *testing.T) {
		var n, forwards atomic.Int64
		r := i.Verify(t, i.behind(t, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				busy := n.Add(1)%3 == 0
				if r.Header.Get("Upgrade") != "" {
					busy = forwards.Add(1)%2 == 1
				}
				if busy {
					w.Header().Set("Retry-After", "1")
					http.Error(w, `{"message":"too many requests"}`, http.StatusTooManyRequests)
					return
				}
				next.ServeHTTP(w, r)
			})
		}), "dev")
		if r.Code != 0 || forwards.Load() < 2 {
			t.Errorf("exit %d, %d port-forwards\n%.2000s", r.Code, forwards.Load(), issues(r))
		}
	})
	t.Run("a proxy that lets no WebSocket through", func(t *testing.T) {
		var spdy atomic.Int64
		r := i.Verify(t, i.behind(t, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch strings.ToLower(r.Header.Get("Upgrade")) {
				case "websocket":
					http.Error(w, "no WebSocket here", http.StatusBadRequest)
					return
				case "spdy/3.1":
					spdy.Add(1)
				}
				next.ServeHTTP(w, r)
			})
		}), "dev")
		if r.Code != 0 || spdy.Load() == 0 {
			t.Errorf("exit %d, %d port-forwards over SPDY\n%.2000s", r.Code, spdy.Load(), issues(r))
		}
	})
	t.Run("an API server that restarts", func(t *testing.T) {
		i.cluster.Stop()
		back := make(chan struct{})
		go func() { defer close(back); time.Sleep(time.Second); i.cluster.Start(i.t) }()
		r := i.Verify(t, i.kubeconfig, "dev", "--timeout", "60s")
		<-back
		if r.Code != 0 {
			t.Errorf("exit %d after %s\n%.2000s", r.Code, r.Took, issues(r))
		}
	})
	t.Run("port-forwards that are cut in the middle", func(t *testing.T) {
		i.cluster.Kubelet.CutAfter(100)
		r := i.Verify(t, i.kubeconfig, "dev")
		i.cluster.Kubelet.CutAfter(0)
		if got := failing(r); r.Code != 3 || len(got) > 0 {
			t.Errorf("exit %d, failing %v, want 3 and none: nothing was seen to be wrong\n%.3000s", r.Code, got, issues(r))
		}
		i.green(t)
	})
	t.Run("an API server that never answers", func(t *testing.T) {
		until := make(chan struct{})
		defer close(until)
		r := i.Verify(t, i.behind(t, func(http.Handler) http.Handler {
			return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-until })
		}), "dev", "--timeout", "2s")
		if r.Code != 3 || r.Took > 5*time.Second {
			t.Errorf("exit %d after %s, want 3 after two seconds\n%.2000s", r.Code, r.Took, issues(r))
		}
	})
}
