package kubeschema

import (
	"net/netip"
	"strings"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// checkEmbeddedMeta checks the metadata of a Pod template and the like, which may have no name.
func checkEmbeddedMeta(at *field.Path, meta map[string]any) field.ErrorList {
	errs := metavalidation.ValidateLabels(texts(mapAt(meta, "labels")), at.Child("labels"))
	return append(errs, apivalidation.ValidateAnnotations(texts(mapAt(meta, "annotations")), at.Child("annotations"))...)
}

func texts(m map[string]any) map[string]string {
	out := make(map[string]string, len(m))
	for key, value := range m {
		out[key], _ = value.(string)
	}
	return out
}

// checkDataKeys checks the keys of a ConfigMap or Secret: each must be usable as a file name.
func checkDataKeys(at *field.Path, object map[string]any) field.ErrorList {
	var errs field.ErrorList
	binary := mapAt(object, "binaryData")
	for _, name := range []string{"data", "binaryData", "stringData"} {
		for _, key := range sortedKeys(mapAt(object, name)) {
			errs = append(errs, invalid(at.Child(name).Key(key), key, validation.IsConfigMapKey(key))...)
			if _, twice := binary[key]; twice && name == "data" {
				errs = append(errs, field.Invalid(at.Child(name).Key(key), key, "duplicate of key present in binaryData"))
			}
		}
	}
	return errs
}

func checkServiceSpec(at *field.Path, spec map[string]any) field.ErrorList {
	var errs field.ErrorList
	ports := itemsAt(at, spec, "ports")
	serviceType := textAt(spec, "type")
	if len(ports) == 0 && serviceType != "ExternalName" && textAt(spec, "clusterIP") != "None" {
		errs = append(errs, field.Required(at.Child("ports"), ""))
	}
	if serviceType == "ExternalName" && textAt(spec, "externalName") == "" {
		errs = append(errs, field.Required(at.Child("externalName"), ""))
	}
	names := sets.New[string]()
	for _, port := range ports {
		name := textAt(port.value, "name")
		switch {
		case name == "" && len(ports) > 1:
			errs = append(errs, field.Required(port.path.Child("name"), ""))
		case name != "":
			errs = append(errs, invalid(port.path.Child("name"), name, validation.IsDNS1123Label(name))...)
			if names.Has(name) {
				errs = append(errs, field.Duplicate(port.path.Child("name"), name))
			}
			names.Insert(name)
		}
		errs = append(errs, checkPortNumber(port.path.Child("port"), port.value["port"])...)
		errs = append(errs, checkPort(port.path.Child("targetPort"), port.value["targetPort"])...)
	}
	return append(errs, metavalidation.ValidateLabels(texts(mapAt(spec, "selector")), at.Child("selector"))...)
}

func checkIPBlock(at *field.Path, block map[string]any) field.ErrorList {
	text := textAt(block, "cidr")
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return invalid(at.Child("cidr"), text, []string{"must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"})
	}
	var errs field.ErrorList
	excepts, _ := block["except"].([]any)
	for i, value := range excepts {
		text, _ := value.(string)
		except, err := netip.ParsePrefix(text)
		if err != nil || !network.Contains(except.Addr()) || except.Bits() <= network.Bits() {
			errs = append(errs, field.Invalid(at.Child("except").Index(i), value, "must be a strict subset of `cidr`"))
		}
	}
	return errs
}

func checkNetworkPolicyPort(at *field.Path, port map[string]any) field.ErrorList {
	if port["endPort"] != nil && port["port"] == nil {
		return field.ErrorList{field.Invalid(at.Child("endPort"), port["endPort"], "must be specified along with `port`")}
	}
	return append(checkPort(at.Child("port"), port["port"]), checkPortNumber(at.Child("endPort"), port["endPort"])...)
}

func checkIngressPath(at *field.Path, path map[string]any) field.ErrorList {
	text := textAt(path, "path")
	if textAt(path, "pathType") != "ImplementationSpecific" && !strings.HasPrefix(text, "/") {
		return invalid(at.Child("path"), text, []string{"must be an absolute path"})
	}
	return nil
}
