package live

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/kube"
	"github.com/ameideio/ameide/pkg/secret"
)

// reachable is why a Service cannot be reached, in the words of the Kubernetes API: the clients of other servers would
// try again and again, and bury them.
func (r *reader) reachable(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	service, namespace, ok := kube.ServiceName(u.Hostname(), r.ns)
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
	service, namespace, ok := kube.ServiceName(host, r.ns)
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

// behind is a Pod that is ready behind a Service, and its port, from the namespace's EndpointSlices.
func (r *reader) behind(ctx context.Context, service, namespace, port string) (string, int, error) {
	all, err := r.endpointSlices(ctx, service, namespace)
	if err != nil {
		return "", 0, err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(s Object) bool {
		return dig.Text(s, "metadata", "labels", "kubernetes.io/service-name") != service
	})
	named, err := r.portName(ctx, service, namespace, port, all)
	if err != nil {
		return "", 0, err
	}
	for _, s := range all {
		number := slicePort(s, named)
		for _, e := range dig.Maps(s, "endpoints") {
			if number != 0 && dig.Text(e, "conditions", "ready") != "false" && dig.Text(e, "targetRef", "kind") == "Pod" {
				return dig.Text(e, "targetRef", "name"), number, nil
			}
		}
	}
	return "", 0, fmt.Errorf("the Service %s of namespace %s has no ready Pod behind port %s", service, namespace, port)
}

func (r *reader) endpointSlices(ctx context.Context, service, namespace string) ([]Object, error) {
	if namespace == r.ns {
		return r.slices.value(ctx, "EndpointSlices")
	}
	return r.Cluster.List(ctx, Query{Resource: endpointSlices(), Namespace: namespace, Labels: "kubernetes.io/service-name=" + service})
}

// portName is the name of a Service's port, and asked for only where there are several: slices know the Pods' numbers,
// which may be others.
func (r *reader) portName(ctx context.Context, service, namespace, port string, all []Object) (string, error) {
	if !slices.ContainsFunc(all, func(s Object) bool { return len(dig.Maps(s, "ports")) > 1 }) {
		return "", nil
	}
	object, err := r.Cluster.Get(ctx, services(), namespace, service)
	if err != nil {
		return "", fmt.Errorf("the Service %s: %w", service, err)
	}
	for _, p := range dig.Maps(object, "spec", "ports") {
		if dig.Text(p, "port") == port {
			return dig.Text(p, "name"), nil
		}
	}
	return "", fmt.Errorf("the Service %s of namespace %s has no port %s", service, namespace, port)
}

// slicePort is the Pods' port: the only one of a slice, or the one of a name.
func slicePort(slice Object, named string) int {
	ports := dig.Maps(slice, "ports")
	for _, p := range ports {
		if len(ports) == 1 || dig.Text(p, "name") == named {
			return dig.Number(p, "port")
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
