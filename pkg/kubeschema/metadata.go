package kubeschema

import (
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/api/validation/path"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// metadata checks name, namespace, labels, annotations and the rest as the API server does on create.
func (r *run) metadata() field.ErrorList {
	at := field.NewPath("metadata")
	raw := r.object["metadata"]
	if raw == nil {
		raw = map[string]any{}
	}
	if _, ok := raw.(map[string]any); !ok {
		return nil // the schema of the kind reports the type
	}
	metadata, _ := raw.(map[string]any)
	only := map[string]any{"metadata": raw}
	defaulting.PruneNonNullableNullsWithoutDefaults(only, r.objectMeta.schema.structural) // creationTimestamp: null
	if errs := schemaErrors(only, r.objectMeta.validator); len(errs) > 0 {
		return errs
	}
	var meta metav1.ObjectMeta
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(metadata, &meta); err != nil {
		return field.ErrorList{field.Invalid(at, "", err.Error())}
	}
	if r.kind.namespaced && meta.Namespace == "" {
		meta.Namespace = metav1.NamespaceDefault // the client fills it in
	}
	return apivalidation.ValidateObjectMeta(&meta, r.kind.namespaced, nameRule(r.kind.id, r.minor), at)
}

// relaxedServiceNames is the minor version from which a Service's name may begin with a digit (feature
// RelaxedServiceNameValidation).
const relaxedServiceNames = 36

// nameRule is the rule for metadata.name of a kind. Custom resources and most built-in kinds take a DNS subdomain.
func nameRule(id kindID, minor string) apivalidation.ValidateNameFunc {
	group, _, _ := strings.Cut(id.apiVersion, "/")
	switch {
	case group == "rbac.authorization.k8s.io":
		return path.ValidatePathSegmentName
	case id == kindID{"v1", "Service"} && minorNumber(minor) >= relaxedServiceNames:
		return apivalidation.NameIsDNSLabel
	case id == kindID{"v1", "Service"}:
		return apivalidation.NameIsDNS1035Label
	case id == kindID{"v1", "Namespace"}:
		return apivalidation.ValidateNamespaceName
	}
	return apivalidation.NameIsDNSSubdomain
}
