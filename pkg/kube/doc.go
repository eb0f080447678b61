// Package kube asks a Kubernetes API server, as far as this program needs one, with the rights that the caller has: it
// reads objects, Secrets and logs, reaches Pods and Services through port-forwards, scales a Deployment, writes an Event,
// and keeps the data of a ConfigMap.
//
// Requests are plain HTTP with client-go's authentication; a typed client would cost more than everything else together.
// A refusal names the RBAC rule that grants what was asked.
package kube
