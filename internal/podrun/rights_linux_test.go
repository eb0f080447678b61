package podrun_test

import (
	"fmt"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

const reconcileName = "platform-keycloak-realm-ameide-reconcile"

// without takes one verb out of the rendered Role, until the test ends.
func (w *world) without(t *testing.T, verb string) {
	t.Helper()
	change := func(drop string) {
		rule := map[string]any{"apiGroups": []any{""}, "resources": []any{"configmaps"}, "resourceNames": []any{versions}, "verbs": []any{}}
		for _, v := range []string{"get", "create", "patch"} {
			if v != drop {
				rule["verbs"] = append(rule["verbs"].([]any), v)
			}
		}
		w.cluster.apply(namespace, map[string]any{
			"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": map[string]any{"name": reconcileName}, "rules": []any{rule},
		})
	}
	change(verb)
	t.Cleanup(func() { change("") })
}

func (w *world) delete(t *testing.T, plural, name string) {
	t.Helper()
	// An earlier run may not have made it.
	if err := w.cluster.resource("v1", plural, namespace).Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
}

// grantsNothingElse tries, as the Job's ServiceAccount, what it must not.
func (w *world) grantsNothingElse(t *testing.T) {
	t.Helper()
	client, err := dynamic.NewForConfig(&rest.Config{
		Host: fmt.Sprintf("https://127.0.0.1:%d", w.cluster.port), BearerToken: w.cluster.token(namespace, "ameide-reconcile"),
		TLSClientConfig: rest.TLSClientConfig{CAData: []byte(w.cluster.ca)},
	})
	if err != nil {
		t.Fatal(err)
	}
	allowed := (&cluster{t: t, client: client}).rules(t)
	want := []string{"create configmaps [" + versions + "]", "get configmaps [" + versions + "]", "patch configmaps [" + versions + "]"}
	if !slices.Equal(allowed, want) {
		t.Errorf("it may %q, want %q", allowed, want)
	}
}

// rules are what a caller may do in the namespace, beside what every caller may.
func (c *cluster) rules(t *testing.T) []string {
	t.Helper()
	review := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": map[string]any{"namespace": namespace},
	}}
	answer, err := c.resource("authorization.k8s.io/v1", "selfsubjectrulesreviews", "").Create(t.Context(), review, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, rule := range at[[]any](t, answer.Object, "status", "resourceRules") {
		resources := at[[]any](t, rule, "resources")
		if slices.ContainsFunc(resources, func(r any) bool {
			return slices.Contains([]any{"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"}, r)
		}) {
			continue
		}
		for _, verb := range at[[]any](t, rule, "verbs") {
			all = append(all, fmt.Sprint(verb, " ", resources[0], " ", rule.(map[string]any)["resourceNames"]))
		}
	}
	slices.Sort(all)
	return all
}
