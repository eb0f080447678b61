// Package cluster reads from a Kubernetes API for package live: objects, lists, logs and port-forwards. It never writes.
//
// Requests are plain HTTP with client-go's authentication; a typed client would cost more than everything else together.
// A refusal names the RBAC rule that grants what was asked.
package cluster
