package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/streaming/pkg/httpstream"
)

// forward is one connection to a Pod, which carries any number of streams to its ports.
type forward struct {
	ready   chan struct{} // closed once conn and err are set
	conn    httpstream.Connection
	err     error
	waiting int // Dials that have not left; the client's mu guards it

	mu   sync.Mutex
	next int // number of the next stream pair
}

// Dial opens a connection to a port of a Pod, as kubectl port-forward does: WebSocket, and SPDY where the API server or a
// proxy before it cannot. All connections to one Pod share one request, which is repeated as others are.
func (c *Client) Dial(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	return repeat(ctx, c.sleep, func() (net.Conn, error) { return c.dial(ctx, namespace, pod, port) })
}

func (c *Client) dial(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	f := c.forward(ctx, namespace, pod)
	conn, err := f.connect(ctx, pod, port)
	if err != nil {
		c.forget(namespace, pod, f)
	}
	return conn, err
}

// forward is the connection to a Pod that is there or on its way, or a new one.
func (c *Client) forward(ctx context.Context, namespace, pod string) *forward {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := namespace + "/" + pod
	f, ok := c.forwards[key]
	if !ok || f.dead() {
		f = &forward{ready: make(chan struct{})}
		c.forwards[key] = f
		go c.begin(context.WithoutCancel(ctx), namespace, pod, f) // the first Dial's end is not that of the others
	}
	f.waiting++
	return f
}

// begin makes the connection, and closes it when everybody has left meanwhile.
func (c *Client) begin(ctx context.Context, namespace, pod string, f *forward) {
	ctx, cancel := context.WithTimeout(ctx, c.handshake)
	defer cancel()
	conn, err := c.upgrade(ctx, namespace, pod)
	c.mu.Lock()
	f.conn, f.err = conn, err
	close(f.ready)
	left := f.waiting == 0
	c.mu.Unlock()
	if left && err == nil {
		_ = conn.Close()
	}
}

// forget leaves a connection and lets the next Dial begin anew.
func (c *Client) forget(namespace, pod string, f *forward) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.waiting--
	if key := namespace + "/" + pod; c.forwards[key] == f {
		delete(c.forwards, key)
	}
}

// dead tells whether the connection was lost.
func (f *forward) dead() bool {
	select {
	case <-f.ready:
	default:
		return false
	}
	if f.err != nil {
		return true
	}
	select {
	case <-f.conn.CloseChan():
		return true
	default:
		return false
	}
}

// connect waits for the connection and opens a port on it, as long as the context allows.
func (f *forward) connect(ctx context.Context, pod string, port int) (net.Conn, error) {
	select {
	case <-f.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if f.err != nil {
		return nil, f.err
	}
	done := make(chan struct{})
	var conn net.Conn
	var err error
	go func() {
		defer close(done)
		conn, err = f.open(pod, port)
	}()
	select {
	case <-done:
		return conn, err
	case <-ctx.Done():
		go func() {
			<-done
			if conn != nil {
				_ = conn.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// open opens the pair of streams that is one connection to a port.
func (f *forward) open(pod string, port int) (net.Conn, error) {
	f.mu.Lock()
	id := f.next
	f.next++
	f.mu.Unlock()
	headers := http.Header{}
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	headers.Set(corev1.PortHeader, strconv.Itoa(port))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(id))
	problem, err := f.conn.CreateStream(headers)
	if err != nil {
		return nil, fmt.Errorf("port-forward to pod %s: %w", pod, err)
	}
	_ = problem.Close() // we never write to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := f.conn.CreateStream(headers)
	if err != nil {
		f.conn.RemoveStreams(problem)
		return nil, fmt.Errorf("port-forward to pod %s: %w", pod, err)
	}
	ours, theirs := net.Pipe()
	conn := &stream{Conn: ours, problem: make(chan error, 1)}
	go func() {
		text, err := io.ReadAll(problem)
		if err == nil && len(text) > 0 {
			err = errors.New(strings.Join(strings.Fields(string(text)), " "))
		}
		if err != nil {
			conn.problem <- &RefusedError{fmt.Sprintf("port-forward to pod %s, port %d", pod, port), err}
			_ = theirs.Close()
		}
		close(conn.problem)
	}()
	go func() {
		_, _ = io.Copy(theirs, data) // ends with the stream
		_ = theirs.Close()
	}()
	go func() {
		_, _ = io.Copy(data, theirs) // ends with our side
		_ = data.Close()
		f.conn.RemoveStreams(data, problem)
	}()
	return conn, nil
}

// stream is a connection to a port, whose end tells what the kubelet said of it. The pipe gives it deadlines, which
// streams do not have.
type stream struct {
	net.Conn
	problem chan error
}

func (s *stream) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	return n, s.explain(err)
}

func (s *stream) Write(b []byte) (int, error) {
	n, err := s.Conn.Write(b)
	return n, s.explain(err)
}

// saying is how long the end of a connection waits for the kubelet's words about it, which come on a stream of their own.
const saying = 500 * time.Millisecond

// explain puts the kubelet's words in the place of an end that says nothing.
func (s *stream) explain(err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
		return err
	}
	select {
	case problem := <-s.problem:
		if problem != nil {
			return problem
		}
	case <-time.After(saying):
	}
	return err
}

// RefusedError is a connection that the kubelet could not make or keep inside the Pod.
type RefusedError struct {
	what  string
	cause error
}

func (e *RefusedError) Error() string { return e.what + ": " + e.cause.Error() }
func (e *RefusedError) Unwrap() error { return e.cause }

// Refused tells whether nobody listens at the port: that is no trouble on the way, but of the Pod.
func (e *RefusedError) Refused() bool { return strings.Contains(e.cause.Error(), "connection refused") }
