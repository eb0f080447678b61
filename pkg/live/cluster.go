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
func applications() Resource    { return Resource{"argoproj.io", "v1alpha1", "applications"} }
func deployments() Resource     { return Resource{"apps", "v1", "deployments"} }
func pods() Resource            { return Resource{"", "v1", "pods"} }
func events() Resource          { return Resource{"", "v1", "events"} }
func nodes() Resource           { return Resource{"", "v1", "nodes"} }
func services() Resource        { return Resource{"", "v1", "services"} }
func secrets() Resource         { return Resource{"", "v1", "secrets"} }
func jobs() Resource            { return Resource{"batch", "v1", "jobs"} }
func endpointSlices() Resource  { return Resource{"discovery.k8s.io", "v1", "endpointslices"} }
func httpRoutes() Resource      { return Resource{"gateway.networking.k8s.io", "v1", "httproutes"} }
func gateways() Resource        { return Resource{"gateway.networking.k8s.io", "v1", "gateways"} }
func serviceMonitors() Resource { return Resource{"monitoring.coreos.com", "v1", "servicemonitors"} }

// externalSecrets and stores are read in the version that Git uses: older operators serve v1beta1 alone.
func externalSecrets(version string) Resource {
	return Resource{"external-secrets.io", version, "externalsecrets"}
}

func stores(version, kind string) Resource {
	if kind == "ClusterSecretStore" {
		return Resource{"external-secrets.io", version, "clustersecretstores"}
	}
	return Resource{"external-secrets.io", version, "secretstores"}
}
