package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

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

// Data is what it holds, and under which keys it is manager's own; both are empty when it does not exist.
func (c *ConfigMap) Data(ctx context.Context, manager string) (data map[string]string, own map[string]bool, err error) {
	object, err := c.resource.Get(ctx, c.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, c.fail("read", "get", err)
	}
	if data, _, err = unstructured.NestedStringMap(object.Object, "data"); err != nil {
		return nil, nil, fmt.Errorf("read ConfigMap %s/%s: %w", c.Namespace, c.Name, err)
	}
	own = map[string]bool{}
	for _, entry := range object.GetManagedFields() {
		if entry.Manager == manager && entry.Operation == metav1.ManagedFieldsOperationApply && entry.FieldsV1 != nil {
			addKeys(own, entry.FieldsV1.GetRawBytes())
		}
	}
	return data, own, nil
}

// addKeys reads the keys of data from a set of managed fields (structured-merge-diff's FieldsV1: "f:" before each name).
func addKeys(own map[string]bool, raw []byte) {
	var fields struct {
		Data map[string]json.RawMessage `json:"f:data"`
	}
	if json.Unmarshal(raw, &fields) != nil {
		return // unknown to us: then nothing is ours, and the next apply says so again
	}
	for field := range fields.Data {
		if key, ok := strings.CutPrefix(field, "f:"); ok {
			own[key] = true
		}
	}
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
