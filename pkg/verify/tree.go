package verify

import (
	"io/fs"
	"sync"

	"github.com/ameideio/ameide/pkg/appset"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/kubeschema"
	"github.com/ameideio/ameide/pkg/spec"
)

// ComponentName is the portal's component: its Applications are <environment>-platform-backstage.
const ComponentName = "platform-backstage"

// Tree is everything that the rules look at. It is loaded once, and rules only read it.
type Tree struct {
	FS      fs.FS
	Spec    *spec.Loaded
	Envs    []*Env
	Sets    *appset.Result // every Application of every cluster
	Schemas *kubeschema.Validator
	Scratch string // existing directory for the libraries that read charts from disk
	Today   string // YYYY-MM-DD, for waivers

	caps     helmchart.Capabilities
	ofTenant bool // a tenant's repository: no environments, and few rules
}

// Env is one environment: what Argo CD would deploy to it.
type Env struct {
	spec.Environment
	Image spec.Image
	tree  *Tree

	mu         sync.Mutex
	components map[string]func() *Component
	names      []string // every component of the environment, sorted

	chart func() (*helmchart.Chart, error) // the portal's; nil when no ApplicationSet generates it
}

// Component is one Application of an environment as Argo CD would render it.
type Component struct {
	App       appset.Application
	Chart     *helmchart.Chart
	Values    *helmchart.Values // chart defaults included; nil when they do not load
	Manifests []*helmchart.Manifest
	Err       error // why there are no manifests; nil otherwise
}

// Component is a component of the environment, rendered at the first call; nil when no ApplicationSet generates it.
func (e *Env) Component(name string) *Component {
	e.mu.Lock()
	load := e.components[name]
	e.mu.Unlock()
	if load == nil {
		return nil
	}
	return load()
}

// caps are what charts see of the environment's cluster.
func (e *Env) caps() helmchart.Capabilities { return e.tree.caps }

// Portal is the portal's own component, nil when no ApplicationSet generates it.
func (e *Env) Portal() *Component { return e.Component(ComponentName) }

// Find looks for an object in the environment's components: the portal first, then the others by name. Components that
// cannot be rendered are passed over; they are not the portal's concern.
func (e *Env) Find(kind, name string) (*helmchart.Manifest, *Component) {
	order := append([]string{ComponentName}, e.names...)
	for _, n := range order {
		c := e.Component(n)
		if c == nil {
			continue
		}
		if m := c.Object(kind, name); m != nil {
			return m, c
		}
	}
	return nil, nil
}

// Object is the component's object of a kind; any name when name is empty.
func (c *Component) Object(kind, name string) *helmchart.Manifest {
	for _, m := range c.Manifests {
		if m.Kind() == kind && (name == "" || m.Name() == name) {
			return m
		}
	}
	return nil
}

// Objects are the component's objects of a kind, in the order of the templates.
func (c *Component) Objects(kind string) []*helmchart.Manifest {
	var found []*helmchart.Manifest
	for _, m := range c.Manifests {
		if m.Kind() == kind {
			found = append(found, m)
		}
	}
	return found
}
