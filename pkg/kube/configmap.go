package kube

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// ConfigMap keeps the data of one ConfigMap by server-side apply. It needs get, create and patch of that name alone.
type ConfigMap struct {
	Namespace, Name string
	resource        dynamic.ResourceInterface
}

// NewConfigMap is a ConfigMap of a cluster; nothing is asked yet.
func NewConfigMap(config *rest.Config, namespace, name string) (*ConfigMap, error) {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("prepare the Kubernetes client: %w", err)
	}
	configMaps := schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	return &ConfigMap{Namespace: namespace, Name: name, resource: client.Resource(configMaps).Namespace(namespace)}, nil
}

// Data is what it holds; nil when it does not exist.
func (c *ConfigMap) Data(ctx context.Context) (map[string]string, error) {
	object, err := c.resource.Get(ctx, c.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, c.fail("read", "get", err)
	}
	data, _, err := unstructured.NestedStringMap(object.Object, "data")
	if err != nil {
		return nil, fmt.Errorf("read ConfigMap %s/%s: %w", c.Namespace, c.Name, err)
	}
	return data, nil
}

// Apply makes the keys that manager owns exactly these: what it applied before and leaves out now goes, what others wrote
// under other keys stays. A key that another manager wrote is taken over.
func (c *ConfigMap) Apply(ctx context.Context, manager string, data map[string]string) error {
	values := map[string]any{}
	for key, value := range data {
		values[key] = value
	}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": c.Name, "namespace": c.Namespace}, "data": values,
	}}
	if _, err := c.resource.Apply(ctx, c.Name, object, metav1.ApplyOptions{FieldManager: manager, Force: true}); err != nil {
		return c.fail("apply", "patch (and create, while it does not exist)", err)
	}
	return nil
}

// fail keeps what the API server said; a missing right is named as the rule that grants it.
func (c *ConfigMap) fail(op, verb string, err error) error {
	err = fmt.Errorf("%s ConfigMap %s/%s: %w", op, c.Namespace, c.Name, err)
	if !apierrors.IsForbidden(err) {
		return err
	}
	return &RightError{Err: err, Rule: fmt.Sprintf("%s on configmaps with resourceNames [%s] in namespace %s", verb, c.Name, c.Namespace)}
}

// RightError is a request that the caller may not make.
type RightError struct {
	Err  error
	Rule string // what a Role must grant
}

func (e *RightError) Error() string { return e.Err.Error() }
func (e *RightError) Unwrap() error { return e.Err }

// Hint is the rule to grant.
func (e *RightError) Hint() string { return "grant " + e.Rule }
