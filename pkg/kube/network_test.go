package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestServicesAreNamedAsPodsNameThem(t *testing.T) {
	for host, want := range map[string]string{
		"postgres-rw":                          "here/postgres-rw",
		"postgres-rw.here":                     "here/postgres-rw",
		"postgres-rw.there.svc":                "there/postgres-rw",
		"postgres-rw.there.svc.cluster.local":  "there/postgres-rw",
		"postgres-rw.there.svc.cluster.local.": "there/postgres-rw",
		"localhost":                            "",
		"127.0.0.1":                            "",
		"::1":                                  "",
		"example.com":                          "",
		"auth.dev.ameide.io":                   "",
	} {
		service, namespace, ok := ServiceName(host, "here")
		if got := namespace + "/" + service; ok && got != want || !ok && want != "" {
			t.Errorf("%s: got %q (%v), want %q", host, got, ok, want)
		}
	}
}

// api is a client of a handler, under a context of its own kubeconfig. Waits between two tries are none.
func api(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return asking(t, s.URL, "token: t")
}

// asking is a client of an API server, as a user with some credentials.
func asking(t *testing.T, server, user string) *Client {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: %q}}]\nusers: [{name: u, user: {%s}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n", server, user)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Open(Config{Files: []string{file}, Context: "x", Sleep: func(time.Duration) <-chan time.Time { return time.After(0) }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// slices answers with EndpointSlices and one Service whose port 80 is called http.
func slices(list string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/endpointslices"):
			_, _ = fmt.Fprintf(w, `{"items":[%s]}`, list)
		case strings.HasSuffix(r.URL.Path, "/services/web"):
			_, _ = fmt.Fprint(w, `{"spec":{"ports":[{"name":"metrics","port":9100},{"name":"http","port":80}]}}`)
		default:
			http.NotFound(w, r)
		}
	}
}

func TestAServiceLeadsToAReadyPodAndItsPort(t *testing.T) {
	const (
		one    = `{"ports":[{"name":"main","port":5432}],"endpoints":[{"conditions":{"ready":false},"targetRef":{"kind":"Pod","name":"old"}},{"conditions":{"ready":true},"targetRef":{"kind":"Pod","name":"pg-1"}}]}`
		many   = `{"ports":[{"name":"metrics","port":9100},{"name":"http","port":8080}],"endpoints":[{"targetRef":{"kind":"Pod","name":"web-1"}}]}`
		nobody = `{"ports":[{"name":"main","port":5432}],"endpoints":[{"conditions":{"ready":false},"targetRef":{"kind":"Pod","name":"old"}}]}`
	)
	for name, tt := range map[string]struct{ list, port, want, err string }{
		"the only port":               {one, "80", "pg-1:5432", ""},
		"a port by its name":          {many, "80", "web-1:8080", ""},
		"a port that is not there":    {many, "81", "", "Service here/web has no port 81"},
		"no Pod is ready":             {nobody, "80", "", "no ready Pod behind port 80"},
		"no slices":                   {"", "80", "", "no ready Pod behind port 80"},
		"the first slice has nobody":  {nobody + "," + one, "80", "pg-1:5432", ""},
		"a slice that is not of Pods": {`{"ports":[{"port":1}],"endpoints":[{"targetRef":{"kind":"Node","name":"n"}}]}`, "80", "", "no ready Pod"},
	} {
		t.Run(name, func(t *testing.T) {
			at, err := api(t, slices(tt.list)).behind(t.Context(), "web", "here", tt.port)
			if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) || tt.err == "" && err != nil {
				t.Fatalf("error is %v, want %q", err, tt.err)
			}
			if got := fmt.Sprintf("%s:%d", at.pod, at.port); tt.err == "" && got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestANameOfTheClusterIsNeverLeftToTheResolver(t *testing.T) {
	n := NewNetwork("here", func() (*Client, error) { return nil, errors.New("no kubeconfig") })
	_, err := n.DialContext(t.Context(), "tcp", "localhost.here.svc:80")
	if err == nil || !strings.Contains(err.Error(), "localhost.here.svc is a Service of the cluster: no kubeconfig") {
		t.Errorf("error is %v", err)
	}
	if n.Forwards("localhost.here.svc") || n.Forwards("example.com") || !n.Service("vault") {
		t.Error("what cannot be forwarded is said to be")
	}
}

func TestEverybodyElseIsDialledDirectly(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	n := NewNetwork("here", func() (*Client, error) { return nil, errors.New("asked") })
	conn, err := n.DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

func TestARefusedPortForwardNamesTheRule(t *testing.T) {
	list := slices(`{"ports":[{"port":5432}],"endpoints":[{"targetRef":{"kind":"Pod","name":"pg-1"}}]}`)
	c := api(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/portforward") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"pods \"pg-1\" is forbidden: User \"x\" cannot create resource \"pods/portforward\"","code":403}`)
			return
		}
		list(w, r)
	})
	n := NewNetwork("here", func() (*Client, error) { return c, nil })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := n.DialContext(ctx, "tcp", "pg:5432")
	var refused *Error
	if !errors.As(err, &refused) || !strings.Contains(refused.Hint(), `resources: ["pods/portforward"], verbs: ["create"]`) {
		t.Errorf("error is %v", err)
	}
}
