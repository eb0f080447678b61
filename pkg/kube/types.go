package kube

import "errors"

// ErrMissing is an object that the API server does not know.
var ErrMissing = errors.New("no such object")

// Resource is a kind of object as the Kubernetes API addresses it.
type Resource struct{ Group, Version, Name string }

// Query says which objects to list.
type Query struct {
	Resource  Resource
	Namespace string // empty for kinds that have none
	Labels    string // selector; empty lists all
	Fields    string // selector; empty lists all
}

// The kinds that this package asks for by itself.
func pods() Resource            { return Resource{Group: "", Version: "v1", Name: "pods"} }
func services() Resource        { return Resource{Group: "", Version: "v1", Name: "services"} }
func secrets() Resource         { return Resource{Group: "", Version: "v1", Name: "secrets"} }
func events() Resource          { return Resource{Group: "", Version: "v1", Name: "events"} }
func serviceAccounts() Resource { return Resource{Group: "", Version: "v1", Name: "serviceaccounts"} }
func deployments() Resource     { return Resource{Group: "apps", Version: "v1", Name: "deployments"} }
func endpointSlices() Resource {
	return Resource{Group: "discovery.k8s.io", Version: "v1", Name: "endpointslices"}
}
