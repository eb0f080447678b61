package live

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/verify"
)

// judgeMetrics holds the ServiceMonitor against the Service that runs, and asks the endpoint itself.
func judgeMetrics(d *Declared, s *Snapshot, v *verdict) {
	if d.Monitor == nil {
		return
	}
	resource := ref("ServiceMonitor", d.Monitor)
	monitor, ok := need(v, s.Monitor, resource)
	service, found := need(v, s.Service, ref("Service", d.Service))
	if ok && found {
		if selector := dig.Map(monitor, "spec", "selector", "matchLabels"); !selects(selector, dig.Map(service, "metadata", "labels")) {
			v.find(verify.Issue{Resource: resource, Field: "spec.selector", Expected: "labels of " + ref("Service", service), Actual: orNothing(labelSelector(selector))})
		}
		for _, e := range dig.Maps(monitor, "spec", "endpoints") {
			if !hasPort(service, dig.Text(e, "port")) {
				v.find(verify.Issue{Resource: resource, Field: "spec.endpoints.port", Expected: "a port of " + ref("Service", service), Actual: orNothing(dig.Text(e, "port"))})
			}
		}
	}
	a, ok := need(v, s.Metrics, "metrics endpoint")
	if ok && (a.Status != http.StatusOK || !isExposition(a.Body)) {
		v.find(verify.Issue{Resource: "metrics endpoint", Field: a.Asked, Expected: "200 and metrics", Actual: a.String(), Hint: "the image must preload the OpenTelemetry SDK with its Prometheus exporter (telemetry.preload)"})
	}
}

func hasPort(service Object, wanted string) bool {
	for _, p := range dig.Maps(service, "spec", "ports") {
		if dig.Text(p, "name") == wanted {
			return true
		}
	}
	return false
}

// isExposition tells whether a text is what Prometheus scrapes.
func isExposition(body string) bool {
	return strings.HasPrefix(body, "# ") || strings.Contains(body, "\n# TYPE ")
}

// traces tells whether the portal is told of a collector.
func (d *Declared) traces() bool { return envVar(d.Deployment, "OTEL_EXPORTER_OTLP_ENDPOINT") != nil }

// judgeTraces can follow traces as far as the collector: where it sends them is its own concern.
func judgeTraces(d *Declared, s *Snapshot, v *verdict) {
	if !d.traces() {
		return
	}
	resource := "Service/" + d.Spec.Telemetry.Service
	slices, ok := need(v, s.Slices, "EndpointSlices of "+d.Spec.Telemetry.Service)
	if !ok {
		return
	}
	if ready, all := endpoints(slices, d.Spec.Telemetry.Service); ready == 0 {
		v.find(verify.Issue{Resource: resource, Field: "endpoints", Expected: "one at least that is ready", Actual: fmt.Sprintf("none of %d", all),
			Hint: "the portal works, and its traces are lost: see the collector's Pods, and telemetry.service in ameide.yaml"})
	}
}
