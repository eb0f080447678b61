// Package livelab is a whole installation for tests and benchmarks of running environments: a checkout, and real servers
// behind it. PostgreSQL, Keycloak, Vault, a registry, Backstage and the Kubernetes API are the lab's; a small reverse proxy
// stands in for the Gateway, and a kubelet of the lab's for nodes.
package livelab
