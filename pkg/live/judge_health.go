package live

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/verify"
)

// judgeHealth asks readiness of every Pod and of the public host. Liveness says only that the port listens.
func judgeHealth(d *Declared, s *Snapshot, v *verdict) {
	for _, p := range s.Probes {
		judgeProbe(d, p, v)
	}
	if _, seen := need(v, s.Pods, "Pods of "+name(d.Deployment)); seen && len(s.Probes) == 0 {
		v.find(verify.Issue{Resource: "Pods of " + name(d.Deployment), Field: d.ProbePath("readinessProbe"), Expected: "200", Actual: "no container runs"})
	}
	if d.Route == nil {
		return
	}
	if a, ok := need(v, s.Health, "https://"+d.Env.Host+d.HealthPath()); ok && a.Status != http.StatusOK {
		v.find(verify.Issue{Resource: a.Asked, Expected: "200", Actual: a.String(), Hint: publicHint(a.Status)})
	}
	if a, ok := need(v, s.Page, "https://"+d.Env.Host+"/"); ok && a.Status != http.StatusOK {
		v.find(verify.Issue{Resource: a.Asked, Expected: "200: the portal's page", Actual: a.String(), Hint: publicHint(a.Status)})
	}
}

// publicHint is what an unexpected status of the public host means.
func publicHint(status int) string {
	switch status {
	case http.StatusNotFound:
		return "nothing is routed there: the HTTPRoute's rewrite of the health path is missing, or the image has no app plugin"
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return "the Gateway has no ready endpoint behind it, or the backend has not started: see the Pods"
	}
	return ""
}

func judgeProbe(d *Declared, p PodProbe, v *verdict) {
	resource := "Pod/" + p.Pod
	ready, ok := need(v, p.Readiness, resource+" "+d.ProbePath("readinessProbe"))
	if !ok || ready.Status == http.StatusOK {
		return
	}
	i := verify.Issue{Resource: resource, Field: d.ProbePath("readinessProbe"), Expected: "200", Actual: ready.String()}
	if p.Liveness.Seen() && p.Liveness.Value.Status == http.StatusOK {
		i.Actual += "; " + d.ProbePath("livenessProbe") + " is 200"
		i.Hint = "still starting, or a plugin failed to start: since Backstage 1.44 liveness then stays 200 for ever; see live/logs"
	}
	v.find(i)
}

// String is the answer in a finding.
func (a Answer) String() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, oneLine(a.Body)))
}

// judgePlugins tells mounted APIs from missing ones: without a token a plugin answers 401, and nobody answers 404. One
// that did not start answers 503.
func judgePlugins(_ *Declared, s *Snapshot, v *verdict) {
	if err := nonePlugin(s); err != nil {
		v.blind("APIs of the plugins "+strings.Join(slices.Sorted(maps.Keys(s.Plugins)), ", "), err)
		return
	}
	for _, id := range slices.Sorted(maps.Keys(s.Plugins)) {
		a, ok := need(v, s.Plugins[id], "API of plugin "+id)
		if !ok {
			continue
		}
		switch {
		case a.Status == http.StatusUnauthorized, a.Status < http.StatusBadRequest:
		case a.Status == http.StatusNotFound:
			v.find(verify.Issue{Resource: "plugin " + id, Field: a.Asked, Expected: "401 (mounted)", Actual: "404 (not mounted)", Hint: "the image has no such plugin; or drop its section of app-config"})
		case a.Status == http.StatusServiceUnavailable:
			v.find(verify.Issue{Resource: "plugin " + id, Field: a.Asked, Expected: "401 (started)", Actual: a.String(), Hint: "it is mounted and did not start: see live/logs for its error"})
		default:
			v.find(verify.Issue{Resource: "plugin " + id, Field: a.Asked, Expected: "401", Actual: a.String()})
		}
	}
}

// nonePlugin is why no plugin could be asked, where it is one reason for all.
func nonePlugin(s *Snapshot) error {
	var cause error
	for _, p := range s.Plugins {
		if p.Err == nil || cause != nil && cause.Error() != p.Err.Error() {
			return nil
		}
		cause = p.Err
	}
	return cause
}
