package verify

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/spec"
)

func hostRules() []Rule {
	return []Rule{
		{RuleInfo: rule("host/agree", "HTTPRoute, app.baseUrl and backend.baseUrl name the environment's host, over https", "set httproute.hostname to the host of the spec"), Env: hostsAgree},
		{RuleInfo: rule("host/zone", "the host lies in the DNS zone of its cluster", "use a host of the zone, or mend dnsZone in config/clusters"), Env: hostInZone},
		{RuleInfo: rule("route/parent", "the HTTPRoute attaches to a listener that exists and takes the host", "name a Gateway of the environment and one of its listeners"), Env: routeAttaches},
		{RuleInfo: rule("route/port", "the HTTPRoute sends traffic to a Service and port that exist", "use the chart's Service and its port"), Env: routeReaches},
		{RuleInfo: rule("route/health", "/healthz on the public host answers with readiness", "rewrite the path to the readiness path; Backstage itself answers 404"), Env: routeHealth},
	}
}

// hostnameLeaf is where the values say the public host.
func hostnameLeaf() []string { return []string{"httproute", "hostname"} }

func hostsAgree(e *Env) ([]Issue, error) {
	c, route, err := e.object("HTTPRoute")
	if err != nil {
		return nil, err
	}
	var issues []Issue
	hosts := dig.Texts(route.Object, "spec", "hostnames")
	if len(hosts) != 1 || hosts[0] != e.Host {
		actual := strings.Join(hosts, ", ")
		return []Issue{at(e.cause(c, route, actual, hostnameLeaf(), "spec", "hostnames"), Issue{
			Resource: route.ID(), Field: "spec.hostnames", Expected: e.Host, Actual: orNothing(actual),
		})}, nil
	}
	_, configs, err := e.appConfigs()
	if err != nil {
		return nil, err
	}
	for _, section := range []string{"app", "backend"} {
		v, config := setting(configs, section, "baseUrl")
		if got := dig.Text(v); got != e.BaseURL() {
			m := configs[0].manifest
			if config != nil {
				m = config.manifest
			}
			issues = append(issues, at(e.cause(c, m, got, []string{"app", "baseUrl"}, section, "baseUrl"), Issue{
				Resource: m.ID(), Field: section + ".baseUrl", Expected: e.BaseURL(), Actual: orNothing(got),
			}))
		}
	}
	return issues, nil
}

func hostInZone(e *Env) ([]Issue, error) {
	app := e.app(ComponentName)
	if app == nil {
		return nil, notApplicable("no Application is generated, see appset/application")
	}
	if e.Host != e.DNSZone && !strings.HasSuffix(e.Host, "."+e.DNSZone) {
		return []Issue{{File: spec.FileName, Field: "environments." + e.Name + ".host", Expected: "a host in " + e.DNSZone, Actual: e.Host}}, nil
	}
	zone := app.Param("dnsZone")
	if zone == e.DNSZone {
		return nil, nil
	}
	file, line := e.clusterKey("dnsZone")
	return []Issue{{File: file, Line: line, Field: "dnsZone", Expected: fmt.Sprintf("%s, the zone of %s", e.DNSZone, e.Host), Actual: orNothing(zone)}}, nil
}

func routeAttaches(e *Env) ([]Issue, error) {
	c, route, err := e.object("HTTPRoute")
	if err != nil {
		return nil, err
	}
	parents := dig.List(route.Object, "spec", "parentRefs")
	if len(parents) == 0 {
		return []Issue{at(e.blame(c, route, "spec", "parentRefs"), Issue{Resource: route.ID(), Field: "spec.parentRefs", Expected: "a Gateway", Actual: "nothing"})}, nil
	}
	var issues []Issue
	for _, parent := range parents {
		if i, ok := e.parentIssue(c, route, parent); !ok {
			issues = append(issues, i)
		}
	}
	return issues, nil
}

// parentIssue checks one parentRef of the route.
func (e *Env) parentIssue(c *Component, route *helmchart.Manifest, parent any) (Issue, bool) {
	name, section, namespace := dig.Text(parent, "name"), dig.Text(parent, "sectionName"), dig.Text(parent, "namespace")
	gateway := e.gateway(c, name, namespace)
	if gateway == nil && namespace != "" {
		return at(e.cause(c, route, namespace, []string{"httproute", "gatewayNamespace"}, "parentRefs", "namespace"), Issue{
			Resource: route.ID(), Field: "spec.parentRefs.namespace", Expected: "a namespace in which this tree has a Gateway " + name, Actual: namespace,
		}), false
	}
	if gateway == nil {
		return at(e.cause(c, route, name, []string{"httproute", "gateway"}, "parentRefs", "name"), Issue{
			Resource: route.ID(), Field: "spec.parentRefs.name", Expected: "a Gateway of the environment", Actual: orNothing(name),
		}), false
	}
	listener, i := indexed(gateway.Object, "name", section, "spec", "listeners")
	if i < 0 {
		return at(e.cause(c, route, section, []string{"httproute", "sectionName"}, "parentRefs", "sectionName"), Issue{
			Resource: route.ID(), Field: "spec.parentRefs.sectionName", Expected: "a listener of Gateway " + name, Actual: orNothing(section),
		}), false
	}
	if host := dig.Text(listener, "hostname"); !covers(host, e.Host) {
		return at(e.cause(c, route, e.Host, hostnameLeaf(), "spec", "hostnames"), Issue{
			Resource: gateway.ID(), Field: "spec.listeners.hostname", Expected: "a host name that covers " + e.Host, Actual: host,
		}), false
	}
	return Issue{}, true
}

// gateway is the Gateway that a parentRef means: of the portal's own namespace, or of another one, where a component of the
// clusters may have it, too. Nil when the tree has none there.
func (e *Env) gateway(c *Component, name, namespace string) *helmchart.Manifest {
	if namespace == "" || namespace == c.App.Namespace {
		m, _ := e.Find("Gateway", name)
		return m
	}
	for _, d := range e.tree.Components() {
		if d.Env != nil && d.Env != e {
			continue
		}
		for _, m := range d.Objects("Gateway") {
			own := dig.Text(m.Object, "metadata", "namespace")
			if m.Name() == name && cmp.Or(own, d.App.Namespace) == namespace {
				return m
			}
		}
	}
	return nil
}

// covers tells whether a listener's host name, which may begin with a wildcard or be empty, takes a host.
func covers(listener, host string) bool {
	suffix, wildcard := strings.CutPrefix(listener, "*")
	return listener == "" || listener == host || wildcard && strings.HasSuffix(host, suffix)
}

func routeReaches(e *Env) ([]Issue, error) {
	c, route, err := e.object("HTTPRoute")
	if err != nil {
		return nil, err
	}
	var issues []Issue
	for _, r := range dig.List(route.Object, "spec", "rules") {
		for _, ref := range dig.List(r, "backendRefs") {
			name, port := dig.Text(ref, "name"), dig.Text(ref, "port")
			service := c.Object("Service", name)
			if service != nil {
				if _, i := indexed(service.Object, "port", port, "spec", "ports"); i >= 0 {
					continue
				}
			}
			issues = append(issues, at(e.blame(c, route, "backendRefs", "port"), Issue{
				Resource: route.ID(), Field: "spec.rules.backendRefs", Expected: "a Service of the chart and one of its ports", Actual: name + ":" + port,
			}))
		}
	}
	return issues, nil
}

// readinessPath answers 200 once every plugin has started; livenessPath while the process lives. Both exist since
// Backstage 1.30 (backend-defaults 0.4.2).
const (
	readinessPath = "/.backstage/health/v1/readiness"
	livenessPath  = "/.backstage/health/v1/liveness"
)

func routeHealth(e *Env) ([]Issue, error) {
	c, route, err := e.object("HTTPRoute")
	if err != nil {
		return nil, err
	}
	for _, r := range dig.List(route.Object, "spec", "rules") {
		match := dig.Map(r, "matches", "0", "path")
		if dig.Text(match, "value") != "/healthz" || dig.Text(match, "type") != "Exact" {
			continue
		}
		got := dig.Text(r, "filters", "0", "urlRewrite", "path", "replaceFullPath")
		if got == readinessPath {
			return nil, nil
		}
		return []Issue{at(e.blame(c, route, "urlRewrite", "path", "replaceFullPath"), Issue{
			Resource: route.ID(), Field: "replaceFullPath", Expected: readinessPath, Actual: orNothing(got),
		})}, nil
	}
	return []Issue{at(c.Values.Origin("httproute", "healthPath"), Issue{Resource: route.ID(), Field: "spec.rules", Expected: "an exact match of /healthz", Actual: "none"})}, nil
}
