package kube

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestWhatNoSecondTryChangesIsAskedOnce(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	for name, test := range map[string]struct {
		client *Client
		hint   string
	}{
		"a certificate that is not trusted": {asking(t, secure.URL, "token: t"), "certificate"},
		"a credential plugin that fails":    {asking(t, secure.URL, "exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/false, interactiveMode: Never}"), "log in"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := test.client.Get(t.Context(), pods(), "ns", "x")
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.Hint(), test.hint) {
				t.Fatalf("error %v, want one that hints at %q", err, test.hint)
			}
			if n := test.client.Requests(); n > 1 {
				t.Errorf("asked %d times, want once", n)
			}
		})
	}
}
