package verify

import (
	"slices"
	"strconv"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
)

// connection is somewhere the portal must reach.
type connection struct {
	what, port, protocol string
	inside               bool     // a Pod of the same namespace; otherwise an address anywhere
	leaf                 []string // what to change in the values
}

func egressOpen(e *Env) ([]Issue, error) {
	c, policy, err := e.object("NetworkPolicy")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(dig.Texts(policy.Object, "spec", "policyTypes"), "Egress") && dig.Map(policy.Object, "spec")["egress"] == nil {
		return nil, nil // a policy that does not speak of egress restricts none
	}
	var issues []Issue
	for _, need := range e.needed(c) {
		if !reaches(policy, need) {
			issues = append(issues, at(c.Values.Origin(need.leaf...), Issue{
				Resource: policy.ID(), Field: "spec.egress", Expected: need.protocol + " port " + need.port + " for " + need.what, Actual: "closed",
			}))
		}
	}
	return issues, nil
}

// needed are the connections of the portal. The ports are those of Services and addresses; where a cluster's network
// rewrites them to other ports of Pods, the policy needs those, too, which only a cluster can tell.
func (e *Env) needed(c *Component) []connection {
	value := func(path ...string) string {
		v, _, _ := c.Values.Lookup(path...)
		return dig.Text(v)
	}
	needs := []connection{
		{"names", "53", "UDP", false, []string{"networkPolicy"}},
		{"the database", value("postgresql", "port"), "TCP", true, []string{"networkPolicy"}},
		{"the issuer", e.IssuerPort(), "TCP", false, []string{"networkPolicy", "egressPorts"}},
	}
	if value("telemetry", "service") != "" {
		needs = append(needs, connection{"the collector", value("telemetry", "port"), "TCP", true, []string{"networkPolicy"}})
	}
	return needs
}

// reaches tells whether a rule of the policy lets a connection through.
func reaches(policy *helmchart.Manifest, need connection) bool {
	return slices.ContainsFunc(dig.List(policy.Object, "spec", "egress"), func(rule any) bool {
		return opensPort(rule, need) && leadsTo(rule, need.inside)
	})
}

// opensPort tells whether a rule opens the port; one that names no ports opens all.
func opensPort(rule any, need connection) bool {
	ports := dig.List(rule, "ports")
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p any) bool {
		protocol := dig.Text(p, "protocol")
		if protocol == "" {
			protocol = "TCP"
		}
		return protocol == need.protocol && inRange(need.port, dig.Text(p, "port"), dig.Text(p, "endPort"))
	})
}

// inRange compares ports as a policy does: no port means every port, and endPort ends a range. A port's name is that of
// a Pod elsewhere and cannot be compared.
func inRange(port, first, last string) bool {
	if first == "" || port == first {
		return true
	}
	n, err := strconv.Atoi(port)
	from, errFrom := strconv.Atoi(first)
	to, errTo := strconv.Atoi(last)
	return err == nil && errFrom == nil && errTo == nil && from <= n && n <= to
}

// leadsTo tells whether a rule leads to Pods of the namespace, or to any address; one that names no peers leads
// everywhere. Selectors of some Pods are taken at their word.
func leadsTo(rule any, inside bool) bool {
	peers := dig.List(rule, "to")
	return len(peers) == 0 || slices.ContainsFunc(peers, func(p any) bool {
		peer, _ := p.(map[string]any)
		if inside {
			return peer["podSelector"] != nil || peer["namespaceSelector"] != nil
		}
		return peer["ipBlock"] != nil || peer["namespaceSelector"] != nil
	})
}
