// Package kube asks a Kubernetes API server, as far as this program needs one: through the dynamic client, with the rights
// that the caller has, and with errors that name a missing one.
package kube
