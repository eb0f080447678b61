package livelab

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// Kubelet stands in for a node's kubelet, as far as the API server asks it: logs and port-forwards. A Pod's ports are
// ports of loopback.
type Kubelet struct {
	Port int

	mu    sync.Mutex
	ports map[string]int           // namespace/pod:port to a port of loopback
	logs  map[string]func() string // by logKey
	cut   int                      // bytes after which every forward is cut; 0 never
}

func newKubelet(t testing.TB, certificate tls.Certificate) *Kubelet {
	t.Helper()
	k := &Kubelet{ports: map[string]int{}, logs: map[string]func() string{}}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	k.Port = l.Addr().(*net.TCPAddr).Port
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.containerLogs)
	mux.HandleFunc("/portForward/{namespace}/{pod}", k.portForward)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return k
}

// Expose lets a port of a Pod be a port of loopback.
func (k *Kubelet) Expose(namespace, pod string, port, local int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ports[namespace+"/"+pod+":"+strconv.Itoa(port)] = local
}

// Log is what a Pod wrote; of the run before its last restart when previous.
func (k *Kubelet) Log(namespace, pod string, previous bool, text func() string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.logs[logKey(namespace+"/"+pod, previous)] = text
}

// CutAfter cuts every port-forward, the whole connection, after some bytes from the Pod; 0 lets them live.
func (k *Kubelet) CutAfter(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cut = n
}

// podOf is the Pod that a request is about: namespace/name.
func podOf(r *http.Request) string { return r.PathValue("namespace") + "/" + r.PathValue("pod") }

func logKey(pod string, previous bool) string { return fmt.Sprintf("%s %v", pod, previous) }

func (k *Kubelet) containerLogs(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	text, ok := k.logs[logKey(podOf(r), r.FormValue("previous") == "true")]
	k.mu.Unlock()
	if !ok {
		http.Error(w, "no such log", http.StatusBadRequest)
		return
	}
	lines := strings.SplitAfter(text(), "\n")
	if tail, err := strconv.Atoi(r.FormValue("tailLines")); err == nil && len(lines) > tail {
		lines = lines[len(lines)-tail:]
	}
	_, _ = io.WriteString(w, strings.Join(lines, "")) // the client went away
}

// portForward speaks the protocol of k8s.io/kubelet/pkg/cri/streaming/portforward: a stream for errors and one for data
// make one connection.
func (k *Kubelet) portForward(w http.ResponseWriter, r *http.Request) {
	if _, err := httpstream.Handshake(r, w, []string{"portforward.k8s.io"}); err != nil {
		return
	}
	streams := make(chan httpstream.Stream, 256)
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, _ <-chan struct{}) error {
		streams <- s
		return nil
	})
	if conn == nil {
		return
	}
	defer conn.Close()
	problems := map[string]httpstream.Stream{}
	for {
		select {
		case <-conn.CloseChan():
			return
		case s := <-streams:
			id := s.Headers().Get(corev1.PortForwardRequestIDHeader)
			if s.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
				problems[id] = s
				continue
			}
			go k.join(conn, s, problems[id], podOf(r))
		}
	}
}

func (k *Kubelet) join(conn httpstream.Connection, data, problem httpstream.Stream, pod string) {
	defer conn.RemoveStreams(data, problem)
	defer problem.Close()
	port := data.Headers().Get(corev1.PortHeader)
	k.mu.Lock()
	local, ok := k.ports[pod+":"+port]
	cut := k.cut
	k.mu.Unlock()
	if !ok {
		_, _ = fmt.Fprintf(problem, "failed to connect to localhost:%s inside namespace, connection refused", port)
		_ = data.Reset()
		return
	}
	to, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", local))
	if err != nil {
		_, _ = fmt.Fprintf(problem, "failed to connect to localhost:%s inside namespace: %v", port, err)
		_ = data.Reset()
		return
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(to, data)
		if c, ok := to.(*net.TCPConn); ok {
			_ = c.CloseWrite()
		}
	}()
	if cut > 0 {
		_, _ = io.CopyN(data, to, int64(cut))
		_ = conn.Close()
		return
	}
	_, _ = io.Copy(data, to)
	_ = data.Close()
}
