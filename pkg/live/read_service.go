package live

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ameideio/ameide/pkg/secret"
)

// reachable is why a Service cannot be reached, in the words of the Kubernetes API: the clients of other servers would
// try again and again, and bury them.
func (r *reader) reachable(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	service, namespace, ok := serviceName(u.Hostname(), r.ns)
	if !ok || r.InCluster {
		return nil
	}
	_, _, err = r.behind(ctx, service, namespace, u.Port())
	return err
}

// serviceTransport speaks HTTP to Services of the cluster, by the names that Pods use, and to everybody else directly.
func (r *reader) serviceTransport() http.RoundTripper {
	return &http.Transport{DialContext: r.dialService}
}

// dialService connects to host:port as a Pod of the namespace would: a Service is reached through a port-forward to one
// of its Pods. Only names of the cluster are, so that no password goes to a stranger of the same name.
func (r *reader) dialService(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	service, namespace, ok := serviceName(host, r.ns)
	if !ok || r.InCluster {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	pod, number, err := r.behind(ctx, service, namespace, port)
	if err != nil {
		return nil, err
	}
	conn, err := r.Cluster.Dial(ctx, namespace, pod, number)
	if err != nil {
		return nil, fmt.Errorf("port-forward to Service %s: %w", service, err)
	}
	return conn, nil
}

// serviceName splits a name as Pods resolve it: service, service.namespace, service.namespace.svc[.domain]. Anything with
// another form is no Service.
func serviceName(host, here string) (service, namespace string, ok bool) {
	if net.ParseIP(host) != nil || host == "localhost" {
		return "", "", false
	}
	parts := strings.Split(host, ".")
	switch {
	case len(parts) == 1:
		return parts[0], here, true
	case len(parts) == 2, len(parts) > 2 && parts[2] == "svc":
		return parts[0], parts[1], true
	}
	return "", "", false
}

// behind is a Pod that is ready behind a Service, and its port, from the namespace's EndpointSlices.
func (r *reader) behind(ctx context.Context, service, namespace, port string) (string, int, error) {
	var slices []Object
	var err error
	if namespace == r.ns {
		slices, err = r.slices.value(ctx, "EndpointSlices")
	} else {
		slices, err = r.Cluster.List(ctx, Query{Resource: endpointSlices(), Namespace: namespace, Labels: "kubernetes.io/service-name=" + service})
	}
	if err != nil {
		return "", 0, err
	}
	for _, slice := range slices {
		if text(slice, "metadata", "labels", "kubernetes.io/service-name") != service {
			continue
		}
		number := slicePort(slice, port)
		for _, e := range children(slice, "endpoints") {
			if number != 0 && text(e, "conditions", "ready") != "false" && text(e, "targetRef", "kind") == "Pod" {
				return text(e, "targetRef", "name"), number, nil
			}
		}
	}
	return "", 0, fmt.Errorf("the Service %s of namespace %s has no ready Pod behind port %s", service, namespace, port)
}

// slicePort is the Pods' port: the only one of a slice, or the one of the same number.
func slicePort(slice Object, port string) int {
	ports := children(slice, "ports")
	if len(ports) == 1 {
		return number(ports[0], "port")
	}
	for _, p := range ports {
		if text(p, "port") == port {
			n, _ := strconv.Atoi(port)
			return n
		}
	}
	return 0
}

// pause waits between two tries.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// dsn is a database's address with a password, for the library that parses it.
func dsn(user, password secret.Value, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(user.Reveal(), password.Reveal()), Host: "localhost", Path: "/" + database}
	return u.String()
}
