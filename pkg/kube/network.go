package kube

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Network connects as a Pod of one namespace would: a Service is reached through a port-forward to one of its Pods,
// everything else directly. It is safe for concurrent use.
type Network struct {
	client    func() (*Client, error)
	namespace string

	mu    sync.Mutex
	found map[string]place // by address
}

// place is a port of a Pod.
type place struct {
	namespace, pod string
	port           int
}

// NewNetwork connects as Pods of a namespace do. client is asked for when a Service is dialled for the first time; one
// that is nil, or in the cluster itself, leaves every name to the resolver.
func NewNetwork(namespace string, client func() (*Client, error)) *Network {
	return &Network{client: client, namespace: namespace, found: map[string]place{}}
}

// Transport speaks HTTP over this network, past any proxy.
func (n *Network) Transport() http.RoundTripper {
	return &http.Transport{DialContext: n.DialContext}
}

// Service tells whether a host is the name of a Service.
func (n *Network) Service(host string) bool {
	_, _, ok := ServiceName(host, n.namespace)
	return ok
}

// Forwards tells whether a host is reached through a port-forward.
func (n *Network) Forwards(host string) bool {
	if !n.Service(host) {
		return false
	}
	client, err := n.client()
	return err == nil && client != nil && !client.InCluster()
}

// DialContext connects to host:port. Names of Services are never left to a resolver outside of the cluster, so that no
// password goes to a stranger of the same name.
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	service, namespace, ok := ServiceName(host, n.namespace)
	if !ok {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	client, err := n.client()
	if err != nil {
		return nil, fmt.Errorf("%s is a Service of the cluster: %w", host, err)
	}
	if client == nil || client.InCluster() {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	conn, err := n.forward(ctx, client, address, func() (place, error) { return client.behind(ctx, service, namespace, port) })
	if err != nil {
		return nil, fmt.Errorf("port-forward to Service %s/%s: %w", namespace, service, err)
	}
	return conn, nil
}

// forward dials the Pod that answered last, and looks for another one when it does not.
func (n *Network) forward(ctx context.Context, c *Client, address string, find func() (place, error)) (net.Conn, error) {
	n.mu.Lock()
	at, known := n.found[address]
	n.mu.Unlock()
	if known {
		if conn, err := c.Dial(ctx, at.namespace, at.pod, at.port); err == nil || ctx.Err() != nil {
			return conn, err
		}
	}
	at, err := find()
	if err != nil {
		return nil, err
	}
	conn, err := c.Dial(ctx, at.namespace, at.pod, at.port)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	n.found[address] = at
	n.mu.Unlock()
	return conn, nil
}

// ServiceName splits a name as Pods resolve it: service, service.namespace of this namespace, and
// service.namespace.svc[.domain] of any. Anything of another form is no Service: example.com is a public host.
func ServiceName(host, here string) (service, namespace string, ok bool) {
	if net.ParseIP(host) != nil || host == "localhost" {
		return "", "", false
	}
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	switch {
	case len(parts) == 1:
		return parts[0], here, true
	case len(parts) == 2 && parts[1] == here, len(parts) > 2 && parts[2] == "svc":
		return parts[0], parts[1], true
	}
	return "", "", false
}

// slice is an EndpointSlice, as far as it says where a Service's Pods are.
type slice struct {
	Ports []struct {
		Name string `json:"name"`
		Port int    `json:"port"`
	} `json:"ports"`
	Endpoints []struct {
		Conditions struct {
			Ready *bool `json:"ready"`
		} `json:"conditions"`
		TargetRef struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"targetRef"`
	} `json:"endpoints"`
}

// behind is a ready Pod of a Service, and the Pod's port behind one of the Service.
func (c *Client) behind(ctx context.Context, service, namespace, port string) (place, error) {
	var list struct {
		Items []slice `json:"items"`
	}
	r := request{verb: "list", resource: endpointSlices(), namespace: namespace, query: map[string][]string{"labelSelector": {"kubernetes.io/service-name=" + service}}}
	if err := c.ask(ctx, r, &list); err != nil {
		return place{}, err
	}
	named := ""
	for _, s := range list.Items {
		if len(s.Ports) > 1 {
			var err error
			if named, err = c.portName(ctx, service, namespace, port); err != nil {
				return place{}, err
			}
			break
		}
	}
	for _, s := range list.Items {
		if at := s.ready(named); at.pod != "" {
			at.namespace = namespace
			return at, nil
		}
	}
	return place{}, fmt.Errorf("Service %s/%s has no ready Pod behind port %s", namespace, service, port)
}

// ready is the first ready Pod of a slice, at its only port or the one of a name.
func (s slice) ready(named string) place {
	port := 0
	for _, p := range s.Ports {
		if len(s.Ports) == 1 || p.Name == named {
			port = p.Port
		}
	}
	for _, e := range s.Endpoints {
		if port != 0 && e.TargetRef.Kind == "Pod" && (e.Conditions.Ready == nil || *e.Conditions.Ready) {
			return place{pod: e.TargetRef.Name, port: port}
		}
	}
	return place{}
}

// portName is the name of a port of a Service: slices know the Pods' numbers, which may be others.
func (c *Client) portName(ctx context.Context, service, namespace, port string) (string, error) {
	var object struct {
		Spec struct {
			Ports []struct {
				Name string `json:"name"`
				Port int    `json:"port"`
			} `json:"ports"`
		} `json:"spec"`
	}
	r := request{verb: "get", resource: services(), namespace: namespace, name: service}
	if err := c.ask(ctx, r, &object); err != nil {
		return "", err
	}
	for _, p := range object.Spec.Ports {
		if strconv.Itoa(p.Port) == port {
			return p.Name, nil
		}
	}
	return "", fmt.Errorf("Service %s/%s has no port %s", namespace, service, port)
}
