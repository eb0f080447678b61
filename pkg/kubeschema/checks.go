package kubeschema

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// check looks at one value of a built-in type for what Kubernetes decides in Go code rather than in the schema.
type check func(path *field.Path, value any) field.ErrorList

// object adapts a check of a mapping. The schema has already refused other values.
func object(check func(*field.Path, map[string]any) field.ErrorList) check {
	return func(path *field.Path, value any) field.ErrorList {
		if m, ok := value.(map[string]any); ok {
			return check(path, m)
		}
		return nil
	}
}

// checkOf returns the check of a definition of the Kubernetes OpenAPI document, or nil. The messages are those of
// k8s.io/kubernetes/pkg/apis/*/validation.
func checkOf(definition string) check {
	switch definition {
	case objectMetaDefinition:
		return object(checkEmbeddedMeta)
	case "io.k8s.apimachinery.pkg.api.resource.Quantity":
		return checkQuantity
	case "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector":
		return object(checkLabelSelector)
	case "io.k8s.api.core.v1.PodSpec":
		return object(checkPodSpec)
	case "io.k8s.api.core.v1.Container":
		return object(checkContainer)
	case "io.k8s.api.core.v1.Probe":
		return object(checkProbe)
	case "io.k8s.api.core.v1.HTTPGetAction":
		return object(checkHTTPGet)
	case "io.k8s.api.core.v1.ServiceSpec":
		return object(checkServiceSpec)
	case "io.k8s.api.core.v1.ConfigMap", "io.k8s.api.core.v1.Secret":
		return object(checkDataKeys)
	case "io.k8s.api.apps.v1.DeploymentSpec":
		return object(checkDeploymentSpec)
	case "io.k8s.api.apps.v1.StatefulSetSpec", "io.k8s.api.apps.v1.DaemonSetSpec", "io.k8s.api.apps.v1.ReplicaSetSpec":
		return object(checkReplicatedPods)
	case "io.k8s.api.batch.v1.JobSpec":
		return object(checkJobSpec)
	case "io.k8s.api.batch.v1.CronJob":
		return object(checkCronJob)
	case "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec", "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec":
		return object(checkAutoscaler)
	case "io.k8s.api.policy.v1.PodDisruptionBudgetSpec":
		return object(checkDisruptionBudget)
	case "io.k8s.api.networking.v1.IPBlock":
		return object(checkIPBlock)
	case "io.k8s.api.networking.v1.NetworkPolicyPort":
		return object(checkNetworkPolicyPort)
	case "io.k8s.api.networking.v1.HTTPIngressPath":
		return object(checkIngressPath)
	}
	return nil
}

// walkChecks runs the checks of every built-in type on the way through value.
func walkChecks(path *field.Path, s *schema.Structural, value any) field.ErrorList {
	var errs field.ErrorList
	if s.Title != "" {
		if check := checkOf(s.Title); check != nil {
			errs = check(path, value)
		}
	}
	eachPart(path, s, value, func(path *field.Path, s *schema.Structural, part any) {
		errs = append(errs, walkChecks(path, s, part)...)
	})
	return errs
}

// The readers below return the zero value where a field is absent: its type has been checked before.

func mapAt(m map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		m, _ = m[key].(map[string]any)
	}
	return m
}

func textAt(m map[string]any, key string) string {
	text, _ := m[key].(string)
	return text
}

// itemsAt returns the mappings of a list, each with its path.
func itemsAt(path *field.Path, m map[string]any, key string) []item {
	list, _ := m[key].([]any)
	var items []item
	for i, value := range list {
		if object, ok := value.(map[string]any); ok {
			items = append(items, item{path.Child(key).Index(i), object})
		}
	}
	return items
}

type item struct {
	path  *field.Path
	value map[string]any
}

// invalid reports each message for one value.
func invalid(path *field.Path, value any, messages []string) field.ErrorList {
	var errs field.ErrorList
	for _, message := range messages {
		errs = append(errs, field.Invalid(path, value, message))
	}
	return errs
}

// exactlyOne checks a union: what is the noun of the message, as in "must specify a handler type".
func exactlyOne(path *field.Path, m map[string]any, what string, keys ...string) field.ErrorList {
	var set []string
	for _, key := range keys {
		if m[key] != nil {
			set = append(set, key)
		}
	}
	if len(set) == 0 {
		return field.ErrorList{field.Required(path, "must specify a "+what)}
	}
	var errs field.ErrorList
	for _, key := range set[1:] {
		errs = append(errs, field.Forbidden(path.Child(key), fmt.Sprintf("may not specify more than 1 %s", what)))
	}
	return errs
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
