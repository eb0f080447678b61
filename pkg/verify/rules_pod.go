package verify

import (
	"maps"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
)

func podRules() []Rule {
	return []Rule{
		{RuleInfo: rule("pod/security", "every Pod meets the restricted Pod security standard and cannot write its image", "see the chart's securityContext helpers"), Env: podsRestricted},
		{RuleInfo: rule("pod/token", "no Pod mounts a ServiceAccount token but a Job's whose own account has a Role", "write automountServiceAccountToken: false"), Env: tokensUnmounted},
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

func tokensUnmounted(e *Env) ([]Issue, error) {
	return eachPod(e, func(c *Component, m *helmchart.Manifest, pod map[string]any) []Issue {
		if dig.Text(pod, "automountServiceAccountToken") == "false" || m.Kind() == "Job" && c.bound(dig.Text(pod, "serviceAccountName")) {
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
			labels := dig.Map(m.Object, path...)
			for _, key := range slices.Sorted(maps.Keys(wanted)) {
				if got := dig.Text(labels, key); got != wanted[key] {
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
