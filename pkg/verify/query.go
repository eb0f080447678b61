package verify

import (
	"slices"

	"github.com/ameideio/ameide/pkg/appset"
	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/yamledit"
)

// indexed is the first item of the list at a path whose field has the value, and its index; -1 when none has.
func indexed(v any, field, value string, path ...string) (map[string]any, int) {
	for i, item := range dig.List(v, path...) {
		if m, ok := item.(map[string]any); ok && dig.Text(m, field) == value {
			return m, i
		}
	}
	return nil, -1
}

// podSpec is the Pod that a workload makes; nil when the object makes none.
func podSpec(m *helmchart.Manifest) map[string]any {
	switch m.Kind() {
	case "Pod":
		return dig.Map(m.Object, "spec")
	case "CronJob":
		return dig.Map(m.Object, "spec", "jobTemplate", "spec", "template", "spec")
	case "Deployment", "Job", "StatefulSet", "DaemonSet", "ReplicaSet":
		return dig.Map(m.Object, "spec", "template", "spec")
	}
	return nil
}

// containers are a Pod's containers, init containers first.
func containers(pod map[string]any) []map[string]any {
	var all []map[string]any
	for _, list := range []string{"initContainers", "containers"} {
		all = append(all, dig.Maps(pod, list)...)
	}
	return all
}

// mainContainer is the container of the portal's Deployment that runs Backstage: the first one.
func mainContainer(m *helmchart.Manifest) map[string]any {
	return dig.Map(podSpec(m), "containers", "0")
}

// envVar is an entry of a container's env; nil when there is none.
func envVar(container map[string]any, name string) map[string]any {
	found, _ := indexed(container, "name", name, "env")
	return found
}

// app is the generated Application of a component, without rendering it; nil when no ApplicationSet generates it.
func (e *Env) app(name string) *appset.Application {
	apps := e.tree.Sets.Applications
	for i := range apps {
		if apps[i].Param("env") == e.Name && apps[i].Param("name") == name {
			return &apps[i]
		}
	}
	return nil
}

// values are the effective values of another component of the environment, or the reason to skip a rule about them.
func (e *Env) values(name string) (*Component, error) {
	c := e.Component(name)
	if c == nil {
		return nil, notApplicable("no Application " + e.Name + "-" + name + " is generated")
	}
	if !e.layered() && !slices.Equal(c.App.ValueFiles(), layers(e, c.App.Param("domain"), name)) {
		return nil, errLayers
	}
	if c.Values == nil {
		return nil, notApplicable("the values of " + name + " do not load")
	}
	return c, nil
}

// appConfig is the app-config that the chart puts into a ConfigMap.
type appConfig struct {
	manifest *helmchart.Manifest
	key      string // key of the ConfigMap's data
	root     any    // parsed
}

// appConfigs are the app-config files that the portal's Deployment mounts, in the order of templates and keys; a rule
// about them is skipped when there are none. A text that does not parse is an error.
func (e *Env) appConfigs() (*Component, []appConfig, error) {
	c, deployment, err := e.object("Deployment")
	if err != nil {
		return nil, nil, err
	}
	mounted := configMaps(podSpec(deployment))
	var configs []appConfig
	for _, m := range c.Objects("ConfigMap") {
		if !mounted[m.Name()] {
			continue
		}
		for _, key := range sortedKeys(dig.Map(m.Object, "data")) {
			if !appConfigKey().MatchString(key) {
				continue
			}
			root, err := parseYAML(m.Template, dig.Text(m.Object, "data", key))
			if err != nil {
				return nil, nil, err
			}
			configs = append(configs, appConfig{m, key, root})
		}
	}
	if len(configs) == 0 {
		return nil, nil, notApplicable("the Deployment mounts no app-config")
	}
	return c, configs, nil
}

// configMaps are the ConfigMaps that a Pod mounts.
func configMaps(pod map[string]any) map[string]bool {
	names := map[string]bool{}
	for _, v := range dig.List(pod, "volumes") {
		names[dig.Text(v, "configMap", "name")] = true
		for _, source := range dig.List(v, "projected", "sources") {
			names[dig.Text(source, "configMap", "name")] = true
		}
	}
	return names
}

// setting is the app-config's value at a path: the last file that has it wins, as in Backstage.
func setting(configs []appConfig, path ...string) (any, *appConfig) {
	for i := len(configs) - 1; i >= 0; i-- {
		if v := dig.At(configs[i].root, path...); v != nil {
			return v, &configs[i]
		}
	}
	return nil, nil
}

// document is a file of the tree, parsed for positions.
func (t *Tree) document(path string) (*yamledit.Document, error) {
	src, err := t.read(path)
	if err != nil {
		return nil, err
	}
	return yamledit.Parse(path, src)
}
