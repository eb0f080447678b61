package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// echo is an API server whose Pods answer with what they are told, over SPDY alone.
func echo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(httpstream.HeaderUpgrade) != spdy.HeaderSpdy31 {
		http.Error(w, "no WebSocket here", http.StatusBadRequest)
		return
	}
	if _, err := httpstream.Handshake(r, w, []string{portforward.PortForwardProtocolV1Name}); err != nil {
		return
	}
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, replied <-chan struct{}) error {
		go func() {
			<-replied
			if s.Headers().Get(corev1.StreamType) == corev1.StreamTypeData {
				_, _ = io.Copy(s, s)
			}
			_ = s.Close()
		}()
		return nil
	})
	if conn != nil {
		<-conn.CloseChan()
	}
}

// dialled dials a Pod of a test's API server and says a word.
func dialled(ctx context.Context, t *testing.T, c *Client) error {
	t.Helper()
	conn, err := c.Dial(ctx, "ns", "pg-1", 5432)
	if err != nil {
		return err
	}
	defer conn.Close()
	t.Cleanup(func() { hangUp(c) })
	return say(conn)
}

func say(conn net.Conn) error {
	if _, err := io.WriteString(conn, "word"); err != nil {
		return err
	}
	got := make([]byte, 4)
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "word" {
		return fmt.Errorf("the answer is %q: %w", got, err)
	}
	return nil
}

// hangUp ends the connections, for which the test's API server waits.
func hangUp(c *Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.forwards {
		if !f.dead() {
			_ = f.conn.Close()
		}
	}
}

func TestAPortForwardIsTriedAgain(t *testing.T) {
	for name, refuse := range map[string]func(http.ResponseWriter){
		"too many requests": func(w http.ResponseWriter) { http.Error(w, "later", http.StatusTooManyRequests) },
		"too many requests, as an object": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"TooManyRequests","message":"later","details":{"retryAfterSeconds":1},"code":429}`)
		},
		"an error of the API server": func(w http.ResponseWriter) { http.Error(w, "no backend", http.StatusBadGateway) },
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int64
			c := api(t, func(w http.ResponseWriter, r *http.Request) {
				if n.Add(1) <= 2 {
					refuse(w)
					return
				}
				echo(w, r)
			})
			if err := dialled(t.Context(), t, c); err != nil {
				t.Fatal(err)
			}
			if got := c.Requests(); got != 4 {
				t.Errorf("%d requests, want 4: two are refused, WebSocket is, and SPDY is not", got)
			}
		})
	}
}

func TestARefusedPortForwardNamesTheStatus(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInternalServerError, http.StatusNotFound} {
		c := api(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not now", status) })
		_, err := c.Dial(t.Context(), "ns", "pg-1", 5432)
		var refused *Error
		if !errors.As(err, &refused) || refused.Status != status || !strings.Contains(err.Error(), "not now") {
			t.Errorf("error is %v, want one of %d", err, status)
		}
		want := map[int]int{http.StatusTooManyRequests: attempts, http.StatusServiceUnavailable: 2 * attempts}[status]
		if want == 0 {
			want = 2 // by WebSocket and by SPDY: asking again changes nothing
		}
		if got := c.Requests(); got != want {
			t.Errorf("%d: %d requests, want %d", status, got, want)
		}
	}
}

// hanging is an API server that never answers the first so many port-forwards.
func hanging(t *testing.T, first int64) *Client {
	until := make(chan struct{})
	var n atomic.Int64
	c := api(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) <= first {
			<-until
			return
		}
		echo(w, r)
	})
	t.Cleanup(func() { close(until) })
	return c
}

func TestAPortForwardThatHangsIsLeftBehind(t *testing.T) {
	c := hanging(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := dialled(ctx, t, c); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error is %v, want the context's", err)
	}
	start := time.Now()
	if err := dialled(t.Context(), t, c); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > handshake/2 {
		t.Errorf("the next one took %s: it waited for the one that hangs", took)
	}
}

func TestAPortForwardThatHangsGivesUpItsTurn(t *testing.T) {
	c := hanging(t, 8)
	c.handshake = 100 * time.Millisecond
	failed := make(chan error, 8)
	for i := range 8 {
		go func() {
			conn, err := c.Dial(t.Context(), "ns", fmt.Sprintf("pg-%d", i), 5432)
			if err == nil {
				err = say(conn)
			}
			failed <- err
		}()
	}
	t.Cleanup(func() { hangUp(c) })
	for range 8 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}

func TestASPDYAnswerThatHangsGivesUp(t *testing.T) {
	until := make(chan struct{})
	var spdys atomic.Int64
	c := api(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(httpstream.HeaderUpgrade) == spdy.HeaderSpdy31 && spdys.Add(1) == 1 {
			<-until
			return
		}
		echo(w, r)
	})
	t.Cleanup(func() { close(until) })
	c.handshake = 100 * time.Millisecond
	if err := dialled(t.Context(), t, c); err != nil {
		t.Error(err)
	}
}

func TestAConnectionThatNobodyWaitsForIsClosed(t *testing.T) {
	answer, closed := make(chan struct{}), make(chan struct{})
	c := api(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(httpstream.HeaderUpgrade) == spdy.HeaderSpdy31 {
			<-answer
			defer close(closed)
		}
		echo(w, r)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := c.Dial(ctx, "ns", "pg-1", 5432)
	close(answer)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error is %v, want the context's", err)
	}
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
		t.Error("the connection stays")
	}
}

func TestManyDialsShareOneConnection(t *testing.T) {
	c := api(t, echo)
	failed := make(chan error, 20)
	for range 20 {
		go func() { failed <- dialled(t.Context(), t, c) }()
	}
	for range 20 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if got := c.Requests(); got != 2 {
		t.Errorf("%d requests, want 2: WebSocket and SPDY", got)
	}
}
