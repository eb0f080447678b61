package appset

import (
	"errors"
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"
)

const resourcesFinalizer = "resources-finalizer.argocd.argoproj.io"

// maker makes the Applications of one ApplicationSet.
type maker struct {
	set      *Set
	object   *node
	renderer *renderer
	repoURL  string
	problems *problems
}

func (m *maker) makeAll(sets []paramSet) []Application {
	var apps []Application
	template := m.object.get("spec", "template")
	if !template.isMap() {
		m.problems.add(problemf(m.object.pos, "ApplicationSet %q has no template", m.set.Name))
		return nil
	}
	for _, set := range sets {
		app, err := m.make(template, set)
		if err != nil {
			m.problems.add(from(err, set.origins))
			continue
		}
		apps = append(apps, app)
	}
	return apps
}

// from adds to a Problem of the parameters where they were read; a Problem of the template alone is everybody's.
func from(err error, origins []Position) error {
	var p *Problem
	if !errors.As(err, &p) || !p.data || len(origins) == 0 {
		return err
	}
	return problemf(p.Position, "%s (for %s)", p.Message, origins[len(origins)-1])
}

func (m *maker) make(template *node, set paramSet) (Application, error) {
	object, err := m.render(template, set.values)
	if err != nil {
		return Application{}, err
	}
	if patch := m.object.get("spec", "templatePatch"); patch != nil {
		if object, err = m.patched(object, patch, set.values); err != nil {
			return Application{}, err
		}
	}
	m.finish(object)
	return m.describe(object, template.pos, set)
}

// render fills the template. Only what an ApplicationSet's template may say of the metadata reaches the Application.
func (m *maker) render(template *node, params map[string]any) (map[string]any, error) {
	filled, err := m.renderer.tree(template, params)
	if err != nil {
		return nil, err
	}
	metadata := map[string]any{}
	for _, key := range []string{"name", "namespace", "labels", "annotations", "finalizers"} {
		if v := filled.get("metadata", key); v != nil {
			metadata[key] = v.value()
		}
	}
	object := map[string]any{"metadata": metadata, "spec": filled.get("spec").object()}
	preserve, _ := m.object.get("spec", "syncPolicy", "preserveResourcesOnDeletion").value().(bool)
	if metadata["finalizers"] == nil && !preserve {
		metadata["finalizers"] = []any{resourcesFinalizer}
	}
	return object, nil
}

// patched applies the template patch, which may not change the project.
func (m *maker) patched(object map[string]any, patch *node, params map[string]any) (map[string]any, error) {
	text, err := m.renderer.text(patch, params)
	if err != nil {
		return nil, err
	}
	change := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &change); err != nil {
		return nil, &Problem{Position: patch.pos, Message: "templatePatch: " + err.Error(), data: true}
	}
	var project any
	if spec, ok := object["spec"].(map[string]any); ok {
		project = spec["project"]
	}
	out, err := strategicMerge(object, change, "")
	if err != nil {
		return nil, problemf(patch.pos, "templatePatch: %v", err)
	}
	spec, ok := out["spec"].(map[string]any)
	if !ok {
		return nil, problemf(patch.pos, "templatePatch: spec is not a map")
	}
	if project != nil {
		spec["project"] = project
	}
	return out, nil
}

// strategicMerge is the strategic merge of an Application: maps merge, null deletes, lists replace, except that the
// finalizers are a set.
func strategicMerge(object, change map[string]any, where string) (map[string]any, error) {
	out := copyParams(object)
	for key, value := range change {
		if len(key) > 0 && key[0] == '$' {
			return nil, fmt.Errorf("merge directive %q is not evaluated offline", key)
		}
		have, haveMap := out[key].(map[string]any)
		patch, isMap := value.(map[string]any)
		switch {
		case value == nil:
			delete(out, key)
		case isMap:
			if !haveMap {
				have = map[string]any{}
			}
			merged, err := strategicMerge(have, patch, where+"."+key)
			if err != nil {
				return nil, err
			}
			out[key] = merged
		case where+"."+key == ".metadata.finalizers":
			out[key] = union(out[key], value)
		default:
			out[key] = value
		}
	}
	return out, nil
}

func union(a, b any) []any {
	first, _ := a.([]any)
	second, _ := b.([]any)
	out := slices.Clone(first)
	for _, v := range second {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// finish sets what the controller sets: type and namespace are never the template's.
func (m *maker) finish(object map[string]any) {
	object["apiVersion"] = "argoproj.io/v1alpha1"
	object["kind"] = "Application"
	metadata, ok := object["metadata"].(map[string]any)
	if !ok {
		metadata = map[string]any{}
		object["metadata"] = metadata
	}
	if m.set.Namespace != "" {
		metadata["namespace"] = m.set.Namespace
	}
}
