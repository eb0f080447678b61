package verify

import (
	"slices"

	"github.com/ameideio/ameide/pkg/appset"
	"github.com/ameideio/ameide/pkg/helmchart"
)

// Deployed is a component where it runs.
type Deployed struct {
	*Component
	Env *Env // nil for what a cluster has once, whatever environments it carries
}

// Components are all components of the loaded environments and of the clusters, rendered, in the order of the
// environments and of the names; those of clusters come last. What cannot be rendered has its Err.
func (t *Tree) Components() []Deployed {
	var all []Deployed
	for _, e := range t.Envs {
		names := slices.Clone(e.names)
		if e.Portal() != nil {
			names = append(names, ComponentName)
			slices.Sort(names)
		}
		for _, name := range names {
			all = append(all, Deployed{e.Component(name), e})
		}
	}
	l := newLoader(t)
	for _, app := range t.clusterApplications() {
		all = append(all, Deployed{l.component(app), nil})
	}
	return all
}

// clusterApplications are those that belong to no environment, each name once.
func (t *Tree) clusterApplications() []appset.Application {
	var apps []appset.Application
	seen := map[string]bool{}
	for _, app := range t.Sets.Applications {
		if app.Param("env") == "" && !seen[app.Name] {
			seen[app.Name] = true
			apps = append(apps, app)
		}
	}
	return apps
}

// Place is where to mend a field of a rendered object of an environment: the leaf of the values that it comes from, or
// the template's line. The path is keys; items of lists are named by the value of one of their fields.
func (e *Env) Place(c *Component, m *helmchart.Manifest, path ...string) helmchart.Pos {
	return e.blame(c, m, path...)
}
