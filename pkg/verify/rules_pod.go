package verify

import (
	"maps"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/helmchart"
)

func podRules() []Rule {
	return []Rule{
		{RuleInfo: rule("pod/security", "every Pod meets the restricted Pod security standard and cannot write its image", "see the chart's securityContext helpers"), Env: podsRestricted},
		{RuleInfo: rule("pod/token", "no Pod mounts a ServiceAccount token", "write automountServiceAccountToken: false"), Env: tokensUnmounted},
		{RuleInfo: rule("pod/labels", "objects and Pods carry the platform's labels", "take them from the chart's label helpers"), Env: labelsPlatform},
		{RuleInfo: rule("service/selector", "Service, budget and network policy select the portal's Pods", "use the chart's selector labels everywhere"), Env: selectorsMatch},
		{RuleInfo: rule("service/monitor", "the ServiceMonitor finds the Service and a port that a container serves", "name a port of the Service; Backstage serves no metrics on its own port"), Env: monitorFinds},
		{RuleInfo: rule("network/egress", "the network policy lets names, database, issuer and collector through", "add the port to the egress rules"), Env: egressOpen},
	}
}

// eachPod asks about every Pod of the portal.
func eachPod(e *Env, ask func(c *Component, m *helmchart.Manifest, pod map[string]any) []Issue) ([]Issue, error) {
	c, err := e.rendered()
	if err != nil {
		return nil, err
	}
	var issues []Issue
	for _, m := range c.Manifests {
		if pod := podSpec(m); pod != nil {
			issues = append(issues, ask(c, m, pod)...)
		}
	}
	return issues, nil
}

func podsRestricted(e *Env) ([]Issue, error) {
	return eachPod(e, func(c *Component, m *helmchart.Manifest, pod map[string]any) []Issue {
		var issues []Issue
		for _, container := range containers(pod) {
			for _, want := range restricted() {
				got := str(container, append([]string{"securityContext"}, want.path...)...)
				if got == "" && want.pod {
					got = str(pod, append([]string{"securityContext"}, want.path...)...)
				}
				if got == want.value {
					continue
				}
				issues = append(issues, at(e.blame(c, m, append([]string{"securityContext"}, want.path[:1]...)...), Issue{
					Resource: m.ID(), Field: str(container, "name") + ".securityContext." + strings.Join(want.path, "."), Expected: want.value, Actual: orNothing(got),
				}))
			}
		}
		return issues
	})
}

// requirement is one field of a container's securityContext; pod tells that the Pod may set it for all containers.
type requirement struct {
	path  []string
	value string
	pod   bool
}

// restricted is the Pod security standard of that name, and a root filesystem that cannot be written.
func restricted() []requirement {
	return []requirement{
		{[]string{"runAsNonRoot"}, "true", true},
		{[]string{"seccompProfile", "type"}, "RuntimeDefault", true},
		{[]string{"allowPrivilegeEscalation"}, "false", false},
		{[]string{"capabilities", "drop", "0"}, "ALL", false},
		{[]string{"readOnlyRootFilesystem"}, "true", false},
	}
}

func tokensUnmounted(e *Env) ([]Issue, error) {
	return eachPod(e, func(c *Component, m *helmchart.Manifest, pod map[string]any) []Issue {
		if str(pod, "automountServiceAccountToken") == "false" {
			return nil
		}
		return []Issue{at(e.blame(c, m, "spec", "automountServiceAccountToken"), Issue{Resource: m.ID(), Field: "automountServiceAccountToken", Expected: "false", Actual: "true"})}
	})
}

// platformLabels are the labels by which the platform tells tiers and environments apart.
func (e *Env) platformLabels() map[string]string {
	return map[string]string{"ameide.io/tier": "platform", "ameide.io/environment": e.Name}
}

func labelsPlatform(e *Env) ([]Issue, error) {
	c, err := e.rendered()
	if err != nil {
		return nil, err
	}
	wanted := e.platformLabels()
	for _, m := range c.Manifests {
		for _, path := range [][]string{{"metadata", "labels"}, {"spec", "template", "metadata", "labels"}} {
			if path[0] == "spec" && podSpec(m) == nil {
				continue
			}
			labels := mapping(m.Object, path...)
			for _, key := range slices.Sorted(maps.Keys(wanted)) {
				if got := str(labels, key); got != wanted[key] {
					leaf := strings.TrimPrefix(key, "ameide.io/")
					return []Issue{at(e.cause(c, m, got, []string{leaf}, append(slices.Clone(path), key)...), Issue{
						Resource: m.ID(), Field: strings.Join(append(path, key), "."), Expected: wanted[key], Actual: orNothing(got),
					})}, nil
				}
			}
		}
	}
	return nil, nil
}

func selectorsMatch(e *Env) ([]Issue, error) {
	c, d, err := e.object("Deployment")
	if err != nil {
		return nil, err
	}
	labels := mapping(d.Object, "spec", "template", "metadata", "labels")
	selectors := map[string][]string{
		"Service": {"spec", "selector"}, "PodDisruptionBudget": {"spec", "selector", "matchLabels"}, "NetworkPolicy": {"spec", "podSelector", "matchLabels"},
	}
	var issues []Issue
	for _, kind := range slices.Sorted(maps.Keys(selectors)) {
		for _, m := range c.Objects(kind) {
			selector := mapping(m.Object, selectors[kind]...)
			for _, key := range slices.Sorted(maps.Keys(selector)) {
				if str(selector, key) != str(labels, key) {
					issues = append(issues, at(e.blame(c, m, append(slices.Clone(selectors[kind]), key)...), Issue{
						Resource: m.ID(), Field: key, Expected: orNothing(str(labels, key)), Actual: str(selector, key),
					}))
				}
			}
		}
	}
	return issues, nil
}

func monitorFinds(e *Env) ([]Issue, error) {
	c, monitor, err := e.object("ServiceMonitor")
	if err != nil {
		return nil, err
	}
	service, deployment := c.Object("Service", ""), c.Object("Deployment", "")
	if service == nil || deployment == nil {
		return nil, notApplicable("the chart renders no Service or no Deployment")
	}
	for key, want := range mapping(monitor.Object, "spec", "selector", "matchLabels") {
		if got := str(service.Object, "metadata", "labels", key); got != str(want) {
			return []Issue{at(e.blame(c, monitor, "matchLabels", key), Issue{Resource: monitor.ID(), Field: "spec.selector", Expected: key + "=" + got, Actual: key + "=" + str(want)})}, nil
		}
	}
	for _, endpoint := range items(monitor.Object, "spec", "endpoints") {
		name := str(endpoint, "port")
		port, i := indexed(service.Object, "name", name, "spec", "ports")
		_, served := indexed(mainContainer(deployment), "name", str(port, "targetPort"), "ports")
		if i < 0 || served < 0 || name == "http" {
			return []Issue{at(e.blame(c, monitor, "endpoints", "port"), Issue{Resource: monitor.ID(), Field: "spec.endpoints.port", Expected: "a port of the Service that serves metrics", Actual: orNothing(name)})}, nil
		}
	}
	return nil, nil
}

func egressOpen(e *Env) ([]Issue, error) {
	c, policy, err := e.object("NetworkPolicy")
	if err != nil {
		return nil, err
	}
	open := map[string]bool{}
	for _, r := range items(policy.Object, "spec", "egress") {
		for _, p := range items(r, "ports") {
			open[str(p, "port")] = true
		}
	}
	var issues []Issue
	for _, need := range e.needed(c) {
		if !open[need.port] {
			issues = append(issues, at(c.Values.Origin(need.leaf...), Issue{Resource: policy.ID(), Field: "spec.egress", Expected: "port " + need.port + " for " + need.what, Actual: "closed"}))
		}
	}
	return issues, nil
}

// connection is somewhere the portal must reach.
type connection struct {
	what, port string
	leaf       []string
}

func (e *Env) needed(c *Component) []connection {
	issuer := "443"
	if strings.HasPrefix(e.Issuer, "http://") {
		issuer = "80"
	}
	database, _, _ := c.Values.Lookup("postgresql", "port")
	needs := []connection{
		{"names", "53", []string{"networkPolicy"}},
		{"the database", str(database), []string{"networkPolicy"}},
		{"the issuer", issuer, []string{"networkPolicy", "egressPorts"}},
	}
	if collector, _, _ := c.Values.Lookup("telemetry", "service"); str(collector) != "" {
		port, _, _ := c.Values.Lookup("telemetry", "port")
		needs = append(needs, connection{"the collector", str(port), []string{"networkPolicy"}})
	}
	return needs
}
