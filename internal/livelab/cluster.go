package livelab

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/live"
	"github.com/ameideio/ameide/pkg/verify"
)

// Names of what the cluster runs that no controller makes here.
const (
	PortalPod   = "platform-backstage-6d8f9c7b5-x2x4k"
	DatabasePod = "postgres-ameide-1"
	VaultPod    = "vault-core-0"
	KeycloakPod = "keycloak-0"
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

// Node makes a node that takes the Pods of the environment dev.
func (c *Cluster) Node(t testing.TB, name, arch string) {
	t.Helper()
	c.node(t, name, arch, map[string]any{"ameide.io/pool": "dev"})
}

func (c *Cluster) node(t testing.TB, name, arch string, selected map[string]any) {
	t.Helper()
	labels := map[string]any{"kubernetes.io/arch": arch}
	for key, value := range selected {
		labels[key] = value
	}
	node := object("v1", "Node", name, nil)
	node["metadata"] = map[string]any{"name": name, "labels": labels}
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
	if len(rules) > 0 {
		c.awaitAllowed(t, user, namespace, rules[len(rules)-1])
	}
}

// awaitAllowed waits until the API server's authorizer, which follows the Roles by a watch, knows of a rule.
func (c *Cluster) awaitAllowed(t testing.TB, user, namespace string, rule map[string]any) {
	t.Helper()
	one := func(field string) string { return dig.Text(rule, field, "0") }
	resource, subresource, _ := strings.Cut(one("resources"), "/")
	review := object("authorization.k8s.io/v1", "SubjectAccessReview", "", map[string]any{"spec": map[string]any{"user": user, "resourceAttributes": map[string]any{
		"namespace": namespace, "group": one("apiGroups"), "resource": resource, "subresource": subresource, "verb": one("verbs"), "name": one("resourceNames"),
	}}})
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		answer := c.Must(t, http.MethodPost, "/apis/authorization.k8s.io/v1/subjectaccessreviews", "application/json", review)
		if dig.At(answer, "status", "allowed") == true {
			return
		}
		if time.Since(begun) > 30*time.Second {
			t.Fatalf("%s was never allowed %v: %v", user, rule, answer["status"])
		}
	}
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

// Named narrows a rule to objects of some names.
func Named(rule map[string]any, names ...string) map[string]any {
	var list []any
	for _, n := range names {
		list = append(list, n)
	}
	rule["resourceNames"] = list
	return rule
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
	if selected := nodeSelector(d); selected["ameide.io/pool"] != "dev" {
		c.node(t, "node-of-"+d.Env.Name, "amd64", selected)
	}
}

// nodeSelector are the labels of the nodes that take an environment's Pods.
func nodeSelector(d *live.Declared) map[string]any {
	return dig.Map(d.Deployment, "spec", "template", "spec", "nodeSelector")
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

// Accept asks the API server about one object, in its own namespace or else in this one. The error is what it refuses.
func (c *Cluster) Accept(t testing.TB, object map[string]any, namespace string) error {
	t.Helper()
	if own := dig.Text(object, "metadata", "namespace"); own != "" {
		namespace = own
	}
	c.namespace(t, namespace)
	return c.Apply(t.Context(), object, namespace, true)
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
