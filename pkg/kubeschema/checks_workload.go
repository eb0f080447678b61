package kubeschema

import (
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func checkDeploymentSpec(at *field.Path, spec map[string]any) field.ErrorList {
	errs := checkReplicatedPods(at, spec)
	strategy := mapAt(spec, "strategy")
	rolling, isSet := strategy["rollingUpdate"].(map[string]any)
	at = at.Child("strategy", "rollingUpdate")
	if textAt(strategy, "type") == "Recreate" {
		if isSet {
			errs = append(errs, field.Forbidden(at, "may not be specified when strategy `type` is 'Recreate'"))
		}
		return errs
	}
	unavailable, errsUnavailable := amount(at.Child("maxUnavailable"), rolling["maxUnavailable"])
	surge, errsSurge := amount(at.Child("maxSurge"), rolling["maxSurge"])
	errs = append(append(errs, errsUnavailable...), errsSurge...)
	if isSet && unavailable == 0 && surge == 0 && rolling["maxUnavailable"] != nil && rolling["maxSurge"] != nil {
		errs = append(errs, field.Invalid(at.Child("maxUnavailable"), rolling["maxUnavailable"], "may not be 0 when `maxSurge` is 0"))
	}
	return errs
}

// amount reads a count or a percentage.
func amount(at *field.Path, value any) (int64, field.ErrorList) {
	switch value := value.(type) {
	case string:
		if messages := validation.IsValidPercent(value); len(messages) > 0 {
			return 0, invalid(at, value, messages)
		}
		n, err := strconv.ParseInt(strings.TrimSuffix(value, "%"), 10, 32)
		if err != nil {
			return 0, invalid(at, value, []string{err.Error()})
		}
		return n, nil
	case int64:
		if value < 0 {
			return value, invalid(at, value, []string{"must be greater than or equal to 0"})
		}
		return value, nil
	}
	return 0, nil
}

// checkReplicatedPods checks what Deployment, StatefulSet, DaemonSet and ReplicaSet have in common.
func checkReplicatedPods(at *field.Path, spec map[string]any) field.ErrorList {
	var errs field.ErrorList
	if n, ok := spec["replicas"].(int64); ok && n < 0 {
		errs = append(errs, field.Invalid(at.Child("replicas"), n, "must be greater than or equal to 0"))
	}
	if policy := textAt(mapAt(spec, "template", "spec"), "restartPolicy"); policy != "" && policy != "Always" {
		errs = append(errs, field.NotSupported(at.Child("template", "spec", "restartPolicy"), policy, []string{"Always"}))
	}
	raw := mapAt(spec, "selector")
	if raw == nil {
		return errs // the schema reports it
	}
	if len(raw) == 0 {
		return append(errs, field.Invalid(at.Child("selector"), raw, "empty selector is invalid"))
	}
	selector, ok := toSelector(raw)
	if !ok {
		return errs // checkLabelSelector says why
	}
	have := labels.Set{}
	for key, value := range mapAt(spec, "template", "metadata", "labels") {
		have[key], _ = value.(string)
	}
	if !selector.Matches(have) {
		errs = append(errs, field.Invalid(at.Child("template", "metadata", "labels"), map[string]string(have), "`selector` does not match template `labels`"))
	}
	return errs
}

func toSelector(raw map[string]any) (labels.Selector, bool) {
	var typed metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &typed); err != nil {
		return nil, false
	}
	selector, err := metav1.LabelSelectorAsSelector(&typed)
	return selector, err == nil
}

func checkLabelSelector(at *field.Path, raw map[string]any) field.ErrorList {
	var typed metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &typed); err != nil {
		return field.ErrorList{field.Invalid(at, "", err.Error())}
	}
	return metavalidation.ValidateLabelSelector(&typed, metavalidation.LabelSelectorValidationOptions{}, at)
}

func checkJobSpec(at *field.Path, spec map[string]any) field.ErrorList {
	policy := textAt(mapAt(spec, "template", "spec"), "restartPolicy")
	at = at.Child("template", "spec", "restartPolicy")
	switch policy {
	case "OnFailure", "Never":
		return nil
	case "", "Always": // Always is the default of a Pod
		return field.ErrorList{field.Required(at, `valid values: "OnFailure", "Never"`)}
	}
	return field.ErrorList{field.NotSupported(at, policy, []string{"OnFailure", "Never"})}
}

// maxCronJobName leaves room for the 11 characters that the controller appends to the names of its Jobs.
const maxCronJobName = validation.DNS1035LabelMaxLength - 11

func checkCronJob(at *field.Path, cronJob map[string]any) field.ErrorList {
	if name := textAt(mapAt(cronJob, "metadata"), "name"); len(name) > maxCronJobName {
		return invalid(at.Child("metadata", "name"), name, []string{fmt.Sprintf("must be no more than %d characters", maxCronJobName)})
	}
	return nil
}

func checkAutoscaler(at *field.Path, spec map[string]any) field.ErrorList {
	lowest := int64(1)
	if n, ok := spec["minReplicas"].(int64); ok {
		lowest = n
	}
	highest, _ := spec["maxReplicas"].(int64)
	switch {
	case highest < 1:
		return invalid(at.Child("maxReplicas"), highest, []string{"must be greater than 0"})
	case highest < lowest:
		return invalid(at.Child("maxReplicas"), highest, []string{"must be greater than or equal to `minReplicas`"})
	}
	return nil
}

func checkDisruptionBudget(at *field.Path, spec map[string]any) field.ErrorList {
	if spec["minAvailable"] != nil && spec["maxUnavailable"] != nil {
		return invalid(at, "", []string{"minAvailable and maxUnavailable cannot be both set"})
	}
	var errs field.ErrorList
	for _, key := range []string{"maxUnavailable", "minAvailable"} {
		_, more := amount(at.Child(key), spec[key])
		errs = append(errs, more...)
	}
	return errs
}
