package images

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/imagecheck"
)

// mention is one image in a rendered object.
type mention struct {
	image   string
	path    []string // keys and indexes
	arches  []string // that the Pod's own selectors leave; nil when they do not choose
	command []string // of the container, in place of the image's ENTRYPOINT; nil when it has none
}

// mentions are the images of an object, in the order of sorted keys.
func mentions(m *helmchart.Manifest) []mention {
	if m.Kind() == "CustomResourceDefinition" {
		return nil
	}
	w := walker{custom: custom(m.APIVersion())}
	w.visit(m.Object, nil, nil)
	return w.found
}

// custom tells whether an API group is not Kubernetes' own, so that a field called image means one.
func custom(apiVersion string) bool {
	group, _, ok := strings.Cut(apiVersion, "/")
	return ok && strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io")
}

type walker struct {
	custom bool
	found  []mention
}

func (w *walker) visit(v any, path, arches []string) {
	switch v := v.(type) {
	case map[string]any:
		if own := podArches(v); own != nil {
			arches = own
		}
		for _, key := range sortedKeys(v) {
			w.field(key, v, extend(path, key), arches)
		}
	case []any:
		for i, item := range v {
			w.visit(item, extend(path, strconv.Itoa(i)), arches)
		}
	}
}

func (w *walker) field(key string, parent map[string]any, path, arches []string) {
	text, ok := parent[key].(string)
	switch {
	case !ok:
		w.visit(parent[key], path, arches)
	case text == "":
	case key == "image" && inContainers(path):
		w.found = append(w.found, mention{text, path, arches, command(parent)})
	case key == "reference" && len(path) > 1 && path[len(path)-2] == "image":
		w.found = append(w.found, mention{text, path, arches, nil})
	case w.custom && (key == "image" || key == "imageName"):
		if _, err := imagecheck.ParseRef(text); err == nil {
			w.found = append(w.found, mention{text, path, arches, nil})
		}
	}
}

// command is what a container starts in place of the image's ENTRYPOINT, with its arguments.
func command(container map[string]any) []string {
	words := texts(container["command"])
	if words == nil {
		return nil
	}
	return append(words, texts(container["args"])...)
}

func texts(v any) []string {
	items, _ := v.([]any)
	var out []string
	for _, item := range items {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// inContainers tells whether a path is that of a container's field.
func inContainers(path []string) bool {
	return len(path) > 2 && slices.Contains([]string{"containers", "initContainers", "ephemeralContainers"}, path[len(path)-3])
}

const archLabel = "kubernetes.io/arch"

// podArches are the architectures that a Pod's node selector and required affinity allow together; nil when they allow
// any or the object is no Pod, empty when they exclude each other.
func podArches(pod map[string]any) []string {
	if _, ok := pod["containers"]; !ok {
		return nil
	}
	arches := affinityArches(pod)
	if arch := dig.Text(pod, "nodeSelector", archLabel); arch != "" {
		arches = both(arches, []string{arch})
	}
	slices.Sort(arches)
	return slices.Compact(arches)
}

// affinityArches are those of all alternatives of the required node affinity; nil unless each of them names some.
func affinityArches(pod map[string]any) []string {
	var arches []string
	for _, term := range dig.Maps(pod, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms") {
		own := termArches(term)
		if own == nil {
			return nil
		}
		arches = append(arches, own...)
	}
	return arches
}

// termArches are those that all expressions of a term allow; nil when none names any.
func termArches(term map[string]any) []string {
	var arches []string
	for _, e := range dig.Maps(term, "matchExpressions") {
		if dig.At(e, "key") == archLabel && dig.At(e, "operator") == "In" {
			arches = both(arches, dig.Texts(e, "values"))
		}
	}
	return arches
}

// both are the architectures of two choices, of which nil is any.
func both(a, b []string) []string {
	if a == nil {
		return b
	}
	out := []string{}
	for _, arch := range a {
		if slices.Contains(b, arch) {
			out = append(out, arch)
		}
	}
	return out
}

func extend(path []string, key string) []string { return append(slices.Clone(path), key) }
