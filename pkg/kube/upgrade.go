package kube

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	tunnel "k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/websocket"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// upgrade makes the connection of a port-forward within the context's deadline. client-go's own dialers take no context
// and keep the status of a refusal to themselves.
func (c *Client) upgrade(ctx context.Context, namespace, pod string) (httpstream.Connection, error) {
	r := request{verb: "create", resource: Resource{Version: "v1", Name: "pods"}, namespace: namespace, name: pod, sub: "portforward"}
	conn, err := c.overWebSocket(ctx, r)
	if err == nil || !otherWay(err) {
		return conn, err
	}
	return c.overSPDY(ctx, r)
}

// otherWay tells whether SPDY may do what WebSocket could not. A server that has too much to do is left alone.
func otherWay(err error) bool {
	return httpstream.IsUpgradeFailure(err) && status(err) != http.StatusTooManyRequests || httpstream.IsHTTPSProxyError(err)
}

// overWebSocket makes the connection of SPDY frames in a WebSocket.
func (c *Client) overWebSocket(ctx context.Context, r request) (httpstream.Connection, error) {
	transport, holder, err := websocket.RoundTripperFor(c.config)
	if err != nil {
		return nil, err
	}
	h, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+r.path(), nil)
	if err != nil {
		return nil, err
	}
	conn, err := websocket.Negotiate(transport, holder, h, tunnel.WebsocketsSPDYTunnelingPortForwardV1)
	if err != nil {
		return nil, refusal(r, err)
	}
	return spdy.NewClientConnectionWithPings(portforward.NewTunnelingConnection("client", conn), portforward.PingPeriod)
}

// overSPDY makes the connection of SPDY frames alone.
func (c *Client) overSPDY(ctx context.Context, r request) (httpstream.Connection, error) {
	config, err := rest.TLSConfigFor(c.config)
	if err != nil {
		return nil, err
	}
	way, err := spdy.NewRoundTripperWithConfig(spdy.RoundTripperConfig{TLS: config, Proxier: c.config.Proxy})
	if err != nil {
		return nil, err
	}
	direct := &upgrader{dial: way.Dial}
	transport, err := rest.HTTPWrappersForConfig(c.config, direct)
	if err != nil {
		return nil, err
	}
	h, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+r.path(), nil)
	if err != nil {
		return nil, err
	}
	h.Header.Set(httpstream.HeaderProtocolVersion, portforward.PortForwardProtocolV1Name)
	response, err := transport.RoundTrip(h)
	if err != nil {
		return nil, newError(r, nil, err)
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		defer direct.conn.Close()
		return nil, newError(r, response, nil)
	}
	const ping = 5 * time.Second // as kubectl
	return spdy.NewClientConnectionWithPings(direct.conn, ping)
}

// upgrader asks for SPDY and keeps the connection. The context's deadline is that of the answer, too, for which client-go's
// waits without end.
type upgrader struct {
	dial func(*http.Request) (net.Conn, error) // writes the request
	conn net.Conn
}

func (u *upgrader) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(httpstream.HeaderConnection, httpstream.HeaderUpgrade)
	r.Header.Set(httpstream.HeaderUpgrade, spdy.HeaderSpdy31)
	conn, err := u.dial(r)
	if err != nil {
		return nil, err
	}
	u.conn = conn
	until, _ := r.Context().Deadline()
	_ = conn.SetDeadline(until)
	response, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		_ = conn.SetDeadline(time.Time{})
	}
	return response, nil
}

// badHandshake is how client-go's WebSocket gives the status of an answer that is no object of Kubernetes.
var badHandshake = regexp.MustCompile(`bad handshake \((\d{3}) `)

// refusal reads what client-go makes of a WebSocket that was refused.
func refusal(r request, err error) *Error {
	var refused *httpstream.UpgradeFailureError
	if !errors.As(err, &refused) {
		return newError(r, nil, err)
	}
	e := &Error{request: r, reason: strings.Join(strings.Fields(err.Error()), " "), cause: err}
	var known *apierrors.StatusError
	if errors.As(refused.Cause, &known) {
		e.Status = int(known.ErrStatus.Code)
		if d := known.ErrStatus.Details; d != nil {
			e.retryAfter = time.Duration(d.RetryAfterSeconds) * time.Second
		}
	}
	if said := badHandshake.FindStringSubmatch(e.reason); said != nil {
		e.Status, _ = strconv.Atoi(said[1])
	}
	return e
}
