package tenancy_test

import (
	"slices"
	"testing"

	"github.com/ameideio/ameide/pkg/tenancy"
)

// pod is one end of a connection.
type pod struct {
	namespace string
	labels    map[string]string
}

func gatewayLabels(environment string) map[string]string {
	return map[string]string{
		"app.kubernetes.io/name":                         "envoy",
		"gateway.envoyproxy.io/owning-gateway-name":      "ameide",
		"gateway.envoyproxy.io/owning-gateway-namespace": environment,
	}
}

// What the policies let through, judged as Kubernetes judges them: a Pod that any policy selects for a direction is shut,
// and each policy opens what its rules name.
func TestTheNamespaceIsShutButForItsOwnPodsNamesAndTheGateway(t *testing.T) {
	internet := pod{namespace: "", labels: nil}
	tests := []struct {
		name      string
		direction string
		peer      pod
		protocol  string
		port      int64
		want      bool
	}{
		{"its own Pods, out", "egress", pod{"tenant-acme-prod-cust", nil}, "TCP", 8080, true},
		{"its own Pods, in", "ingress", pod{"tenant-acme-prod-cust", map[string]string{"app": "x"}}, "TCP", 50051, true},
		{"names", "egress", pod{"kube-system", map[string]string{"k8s-app": "kube-dns"}}, "UDP", 53, true},
		{"long names", "egress", pod{"kube-system", nil}, "TCP", 53, true},
		{"names from another tenant", "egress", pod{"tenant-contoso-prod-cust", nil}, "UDP", 53, false},
		{"names from the internet", "egress", internet, "UDP", 53, false},
		{"the API of kube-system's Pods", "egress", pod{"kube-system", nil}, "TCP", 443, false},
		{"kube-system, in", "ingress", pod{"kube-system", nil}, "TCP", 8080, false},
		{"the Gateway, out", "egress", pod{"argocd", gatewayLabels("ameide-prod")}, "TCP", 10443, true},
		{"the Gateway, in", "ingress", pod{"argocd", gatewayLabels("ameide-prod")}, "TCP", 8080, true},
		{"the Gateway's admin port", "egress", pod{"argocd", gatewayLabels("ameide-prod")}, "TCP", 19000, false},
		{"another environment's Gateway, out", "egress", pod{"argocd", gatewayLabels("ameide-dev")}, "TCP", 10443, false},
		{"another environment's Gateway, in", "ingress", pod{"argocd", gatewayLabels("ameide-dev")}, "TCP", 8080, false},
		{"Argo CD's server", "egress", pod{"argocd", map[string]string{"app.kubernetes.io/name": "argocd-server"}}, "TCP", 10443, false},
		{"a forged Gateway of a tenant", "ingress", pod{"tenant-contoso-prod-cust", gatewayLabels("ameide-prod")}, "TCP", 8080, false},
		{"the platform's database", "egress", pod{"ameide-prod", nil}, "TCP", 5432, false},
		{"the platform, in", "ingress", pod{"ameide-prod", nil}, "TCP", 8080, false},
		{"another tenant, out", "egress", pod{"tenant-contoso-prod-cust", nil}, "TCP", 8080, false},
		{"another tenant, in", "ingress", pod{"tenant-contoso-prod-cust", nil}, "TCP", 8080, false},
		{"its base namespace", "egress", pod{"tenant-acme-prod-base", nil}, "TCP", 8080, false},
		{"the internet", "egress", internet, "TCP", 443, false},
		{"a cloud's metadata service", "egress", internet, "TCP", 80, false},
	}
	for _, origin := range []tenancy.Origin{"tenant", "agent"} {
		policies := policiesOf(t, origin)
		for _, test := range tests {
			if got := allowed(t, policies, "tenant-acme-prod-cust", test.direction, test.peer, test.protocol, test.port); got != test.want {
				t.Errorf("%s: %s: allowed = %t, want %t", origin, test.name, got, test.want)
			}
		}
	}
}

func policiesOf(t *testing.T, origin tenancy.Origin) []map[string]any {
	t.Helper()
	return slices.DeleteFunc(manifests(t, origin, "small"), func(o map[string]any) bool { return o["kind"] != "NetworkPolicy" })
}

// allowed judges a connection between a Pod of the namespace and its peer. Every policy must select every Pod.
func allowed(t *testing.T, policies []map[string]any, namespace, direction string, peer pod, protocol string, port int64) bool {
	t.Helper()
	policyType, side := "Ingress", "from"
	if direction == "egress" {
		policyType, side = "Egress", "to"
	}
	shut := false
	for _, policy := range policies {
		spec := sub(policy, "spec")
		if len(sub(spec, "podSelector")) > 0 {
			t.Fatalf("%v selects only some Pods", sub(policy, "metadata")["name"])
		}
		if !slices.Contains(items(spec["policyTypes"]), any(policyType)) {
			continue
		}
		shut = true
		for _, rule := range items(spec[direction]) {
			if r := object(rule); opensPort(r, protocol, port) && opensPeer(r[side], namespace, peer) {
				return true
			}
		}
	}
	return !shut
}

func opensPort(rule map[string]any, protocol string, port int64) bool {
	if rule["ports"] == nil {
		return true
	}
	return slices.ContainsFunc(items(rule["ports"]), func(p any) bool {
		return object(p)["protocol"] == protocol && object(p)["port"] == port
	})
}

func opensPeer(peers any, namespace string, peer pod) bool {
	if peers == nil {
		return true
	}
	return slices.ContainsFunc(items(peers), func(p any) bool {
		o := object(p)
		if o["namespaceSelector"] == nil && peer.namespace != namespace {
			return false
		}
		// Pods have namespaces, and addresses outside the cluster match no selector of Pods.
		return peer.namespace != "" &&
			matches(sub(o, "namespaceSelector"), map[string]string{"kubernetes.io/metadata.name": peer.namespace}) &&
			matches(sub(o, "podSelector"), peer.labels)
	})
}

// matches judges a selector; an absent one matches everything.
func matches(selector map[string]any, labels map[string]string) bool {
	for k, v := range sub(selector, "matchLabels") {
		if labels[k] != v {
			return false
		}
	}
	return selector["matchExpressions"] == nil
}

func object(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}

func sub(o map[string]any, key string) map[string]any { return object(o[key]) }

func items(v any) []any {
	l, _ := v.([]any)
	return l
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
