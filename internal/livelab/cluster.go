package livelab

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/live"
	"github.com/ameideio/ameide/pkg/verify"
)

// Names of what the cluster runs that no controller makes here.
const (
	PortalPod   = "platform-backstage-6d8f9c7b5-x2x4k"
	DatabasePod = "postgres-ameide-1"
	VaultPod    = "vault-core-0"
	NodeName    = "node-1"
)

// Cluster is a Kubernetes API with the objects of one or several environments, and the status that their controllers
// would give them.
type Cluster struct {
	*API
	Kubelet *Kubelet
}

// NewCluster starts an API server that knows the platform's kinds, with a node whose kubelet is the lab's. users may do
// nothing until they are granted something.
func NewCluster(t testing.TB, users ...string) *Cluster {
	t.Helper()
	lab.Slow(t)
	c := &Cluster{API: newAPI(t, users...)}
	certificate, err := (&Gateway{CA: t.TempDir() + "/kubelet.pem"}).certify([]string{"kubelet"})
	if err != nil {
		t.Fatal(err)
	}
	c.Kubelet = newKubelet(t, certificate)
	c.define(t)
	c.Node(t, NodeName, "amd64")
	c.namespace(t, "argocd")
	return c
}

func (c *Cluster) namespace(t testing.TB, name string) {
	t.Helper()
	c.put(t, object("v1", "Namespace", name, nil), "")
}

// object is the beginning of an object.
func object(apiVersion, kind, name string, rest map[string]any) map[string]any {
	out := map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": name}}
	for key, value := range rest {
		out[key] = value
	}
	return out
}

func (c *Cluster) put(t testing.TB, o map[string]any, namespace string) {
	t.Helper()
	if err := c.Apply(t.Context(), o, namespace, false); err != nil {
		t.Fatal(err)
	}
}

// Node makes a node that takes every environment's Pods.
func (c *Cluster) Node(t testing.TB, name, arch string) {
	t.Helper()
	node := object("v1", "Node", name, nil)
	node["metadata"] = map[string]any{"name": name, "labels": map[string]any{"kubernetes.io/arch": arch, "ameide.io/pool": "dev"}}
	c.put(t, node, "")
	c.Status(t, "v1", "Node", "", name, map[string]any{
		"nodeInfo":  map[string]any{"architecture": arch, "operatingSystem": "linux", "bootID": "b", "containerRuntimeVersion": "c", "kernelVersion": "k", "kubeProxyVersion": "", "kubeletVersion": "v" + lab.KubernetesVersion, "machineID": "m", "osImage": "o", "systemUUID": "s"},
		"addresses": []any{map[string]any{"type": "InternalIP", "address": "127.0.0.1"}}, "conditions": []any{condition("Ready", "True", "KubeletReady")},
		"daemonEndpoints": map[string]any{"kubeletEndpoint": map[string]any{"Port": c.Kubelet.Port}},
	})
	// The API server taints every new node; the node controller, which does not run here, would take that away.
	c.Patch(t, "v1", "Node", "", name, map[string]any{"spec": map[string]any{"taints": nil}})
}

// Status sets an object's status, by its subresource where the kind has one.
func (c *Cluster) Status(t testing.TB, apiVersion, kind, namespace, name string, status map[string]any) {
	t.Helper()
	path := PathOf(apiVersion, kind, namespace, name)
	body := map[string]any{"status": status}
	_, code, err := c.call(t.Context(), http.MethodPatch, path+"/status", asMerge, body)
	if err == nil && code < http.StatusMultipleChoices {
		return
	}
	c.Must(t, http.MethodPatch, path, asMerge, body)
}

// Patch merges a change into an object.
func (c *Cluster) Patch(t testing.TB, apiVersion, kind, namespace, name string, change map[string]any) {
	t.Helper()
	c.Must(t, http.MethodPatch, PathOf(apiVersion, kind, namespace, name), asMerge, change)
}

// Delete removes an object.
func (c *Cluster) Delete(t testing.TB, apiVersion, kind, namespace, name string) {
	t.Helper()
	c.Must(t, http.MethodDelete, PathOf(apiVersion, kind, namespace, name)+"?gracePeriodSeconds=0&propagationPolicy=Background", asJSON, nil)
}

// Grant lets a user do what rules say: in a namespace, or everywhere when it is empty.
func (c *Cluster) Grant(t testing.TB, user, namespace string, rules ...map[string]any) {
	t.Helper()
	const group = "rbac.authorization.k8s.io"
	role, binding := "Role", "RoleBinding"
	if namespace == "" {
		role, binding = "ClusterRole", "ClusterRoleBinding"
	}
	list := make([]any, len(rules))
	for i, r := range rules {
		list[i] = r
	}
	c.put(t, object(group+"/v1", role, user, map[string]any{"rules": list}), namespace)
	c.put(t, object(group+"/v1", binding, user, map[string]any{
		"roleRef":  map[string]any{"apiGroup": group, "kind": role, "name": user},
		"subjects": []any{map[string]any{"apiGroup": group, "kind": "User", "name": user}},
	}), namespace)
}

// Rule is one RBAC rule.
func Rule(group, resources string, verbs ...string) map[string]any {
	var names, may []any
	for _, r := range strings.Split(resources, ",") {
		names = append(names, r)
	}
	for _, v := range verbs {
		may = append(may, v)
	}
	return map[string]any{"apiGroups": []any{group}, "resources": names, "verbs": may}
}

// served tells whether the API server knows a kind: Keycloak's operator publishes its CRDs in an image alone.
func served(apiVersion string) bool { return !strings.HasPrefix(apiVersion, "k8s.keycloak.org/") }

// Install applies everything that the checkout renders for an environment, and the Application of the portal.
func (c *Cluster) Install(t testing.TB, tree *verify.Tree, d *live.Declared) {
	t.Helper()
	ns := d.Env.Namespace
	c.namespace(t, ns)
	for _, component := range tree.Components() {
		if component.Env == nil || component.Env.Name != d.Env.Name || component.Err != nil {
			continue
		}
		for _, m := range component.Manifests {
			if served(m.APIVersion()) {
				c.put(t, m.Object, ns)
			}
		}
	}
	c.put(t, d.Application, d.ApplicationNamespace())
}

// DryRun asks the API server about every object of an environment, and returns how many there are and what it refuses.
func (c *Cluster) DryRun(ctx context.Context, tree *verify.Tree, env string) (int, []error) {
	var refused []error
	n := 0
	for _, component := range tree.Components() {
		if component.Env == nil || component.Env.Name != env {
			continue
		}
		for _, m := range component.Manifests {
			if !served(m.APIVersion()) {
				continue
			}
			n++
			if err := c.Apply(ctx, m.Object, component.App.Namespace, true); err != nil {
				refused = append(refused, err)
			}
		}
	}
	return n, refused
}

// Secret makes a Secret of plain values.
func (c *Cluster) Secret(t testing.TB, namespace, name, kind string, values map[string]string) {
	t.Helper()
	data := map[string]any{}
	for key, value := range values {
		data[key] = base64.StdEncoding.EncodeToString([]byte(value))
	}
	c.put(t, object("v1", "Secret", name, map[string]any{"type": kind, "data": data}), namespace)
}

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
	if status, ok := job["status"].(map[string]any); ok && status["completionTime"] != nil {
		return
	}
	c.Status(t, "batch/v1", "Job", ns, name, map[string]any{
		"startTime": now, "completionTime": now, "succeeded": 1, "uncountedTerminatedPods": map[string]any{},
		"conditions": []any{condition("SuccessCriteriaMet", "True", "CompletionsReached"), condition("Complete", "True", "CompletionsReached")},
	})
}

func nameOf(o map[string]any) string {
	metadata, _ := o["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	return name
}

func generation(o map[string]any) any {
	metadata, _ := o["metadata"].(map[string]any)
	return metadata["generation"]
}

func parentRef(route map[string]any) any {
	spec, _ := route["spec"].(map[string]any)
	refs, _ := spec["parentRefs"].([]any)
	return refs[0]
}

// Pod makes a Pod of the Deployment, of a revision, with a container status; nil is a container that is ready.
func (c *Cluster) Pod(t testing.TB, d *live.Declared, name, revision string, status map[string]any) {
	t.Helper()
	ns := d.Env.Namespace
	if _, code, _ := c.call(t.Context(), http.MethodGet, PathOf("v1", "Pod", ns, name), "", nil); code == http.StatusNotFound {
		spec, _ := d.Deployment["spec"].(map[string]any)
		template, _ := spec["template"].(map[string]any)
		metadata, _ := template["metadata"].(map[string]any)
		labels := map[string]any{"pod-template-hash": revision}
		for key, value := range metadata["labels"].(map[string]any) {
			labels[key] = value
		}
		pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": name, "labels": labels, "annotations": metadata["annotations"]}, "spec": onNode(template["spec"])}
		c.put(t, pod, ns)
	}
	ready := "True"
	if status == nil {
		status = map[string]any{"restartCount": 0, "ready": true, "started": true, "state": map[string]any{"running": map[string]any{"startedAt": time.Now().UTC().Format(time.RFC3339)}}}
	} else {
		ready = "False"
	}
	container := map[string]any{"name": "backstage", "image": d.Image(), "imageID": d.Image(), "ready": ready == "True", "restartCount": 0, "lastState": map[string]any{}, "state": map[string]any{}}
	for key, value := range status {
		container[key] = value
	}
	c.Status(t, "v1", "Pod", ns, name, map[string]any{
		"phase": "Running", "podIP": "127.0.0.1", "containerStatuses": []any{container},
		"conditions": []any{condition("PodScheduled", "True", ""), condition("ContainersReady", ready, ""), condition("Ready", ready, "")},
	})
}

// onNode is a Pod's spec, bound to the lab's node.
func onNode(spec any) map[string]any {
	out := map[string]any{}
	for key, value := range spec.(map[string]any) {
		out[key] = value
	}
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
	slice := object("discovery.k8s.io/v1", "EndpointSlice", service+"-lab", map[string]any{
		"addressType": "IPv4", "ports": []any{map[string]any{"name": "main", "port": port, "protocol": "TCP"}},
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
