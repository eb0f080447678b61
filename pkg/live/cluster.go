package live

import (
	"context"
	"net"

	"github.com/ameideio/ameide/pkg/kube"
)

// ErrMissing is an object that the API server does not know.
var ErrMissing = kube.ErrMissing

// Resource is a kind of object as the Kubernetes API addresses it.
type Resource = kube.Resource

// Query says which objects to list.
type Query = kube.Query

// Cluster is what is asked of a Kubernetes API: reads alone. An error that is ErrMissing says that the object does not
// exist; one with a method Hint tells which right is missing and what grants it. It is safe for concurrent use.
type Cluster interface {
	Get(ctx context.Context, r Resource, namespace, name string) (Object, error)
	List(ctx context.Context, q Query) ([]Object, error)
	// Logs is the end of what a container wrote, in this run or the one before.
	Logs(ctx context.Context, namespace, pod, container string, previous bool) (string, error)
	// Dial opens a connection to a port of a Pod, as kubectl port-forward does.
	Dial(ctx context.Context, namespace, pod string, port int) (net.Conn, error)
	// Requests counts every request so far.
	Requests() int
}

// The kinds that are read.
func applications() Resource {
	return Resource{Group: "argoproj.io", Version: "v1alpha1", Name: "applications"}
}
func deployments() Resource { return Resource{Group: "apps", Version: "v1", Name: "deployments"} }
func pods() Resource        { return Resource{Group: "", Version: "v1", Name: "pods"} }
func events() Resource      { return Resource{Group: "", Version: "v1", Name: "events"} }
func nodes() Resource       { return Resource{Group: "", Version: "v1", Name: "nodes"} }
func services() Resource    { return Resource{Group: "", Version: "v1", Name: "services"} }
func secrets() Resource     { return Resource{Group: "", Version: "v1", Name: "secrets"} }
func jobs() Resource        { return Resource{Group: "batch", Version: "v1", Name: "jobs"} }
func endpointSlices() Resource {
	return Resource{Group: "discovery.k8s.io", Version: "v1", Name: "endpointslices"}
}
func httpRoutes() Resource {
	return Resource{Group: "gateway.networking.k8s.io", Version: "v1", Name: "httproutes"}
}
func gateways() Resource {
	return Resource{Group: "gateway.networking.k8s.io", Version: "v1", Name: "gateways"}
}
func serviceMonitors() Resource {
	return Resource{Group: "monitoring.coreos.com", Version: "v1", Name: "servicemonitors"}
}

// externalSecrets and stores are read in the version that Git uses: older operators serve v1beta1 alone.
func externalSecrets(version string) Resource {
	return Resource{Group: "external-secrets.io", Version: version, Name: "externalsecrets"}
}

func stores(version, kind string) Resource {
	if kind == "ClusterSecretStore" {
		return Resource{Group: "external-secrets.io", Version: version, Name: "clustersecretstores"}
	}
	return Resource{Group: "external-secrets.io", Version: version, Name: "secretstores"}
}
