package kube_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"github.com/ameideio/ameide/pkg/kube"
)

// server answers every request with a status and a body, and remembers the last one.
type server struct {
	status int
	body   string
	method string
	path   string
	sent   map[string]any
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.method, s.path, s.sent = r.Method, r.URL.RequestURI(), nil
	if body, err := io.ReadAll(r.Body); err == nil && len(body) > 0 {
		if err := json.Unmarshal(body, &s.sent); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, s.body)
}

func open(t *testing.T, s *server) *kube.ConfigMap {
	t.Helper()
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	c, err := kube.NewConfigMap(&rest.Config{Host: h.URL}, "dev", "versions")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheDataIsReadAndAbsenceIsNoError(t *testing.T) {
	s := &server{status: 200, body: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"versions","managedFields":[
		{"manager":"ameide","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:a":{}}}},
		{"manager":"other","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:b":{}}}}]},
		"data":{"a":"1","b":"2"}}`}
	c := open(t, s)
	got, own, err := c.Data(t.Context(), "ameide")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, map[string]string{"a": "1", "b": "2"}); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
	if diff := cmp.Diff(own, map[string]bool{"a": true}); diff != "" {
		t.Errorf("own keys, -got +want:\n%s", diff)
	}
	s.status, s.body = 404, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`
	if got, _, err := c.Data(t.Context(), "ameide"); got != nil || err != nil {
		t.Errorf("got %v, %v, want nothing", got, err)
	}
}

func TestApplyTakesItsKeysOver(t *testing.T) {
	s := &server{status: 200, body: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"versions"}}`}
	if err := open(t, s).Apply(t.Context(), "ameide", map[string]string{"a": "1"}); err != nil {
		t.Fatal(err)
	}
	if got, want := s.method+" "+s.path, "PATCH /api/v1/namespaces/dev/configmaps/versions?fieldManager=ameide&force=true"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	want := map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "versions", "namespace": "dev"}, "data": map[string]any{"a": "1"},
	}
	if diff := cmp.Diff(s.sent, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestAMissingRightIsNamedAsTheRuleThatGrantsIt(t *testing.T) {
	s := &server{status: 403, body: `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"configmaps \"versions\" is forbidden","code":403}`}
	c := open(t, s)
	_, _, readErr := c.Data(t.Context(), "ameide")
	for want, err := range map[string]error{
		"grant get on configmaps with resourceNames [versions] in namespace dev":                                         readErr,
		"grant patch (and create, while it does not exist) on configmaps with resourceNames [versions] in namespace dev": c.Apply(t.Context(), "ameide", nil),
	} {
		var right *kube.RightError
		if !errors.As(err, &right) || right.Hint() != want {
			t.Errorf("got %v, want the hint %q", err, want)
		}
	}
}
