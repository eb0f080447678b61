package verify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/spec"
)

func selectorsMatch(e *Env) ([]Issue, error) {
	c, d, err := e.object("Deployment")
	if err != nil {
		return nil, err
	}
	labels := dig.Map(d.Object, "spec", "template", "metadata", "labels")
	var issues []Issue
	for _, s := range selectors() {
		for _, m := range c.Objects(s.kind) {
			issues = append(issues, e.selectorIssues(c, m, s, labels)...)
		}
	}
	return append(issues, e.strayPods(c)...), nil
}

// selector is where a kind says which Pods it means; all tells that an empty one means every Pod, not none.
type selector struct {
	kind string
	path []string
	all  bool
}

func selectors() []selector {
	return []selector{
		{"Deployment", []string{"spec", "selector", "matchLabels"}, false},
		{"NetworkPolicy", []string{"spec", "podSelector", "matchLabels"}, true},
		{"PodDisruptionBudget", []string{"spec", "selector", "matchLabels"}, false},
		{"Service", []string{"spec", "selector"}, false},
	}
}

func (e *Env) selectorIssues(c *Component, m *helmchart.Manifest, s selector, labels map[string]any) []Issue {
	wanted := dig.Map(m.Object, s.path...)
	if len(wanted) == 0 && !s.all {
		return []Issue{at(e.blame(c, m, s.path...), Issue{
			Resource: m.ID(), Field: strings.Join(s.path, "."), Expected: "labels of the portal's Pods", Actual: "nothing",
		})}
	}
	var issues []Issue
	for _, key := range sortedKeys(wanted) {
		if got := dig.Text(wanted, key); got != dig.Text(labels, key) {
			issues = append(issues, at(e.blame(c, m, append(slices.Clone(s.path), key)...), Issue{
				Resource: m.ID(), Field: key, Expected: orNothing(dig.Text(labels, key)), Actual: got,
			}))
		}
	}
	return issues
}

// strayPods are Pods of Jobs that a Service would send people to.
func (e *Env) strayPods(c *Component) []Issue {
	var issues []Issue
	for _, service := range c.Objects("Service") {
		wanted := dig.Map(service.Object, "spec", "selector")
		for _, job := range c.Objects("Job") {
			path := []string{"spec", "template", "metadata", "labels"}
			labels := dig.Map(job.Object, path...)
			stray := len(wanted) > 0
			for key := range wanted {
				stray = stray && dig.Text(wanted, key) == dig.Text(labels, key)
			}
			if stray {
				issues = append(issues, at(e.blame(c, job, path...), Issue{
					Resource: job.ID(), Field: strings.Join(path, "."), Expected: "labels that " + service.ID() + " does not select", Actual: "the portal's own",
				}))
			}
		}
	}
	return issues
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
	wanted := dig.Map(monitor.Object, "spec", "selector", "matchLabels")
	for _, key := range sortedKeys(wanted) {
		if got := dig.Text(service.Object, "metadata", "labels", key); got != dig.Text(wanted, key) {
			return []Issue{at(e.blame(c, monitor, "matchLabels", key), Issue{
				Resource: monitor.ID(), Field: "spec.selector", Expected: key + "=" + got, Actual: key + "=" + dig.Text(wanted, key),
			})}, nil
		}
	}
	container := mainContainer(deployment)
	for _, endpoint := range dig.List(monitor.Object, "spec", "endpoints") {
		if why := unserved(endpoint, service, container); why != "" {
			return []Issue{at(e.blame(c, monitor, "endpoints", "port"), Issue{
				Resource: monitor.ID(), Field: "spec.endpoints.port", Expected: "a port of the Service that serves metrics", Actual: why,
			})}, nil
		}
	}
	if !preloads(c, container) {
		return []Issue{at(c.Values.Origin("metrics", "enabled"), Issue{
			Resource: deployment.ID(), Field: "NODE_OPTIONS", Expected: "--require of a file that starts the OpenTelemetry SDK", Actual: orNothing(dig.Text(envVar(container, "NODE_OPTIONS"), "value")),
			Hint: "set telemetry.preload, or turn metrics.enabled off",
		})}, nil
	}
	return nil, nil
}

// unserved tells why a scrape of an endpoint reaches nothing; empty when it reaches a metrics port of the container.
func unserved(endpoint any, service *helmchart.Manifest, container map[string]any) string {
	name := dig.Text(endpoint, "port")
	port, i := indexed(service.Object, "name", name, "spec", "ports")
	if i < 0 {
		return orNothing(name)
	}
	declared, i := containerPort(container, port)
	switch backend, _ := indexed(container, "name", "http", "ports"); {
	case i < 0:
		return fmt.Sprintf("%s, which leads to no port of the container", name)
	case dig.Text(declared, "containerPort") == dig.Text(backend, "containerPort"):
		return fmt.Sprintf("%s, the port of Backstage itself", name)
	}
	return ""
}

// containerPort is the port of a container that a port of a Service leads to, and its index: by name, by number, or by
// its own number when it names no target; -1 when the container declares none.
func containerPort(container, service map[string]any) (map[string]any, int) {
	target := dig.Text(service, "targetPort")
	if target == "" {
		target = dig.Text(service, "port")
	}
	if _, err := strconv.Atoi(target); err == nil {
		return indexed(container, "containerPort", target, "ports")
	}
	return indexed(container, "name", target, "ports")
}

// preloads tells whether the portal's process starts the OpenTelemetry SDK, whose exporter serves the metrics: images of
// Red Hat Developer Hub do by their ENTRYPOINT, others by what they are told.
func preloads(c *Component, container map[string]any) bool {
	if layout, _, _ := c.Values.Lookup("image", "layout"); dig.Text(layout) == string(spec.LayoutRHDH) {
		return true
	}
	told := append(dig.Texts(container, "command"), dig.Text(envVar(container, "NODE_OPTIONS"), "value"))
	return slices.ContainsFunc(told, func(s string) bool {
		return strings.Contains(s, "--require") || strings.Contains(s, "--import") || s == "-r"
	})
}
