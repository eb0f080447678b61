package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// seen is one request that changes something.
type seen struct {
	Method, Path, Type string
	Body               map[string]any
}

// recording answers everything with a body, and keeps what was sent.
func recording(t *testing.T, into *[]seen, body string) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		one := seen{Method: r.Method, Path: r.URL.Path, Type: r.Header.Get("Content-Type")}
		if r.ContentLength > 0 {
			if err := json.NewDecoder(r.Body).Decode(&one.Body); err != nil {
				t.Error(err)
			}
		}
		*into = append(*into, one)
		_, _ = fmt.Fprint(w, body)
	}
}

func TestADeploymentIsScaledThroughItsSubresource(t *testing.T) {
	var got []seen
	c := api(t, recording(t, &got, `{"spec":{"replicas":2},"status":{"replicas":1,"selector":"app=backstage"}}`))
	now, err := c.Scale(t.Context(), "ns", "backstage")
	if err != nil {
		t.Fatal(err)
	}
	if want := (Scale{Wanted: 2, Pods: 1, Selector: "app=backstage"}); now != want {
		t.Errorf("got %+v, want %+v", now, want)
	}
	if err := c.SetScale(t.Context(), "ns", "backstage", 0); err != nil {
		t.Fatal(err)
	}
	const path = "/apis/apps/v1/namespaces/ns/deployments/backstage/scale"
	want := []seen{
		{Method: "GET", Path: path},
		{Method: "PATCH", Path: path, Type: "application/merge-patch+json", Body: map[string]any{"spec": map[string]any{"replicas": 0.0}}},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestASecretIsReadIntoAValueThatNobodyPrints(t *testing.T) {
	c := api(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `{"data":{"password":"czNjcjN0"}}`) })
	values, err := c.Secret(t.Context(), "ns", "db")
	if err != nil {
		t.Fatal(err)
	}
	if got := values["password"].Reveal(); got != "s3cr3t" {
		t.Errorf("got %q", got)
	}
	if text := fmt.Sprintf("%+v %#v", values, values); strings.Contains(text, "s3cr3t") {
		t.Errorf("it is printed: %s", text)
	}
	c = api(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"data":{"password":"???s3cr3t"}}`)
	})
	if _, err := c.Secret(t.Context(), "ns", "db"); err == nil || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("error is %v", err)
	}
	c = api(t, http.NotFound)
	if _, err := c.Secret(t.Context(), "ns", "db"); !errors.Is(err, ErrMissing) {
		t.Errorf("error is %v, want ErrMissing", err)
	}
}

func TestAnEventIsAboutTheDeploymentThatRuns(t *testing.T) {
	var got []seen
	c := api(t, recording(t, &got, `{"metadata":{"uid":"u-1"}}`))
	at := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	message := strings.Repeat("ä", longestMessage)
	if err := c.Record(t.Context(), Event{Namespace: "ns", Deployment: "backstage", Reason: "MigrationUnlock", Message: message, Warning: true, Time: at, Component: "ameide"}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[1].Method != "POST" || got[1].Path != "/api/v1/namespaces/ns/events" {
		t.Fatalf("requests are %v", got)
	}
	event := got[1].Body
	if object := event["involvedObject"].(map[string]any); object["uid"] != "u-1" || event["type"] != "Warning" || event["lastTimestamp"] != "2026-11-23T07:00:00Z" {
		t.Errorf("event is %v", event)
	}
	if text := event["message"].(string); len(text) > longestMessage || strings.Contains(text, "\uFFFD") {
		t.Errorf("message of %d bytes ends in %q", len(text), text[len(text)-4:])
	}
}

func TestATokenOfAServiceAccountIsAskedFor(t *testing.T) {
	var got []seen
	c := api(t, recording(t, &got, `{"status":{"token":"t0ken"}}`))
	token, err := c.ServiceAccountToken(t.Context(), "ns", "patcher")
	if err != nil || token.Reveal() != "t0ken" {
		t.Fatalf("got %v, %v", token, err)
	}
	if got[0].Method != "POST" || got[0].Path != "/api/v1/namespaces/ns/serviceaccounts/patcher/token" {
		t.Errorf("request is %v", got[0])
	}
}

func TestABusyServerIsAskedAgainAndARefusalIsNot(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		tries  int64
		hint   string
	}{
		"too many requests": {http.StatusTooManyRequests, attempts, ""},
		"restarting":        {http.StatusServiceUnavailable, attempts, ""},
		"forbidden":         {http.StatusForbidden, 1, `grant it with the rule {apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["patch"]} in a Role of namespace ns`},
		"unauthorized":      {http.StatusUnauthorized, 1, "log in to the cluster again"},
	} {
		t.Run(name, func(t *testing.T) {
			var tries atomic.Int64
			c := api(t, func(w http.ResponseWriter, _ *http.Request) {
				tries.Add(1)
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(tt.status)
			})
			err := c.SetScale(t.Context(), "ns", "backstage", 0)
			var e *Error
			if !errors.As(err, &e) || e.Status != tt.status || !strings.Contains(e.Hint(), tt.hint) {
				t.Errorf("error is %v", err)
			}
			if tries.Load() != tt.tries {
				t.Errorf("%d tries, want %d", tries.Load(), tt.tries)
			}
		})
	}
}

func TestASilentServerDoesNotOutliveTheContext(t *testing.T) {
	release := make(chan struct{})
	c := api(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) }) // before the server closes, which waits for its requests
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if _, err := c.Scale(ctx, "ns", "backstage"); err == nil {
		t.Error("no error")
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}
