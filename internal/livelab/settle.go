package livelab

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/live"
)

func condition(kind, status, reason string) map[string]any {
	return map[string]any{"type": kind, "status": status, "reason": reason, "message": "", "lastTransitionTime": time.Now().UTC().Format(time.RFC3339)}
}

// routeCondition is a condition of the Gateway API, which knows generations.
func routeCondition(kind, status, reason string, generation any) map[string]any {
	c := condition(kind, status, reason)
	c["observedGeneration"] = generation
	return c
}

// Settle gives every object of an environment the status that its controllers would: everything is well.
func (c *Cluster) Settle(t testing.TB, d *live.Declared) {
	t.Helper()
	ns := d.Env.Namespace
	now := time.Now().UTC().Format(time.RFC3339)
	c.Status(t, "argoproj.io/v1alpha1", "Application", d.ApplicationNamespace(), d.ApplicationName(), map[string]any{
		"sync":   map[string]any{"status": "Synced", "revision": "4f2a1c7d9e8b4f2a1c7d9e8b4f2a1c7d9e8b4f2a", "comparedTo": map[string]any{"destination": map[string]any{"namespace": ns}, "source": map[string]any{"repoURL": "https://example.com/x"}}},
		"health": map[string]any{"status": "Healthy"}, "conditions": nil, "operationState": nil, "resources": nil,
	})
	deployment := c.Must(t, http.MethodGet, PathOf("apps/v1", "Deployment", ns, nameOf(d.Deployment)), "", nil)
	c.Status(t, "apps/v1", "Deployment", ns, nameOf(d.Deployment), map[string]any{
		"observedGeneration": generation(deployment), "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "unavailableReplicas": nil,
		"conditions": []any{condition("Available", "True", "MinimumReplicasAvailable"), condition("Progressing", "True", "NewReplicaSetAvailable")},
	})
	if d.Route != nil {
		route := c.Must(t, http.MethodGet, PathOf("gateway.networking.k8s.io/v1", "HTTPRoute", ns, nameOf(d.Route)), "", nil)
		c.Status(t, "gateway.networking.k8s.io/v1", "HTTPRoute", ns, nameOf(d.Route), map[string]any{"parents": []any{map[string]any{
			"controllerName": "gateway.envoyproxy.io/gatewayclass-controller", "parentRef": parentRef(d.Route),
			"conditions": []any{routeCondition("Accepted", "True", "Accepted", generation(route)), routeCondition("ResolvedRefs", "True", "ResolvedRefs", generation(route))},
		}}})
		c.Status(t, "gateway.networking.k8s.io/v1", "Gateway", ns, d.Spec.Gateway.Name, map[string]any{"conditions": []any{condition("Accepted", "True", "Accepted"), condition("Programmed", "True", "Programmed")}})
	}
	for _, e := range d.ExternalSecrets {
		c.Status(t, e["apiVersion"].(string), "ExternalSecret", ns, nameOf(e), map[string]any{"refreshTime": now, "conditions": []any{condition("Ready", "True", "SecretSynced")}})
	}
	c.Status(t, "external-secrets.io/v1", d.Spec.Secrets.StoreKind, ns, d.Spec.Secrets.StoreName, map[string]any{"conditions": []any{condition("Ready", "True", "Valid")}})
	if d.Job != nil {
		c.finishJob(t, ns, nameOf(d.Job))
	}
	c.Pod(t, d, PortalPod, "6d8f9c7b5", nil)
	c.Endpoints(t, ns, nameOf(d.Service), PortalPod, 7007)
	c.Endpoints(t, ns, d.Spec.Database.Host, DatabasePod, d.Spec.Database.Port)
	c.Endpoints(t, ns, strings.Split(strings.TrimPrefix(d.Env.VaultAddress, "http://"), ".")[0], VaultPod, 8200)
	c.Endpoints(t, ns, d.Spec.Telemetry.Service, "otel-collector-1", d.Spec.Telemetry.Port)
}

// finishJob is a Job that has succeeded, in the order of steps that the API server asks for.
func (c *Cluster) finishJob(t testing.TB, ns, name string) {
	t.Helper()
	now := time.Now().UTC().Format(time.RFC3339)
	job := c.Must(t, http.MethodGet, PathOf("batch/v1", "Job", ns, name), "", nil)
	if dig.Text(job, "status", "completionTime") != "" {
		return
	}
	c.Status(t, "batch/v1", "Job", ns, name, map[string]any{
		"startTime": now, "completionTime": now, "succeeded": 1, "uncountedTerminatedPods": map[string]any{},
		"conditions": []any{condition("SuccessCriteriaMet", "True", "CompletionsReached"), condition("Complete", "True", "CompletionsReached")},
	})
}

func nameOf(o map[string]any) string {
	return dig.Text(o, "metadata", "name")
}

func generation(o map[string]any) any { return dig.At(o, "metadata", "generation") }

func parentRef(route map[string]any) any { return dig.At(route, "spec", "parentRefs", "0") }

// Pod makes a Pod of the Deployment, of a revision, with a container status; nil is a container that is ready.
func (c *Cluster) Pod(t testing.TB, d *live.Declared, name, revision string, status map[string]any) {
	t.Helper()
	ns := d.Env.Namespace
	if _, code, _ := c.call(t.Context(), http.MethodGet, PathOf("v1", "Pod", ns, name), "", nil); code == http.StatusNotFound {
		template := dig.Map(d.Deployment, "spec", "template")
		labels := map[string]any{"pod-template-hash": revision}
		maps.Copy(labels, dig.Map(template, "metadata", "labels"))
		pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": name, "labels": labels, "annotations": dig.At(template, "metadata", "annotations")}, "spec": onNode(dig.Map(template, "spec"))}
		c.put(t, pod, ns)
	}
	ready := "True"
	if status == nil {
		status = map[string]any{"restartCount": 0, "ready": true, "started": true, "state": map[string]any{"running": map[string]any{"startedAt": time.Now().UTC().Format(time.RFC3339)}}}
	} else {
		ready = "False"
	}
	container := map[string]any{"name": "backstage", "image": d.Image(), "imageID": d.Image(), "ready": ready == "True", "restartCount": 0, "lastState": map[string]any{}, "state": map[string]any{}}
	maps.Copy(container, status)
	c.Status(t, "v1", "Pod", ns, name, map[string]any{
		"phase": "Running", "podIP": "127.0.0.1", "containerStatuses": []any{container},
		"conditions": []any{condition("PodScheduled", "True", ""), condition("ContainersReady", ready, ""), condition("Ready", ready, "")},
	})
}

// onNode is a Pod's spec, bound to the lab's node.
func onNode(spec map[string]any) map[string]any {
	out := maps.Clone(spec)
	out["nodeName"] = NodeName
	return out
}

// Endpoints puts a Pod behind a Service.
func (c *Cluster) Endpoints(t testing.TB, namespace, service, pod string, port int) {
	t.Helper()
	c.EndpointsReady(t, namespace, service, pod, port, true)
}

// EndpointsReady is Endpoints, for a Pod that may not be ready.
func (c *Cluster) EndpointsReady(t testing.TB, namespace, service, pod string, port int, ready bool) {
	t.Helper()
	ports := []any{map[string]any{"name": "main", "port": port, "protocol": "TCP"}}
	if pod == VaultPod { // as Vault's own chart makes it: the second one is for its peers
		ports = append(ports, map[string]any{"name": "https-internal", "port": port + 1, "protocol": "TCP"})
		c.put(t, object("v1", "Service", service, map[string]any{"spec": map[string]any{"ports": ports}}), namespace)
	}
	slice := object("discovery.k8s.io/v1", "EndpointSlice", service+"-lab", map[string]any{
		"addressType": "IPv4", "ports": ports,
		"endpoints": []any{map[string]any{"addresses": []any{"10.1.0.1"}, "conditions": map[string]any{"ready": ready}, "targetRef": map[string]any{"kind": "Pod", "name": pod, "namespace": namespace}}},
	})
	slice["metadata"] = map[string]any{"name": service + "-lab", "labels": map[string]any{"kubernetes.io/service-name": service}}
	c.put(t, slice, namespace)
	if pod == PortalPod {
		return
	}
	if _, code, _ := c.call(t.Context(), http.MethodGet, PathOf("v1", "Pod", namespace, pod), "", nil); code != http.StatusNotFound {
		return
	}
	c.put(t, object("v1", "Pod", pod, map[string]any{"spec": map[string]any{"nodeName": NodeName, "containers": []any{map[string]any{"name": "main", "image": "lab"}}}}), namespace)
	c.Status(t, "v1", "Pod", namespace, pod, map[string]any{"phase": "Running", "conditions": []any{condition("Ready", "True", "")}})
}
