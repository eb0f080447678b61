package tenancy

import (
	"bytes"
	"fmt"

	"sigs.k8s.io/yaml"
)

// object is a Kubernetes object, or a part of one, as JSON has it.
type object = map[string]any

// File is a file of a GitOps checkout. Path has slashes and is relative to the checkout's root.
type File struct {
	Path    string
	Content []byte
}

// Bounds is what a tenant's namespace may use and whom it may talk to.
type Bounds struct {
	Size    Size
	Gateway Gateway
}

// Manifests are the objects that make a tenant's namespace: the Namespace, its quota, the defaults of its containers, and
// the policies that shut it. The platform's own namespaces are the platform's: their placement is refused.
func Manifests(p Placement, b Bounds) ([]map[string]any, error) {
	tenant := p.Labels[LabelTenantID]
	if tenant == "" {
		return nil, &Error{fmt.Sprintf("namespace %s belongs to the platform", p.Namespace), "it has its manifests already; ask for a tenant's namespace"}
	}
	objects := []object{
		namespace(p),
		resourceQuota(p.Namespace, b.Size),
		limitRange(p.Namespace),
	}
	objects = append(objects, networkPolicies(p.Namespace, b.Gateway)...)
	return objects, nil
}

// ManifestFile is Manifests as the tenant's file in the platform's GitOps checkout. It is kept there and not in the
// tenant's repository, because its committers must not be able to open their own walls.
func ManifestFile(p Placement, b Bounds) (File, error) {
	objects, err := Manifests(p, b)
	if err != nil {
		return File{}, err
	}
	var content bytes.Buffer
	for _, o := range objects {
		text, err := yaml.Marshal(o)
		if err != nil {
			return File{}, fmt.Errorf("write manifests of namespace %s: %w", p.Namespace, err)
		}
		content.WriteString("---\n")
		content.Write(text)
	}
	path := "environments/" + p.Environment + "/tenants/" + p.Labels[LabelTenantID] + "/" + p.Namespace + ".yaml"
	return File{Path: path, Content: content.Bytes()}, nil
}

// namespace outlives a mistaken removal of its file: with it would go every volume of the tenant.
func namespace(p Placement) object {
	labels := object{}
	for k, v := range p.Labels {
		labels[k] = v
	}
	return object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{
		"name":        p.Namespace,
		"labels":      labels,
		"annotations": object{"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"},
	}}
}

func newObject(apiVersion, kind, namespace, name string, spec object) object {
	return object{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": object{"name": name, "namespace": namespace, "labels": object{LabelManagedBy: "gitops"}},
		"spec":     spec,
	}
}
