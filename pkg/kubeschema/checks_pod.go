package kubeschema

import (
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func checkPodSpec(at *field.Path, spec map[string]any) field.ErrorList {
	var errs field.ErrorList
	volumes := sets.New[string]()
	for _, volume := range itemsAt(at, spec, "volumes") {
		volumes.Insert(textAt(volume.value, "name"))
		errs = append(errs, checkVolume(volume)...)
	}
	if list, _ := spec["containers"].([]any); len(list) == 0 {
		errs = append(errs, field.Required(at.Child("containers"), ""))
	}
	initNames := sets.New[string]()
	for _, container := range itemsAt(at, spec, "initContainers") {
		initNames.Insert(textAt(container.value, "name"))
		errs = append(errs, checkMounts(container, volumes)...)
		if textAt(container.value, "restartPolicy") != "Always" {
			errs = append(errs, forbidProbes(container)...)
		}
	}
	for _, container := range itemsAt(at, spec, "containers") {
		if name := textAt(container.value, "name"); initNames.Has(name) {
			errs = append(errs, field.Duplicate(container.path.Child("name"), name))
		}
		errs = append(errs, checkMounts(container, volumes)...)
	}
	return errs
}

func checkVolume(volume item) field.ErrorList {
	errs := checkLabelName(volume.path, volume.value)
	var sources int
	for _, key := range sortedKeys(volume.value) {
		if key == "name" {
			continue
		}
		if sources++; sources > 1 {
			errs = append(errs, field.Forbidden(volume.path.Child(key), "may not specify more than 1 volume type"))
		}
	}
	return errs
}

// checkLabelName checks the field name; the schema reports that it is missing.
func checkLabelName(at *field.Path, value map[string]any) field.ErrorList {
	name, ok := value["name"].(string)
	switch {
	case !ok:
		return nil
	case name == "":
		return field.ErrorList{field.Required(at.Child("name"), "")}
	}
	return invalid(at.Child("name"), name, validation.IsDNS1123Label(name))
}

func checkMounts(container item, volumes sets.Set[string]) field.ErrorList {
	var errs field.ErrorList
	for _, mount := range itemsAt(container.path, container.value, "volumeMounts") {
		if name, ok := mount.value["name"].(string); ok && !volumes.Has(name) {
			errs = append(errs, field.NotFound(mount.path.Child("name"), name))
		}
		subPath := textAt(mount.value, "subPath")
		if path.IsAbs(subPath) {
			errs = append(errs, field.Invalid(mount.path.Child("subPath"), subPath, "must be a relative path"))
		}
	}
	return errs
}

// forbidProbes: an init container ends before the Pod is ready, unless it is a sidecar (restartPolicy Always).
func forbidProbes(container item) field.ErrorList {
	var errs field.ErrorList
	for _, key := range []string{"lifecycle", "livenessProbe", "readinessProbe", "startupProbe"} {
		if container.value[key] != nil {
			errs = append(errs, field.Forbidden(container.path.Child(key), "may not be set for init containers without restartPolicy=Always"))
		}
	}
	return errs
}

func checkContainer(at *field.Path, container map[string]any) field.ErrorList {
	errs := checkLabelName(at, container)
	if image, ok := container["image"].(string); container["image"] == nil || (ok && image == "") {
		errs = append(errs, field.Required(at.Child("image"), ""))
	} else if ok && strings.TrimSpace(image) != image {
		errs = append(errs, field.Invalid(at.Child("image"), image, "must not have leading or trailing whitespace"))
	}
	errs = append(errs, checkEnv(at, container)...)
	errs = append(errs, checkContainerPorts(at, container)...)
	for _, key := range []string{"livenessProbe", "startupProbe"} {
		probe := mapAt(container, key)
		if n, ok := probe["successThreshold"].(int64); ok && n != 1 {
			errs = append(errs, field.Invalid(at.Child(key, "successThreshold"), n, "must be 1"))
		}
	}
	return append(errs, checkResources(at.Child("resources"), mapAt(container, "resources"))...)
}

func checkEnv(at *field.Path, container map[string]any) field.ErrorList {
	var errs field.ErrorList
	for _, env := range itemsAt(at, container, "env") {
		name, ok := env.value["name"].(string)
		if ok && name == "" {
			errs = append(errs, field.Required(env.path.Child("name"), ""))
		} else if ok {
			errs = append(errs, invalid(env.path.Child("name"), name, validation.IsRelaxedEnvVarName(name))...)
		}
		if from, ok := env.value["valueFrom"].(map[string]any); ok {
			errs = append(errs, checkEnvSource(env.path.Child("valueFrom"), from, textAt(env.value, "value"))...)
		}
	}
	return errs
}

func checkEnvSource(at *field.Path, from map[string]any, value string) field.ErrorList {
	switch {
	case value != "":
		return invalid(at, "", []string{"may not be specified when `value` is not empty"})
	case len(from) == 0:
		return invalid(at, "", []string{"must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"})
	case len(from) > 1:
		return invalid(at, "", []string{"may not have more than one field specified at a time"})
	}
	return nil
}

func checkContainerPorts(at *field.Path, container map[string]any) field.ErrorList {
	var errs field.ErrorList
	names := sets.New[string]()
	for _, port := range itemsAt(at, container, "ports") {
		if name := textAt(port.value, "name"); name != "" {
			errs = append(errs, invalid(port.path.Child("name"), name, validation.IsValidPortName(name))...)
			if names.Has(name) {
				errs = append(errs, field.Duplicate(port.path.Child("name"), name))
			}
			names.Insert(name)
		}
		errs = append(errs, checkPortNumber(port.path.Child("containerPort"), port.value["containerPort"])...)
	}
	return errs
}

// checkPortNumber checks a number; a name has its own rules.
func checkPortNumber(at *field.Path, value any) field.ErrorList {
	if n, ok := value.(int64); ok {
		return invalid(at, n, validation.IsValidPortNum(int(n)))
	}
	return nil
}

// checkPort checks a number or the name of a port.
func checkPort(at *field.Path, value any) field.ErrorList {
	if name, ok := value.(string); ok {
		return invalid(at, name, validation.IsValidPortName(name))
	}
	return checkPortNumber(at, value)
}

func checkResources(at *field.Path, resources map[string]any) field.ErrorList {
	limits := mapAt(resources, "limits")
	requests := mapAt(resources, "requests")
	var errs field.ErrorList
	for _, name := range sortedKeys(requests) {
		request, ok := quantity(requests[name])
		if !ok {
			continue
		}
		if request.Sign() < 0 {
			errs = append(errs, field.Invalid(at.Child("requests").Key(name), request.String(), "must be greater than or equal to 0"))
		}
		if limit, ok := quantity(limits[name]); ok && request.Cmp(limit) > 0 {
			message := fmt.Sprintf("must be less than or equal to %s limit of %s", name, limit.String())
			errs = append(errs, field.Invalid(at.Child("requests"), request.String(), message))
		}
	}
	return errs
}

// quantity parses the text or number of a resource.Quantity.
func quantity(value any) (resource.Quantity, bool) {
	switch value.(type) {
	case string, int64, float64:
		q, err := resource.ParseQuantity(fmt.Sprint(value))
		return q, err == nil
	}
	return resource.Quantity{}, false
}

func checkQuantity(at *field.Path, value any) field.ErrorList {
	if _, ok := quantity(value); !ok {
		return field.ErrorList{field.Invalid(at, value, resource.ErrFormatWrong.Error())}
	}
	return nil
}

func checkProbe(at *field.Path, probe map[string]any) field.ErrorList {
	errs := exactlyOne(at, probe, "handler type", "exec", "grpc", "httpGet", "tcpSocket")
	for _, key := range []string{"failureThreshold", "initialDelaySeconds", "periodSeconds", "successThreshold", "timeoutSeconds"} {
		if n, ok := probe[key].(int64); ok && n < 0 {
			errs = append(errs, field.Invalid(at.Child(key), n, "must be greater than or equal to 0"))
		}
	}
	if socket := mapAt(probe, "tcpSocket"); socket != nil {
		errs = append(errs, checkPort(at.Child("tcpSocket", "port"), socket["port"])...)
	}
	return errs
}

func checkHTTPGet(at *field.Path, action map[string]any) field.ErrorList {
	return checkPort(at.Child("port"), action["port"])
}
