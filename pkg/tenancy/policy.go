package tenancy

import "github.com/ameideio/ameide/pkg/spec"

// Gateway is the way into and out of a tenant's namespace: the Pods of one Gateway's data plane.
type Gateway struct {
	Name         string // of the Gateway
	Namespace    string // of the Gateway
	PodNamespace string // of its Pods, which is another one
	Port         int    // TLS port that the Pods listen on; a Service's 443 is translated before policies look
}

// GatewayOf is the Gateway of an environment. Envoy Gateway runs the data plane beside its controller, in argocd, and its
// Pods listen above 1024.
func GatewayOf(s *spec.Spec, e spec.Environment) Gateway {
	return Gateway{Name: s.Gateway.Name, Namespace: e.Namespace, PodNamespace: "argocd", Port: 10443}
}

// peer selects the Gateway's Pods and nothing else of the namespace they run in, by the labels that Envoy Gateway gives
// every Pod of a data plane.
func (g Gateway) peer() object {
	return object{
		"namespaceSelector": inNamespace(g.PodNamespace),
		"podSelector": object{"matchLabels": object{
			"gateway.envoyproxy.io/owning-gateway-name":      g.Name,
			"gateway.envoyproxy.io/owning-gateway-namespace": g.Namespace,
		}},
	}
}

// networkPolicies shut the namespace and open four things: its own Pods to each other, names, the Gateway, which is the
// only way to the platform's APIs, and the Gateway's way in. What one primitive needs beyond that, its own policy opens.
func networkPolicies(namespace string, g Gateway) []object {
	own := []any{object{"podSelector": object{}}}
	dns := object{
		"to":    []any{object{"namespaceSelector": inNamespace("kube-system")}},
		"ports": []any{port("UDP", 53), port("TCP", 53)}, // answers that do not fit into a datagram come over TCP
	}
	return []object{
		networkPolicy(namespace, "default-deny", object{"policyTypes": []any{"Ingress", "Egress"}}),
		networkPolicy(namespace, "allow-same-namespace", object{
			"policyTypes": []any{"Ingress", "Egress"},
			"ingress":     []any{object{"from": own}},
			"egress":      []any{object{"to": own}},
		}),
		networkPolicy(namespace, "allow-dns", object{"policyTypes": []any{"Egress"}, "egress": []any{dns}}),
		networkPolicy(namespace, "allow-gateway", object{
			"policyTypes": []any{"Ingress", "Egress"},
			"ingress":     []any{object{"from": []any{g.peer()}}},
			"egress":      []any{object{"to": []any{g.peer()}, "ports": []any{port("TCP", g.Port)}}},
		}),
	}
}

// networkPolicy is a policy for every Pod of the namespace.
func networkPolicy(namespace, name string, rules object) object {
	rules["podSelector"] = object{}
	return newObject("networking.k8s.io/v1", "NetworkPolicy", namespace, name, rules)
}

// inNamespace selects by the label that the API server gives every namespace, and that nobody can change.
func inNamespace(name string) object {
	return object{"matchLabels": object{"kubernetes.io/metadata.name": name}}
}

func port(protocol string, number int) object {
	return object{"protocol": protocol, "port": int64(number)}
}
