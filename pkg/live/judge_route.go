package live

import (
	"fmt"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/verify"
)

// judgeRoute follows the way of a request: listener, HTTPRoute, Service, endpoints.
func judgeRoute(d *Declared, s *Snapshot, v *verdict) {
	if d.Route == nil {
		return
	}
	if route, ok := need(v, s.Route, ref("HTTPRoute", d.Route)); ok {
		judgeParents(d, route, v)
		v.differs(ref("HTTPRoute", route), "spec.hostnames", strings.Join(dig.Texts(d.Route, "spec", "hostnames"), ", "), strings.Join(dig.Texts(route, "spec", "hostnames"), ", "))
	}
	if gateway, ok := need(v, s.Gateway, "Gateway/"+dig.Text(d.Route, "spec", "parentRefs", "0", "name")); ok {
		judgeListener(d, gateway, v)
	}
	if _, ok := need(v, s.Service, ref("Service", d.Service)); ok {
		judgeEndpoints(d, s, v)
	}
}

// judgeParents reads what the Gateway's controller says of the route: Accepted and ResolvedRefs, of this generation.
func judgeParents(d *Declared, route Object, v *verdict) {
	resource := ref("HTTPRoute", route)
	for _, want := range dig.Maps(d.Route, "spec", "parentRefs") {
		parent := parentStatus(route, want)
		if parent == nil {
			v.find(verify.Issue{Resource: resource, Field: "status.parents", Expected: "Accepted by " + parentName(want), Actual: "no controller has said anything",
				Hint: "the Gateway does not exist, or its GatewayClass has no controller"})
			continue
		}
		for _, kind := range []string{"Accepted", "ResolvedRefs"} {
			c := condition(dig.Maps(parent, "conditions"), kind)
			stale := dig.Number(c, "observedGeneration") < dig.Number(route, "metadata", "generation")
			if dig.Text(c, "status") != "True" {
				v.find(verify.Issue{Resource: resource, Field: kind, Expected: "True on " + parentName(want), Actual: said(c), Hint: routeHint(dig.Text(c, "reason"))})
			} else if stale {
				v.find(verify.Issue{Resource: resource, Field: kind, Expected: "True for generation " + dig.Text(route, "metadata", "generation"), Actual: "True for generation " + dig.Text(c, "observedGeneration"),
					Hint: "the controller has not seen the route's last change"})
			}
		}
	}
}

// routeHint is what to do about a reason of the Gateway API.
func routeHint(reason string) string {
	switch reason {
	case "NotAllowedByListeners":
		return "label the namespace gateway-access: allowed, as the listener's allowedRoutes ask"
	case "NoMatchingListenerHostname":
		return "the host is not in the listener's zone"
	case "NoMatchingParent":
		return "sectionName names a listener that the Gateway does not have"
	case "BackendNotFound":
		return "the Service does not exist in the namespace"
	case "RefNotPermitted":
		return "a ReferenceGrant is missing"
	}
	return ""
}

func parentName(p Object) string {
	return strings.TrimSuffix("Gateway "+dig.Text(p, "name")+", listener "+dig.Text(p, "sectionName"), ", listener ")
}

// parentStatus is the status entry of a parentRef.
func parentStatus(route, want Object) Object {
	for _, p := range dig.Maps(route, "status", "parents") {
		got := dig.Map(p, "parentRef")
		if dig.Text(got, "name") == dig.Text(want, "name") && dig.Text(got, "sectionName") == dig.Text(want, "sectionName") {
			return p
		}
	}
	return nil
}

// judgeListener looks for the listener and holds the host against its host name.
func judgeListener(d *Declared, gateway Object, v *verdict) {
	resource, section := ref("Gateway", gateway), dig.Text(d.Route, "spec", "parentRefs", "0", "sectionName")
	if c := condition(dig.Maps(gateway, "status", "conditions"), "Programmed"); c != nil && dig.Text(c, "status") != "True" {
		v.find(verify.Issue{Resource: resource, Field: "Programmed", Expected: "True", Actual: said(c)})
	}
	for _, l := range dig.Maps(gateway, "spec", "listeners") {
		if dig.Text(l, "name") != section {
			continue
		}
		for _, host := range dig.Texts(d.Route, "spec", "hostnames") {
			if !hostMatches(dig.Text(l, "hostname"), host) {
				v.find(verify.Issue{Resource: resource, Field: "listener " + section, Expected: "takes " + host, Actual: "takes " + dig.Text(l, "hostname")})
			}
		}
		return
	}
	v.find(verify.Issue{Resource: resource, Field: "spec.listeners", Expected: "a listener " + section, Actual: "none of that name"})
}

// hostMatches tells whether a listener's host name, which may begin with *., takes a host.
func hostMatches(listener, host string) bool {
	if suffix, wild := strings.CutPrefix(listener, "*"); wild {
		return strings.HasSuffix(host, suffix) && len(host) > len(suffix)
	}
	return listener == "" || strings.EqualFold(listener, host)
}

// judgeEndpoints counts the Pods behind the Service that take traffic.
func judgeEndpoints(d *Declared, s *Snapshot, v *verdict) {
	slices, ok := need(v, s.Slices, "EndpointSlices of "+name(d.Service))
	if !ok {
		return
	}
	ready, all := endpoints(slices, name(d.Service))
	if ready == 0 {
		v.find(verify.Issue{Resource: ref("Service", d.Service), Field: "endpoints", Expected: "one at least that is ready", Actual: fmt.Sprintf("none of %d", all),
			Hint: "its selector finds no Pod that is ready; see live/pods"})
	}
}

// endpoints counts a Service's endpoints.
func endpoints(slices []Object, service string) (ready, all int) {
	for _, slice := range slices {
		if dig.Text(slice, "metadata", "labels", "kubernetes.io/service-name") != service {
			continue
		}
		for _, e := range dig.Maps(slice, "endpoints") {
			all++
			if dig.Text(e, "conditions", "ready") != "false" { // unknown counts as ready, as the API says
				ready++
			}
		}
	}
	return ready, all
}
