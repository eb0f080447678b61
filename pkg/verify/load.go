package verify

import (
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/ameideio/ameide/pkg/appset"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/kubeschema"
	"github.com/ameideio/ameide/pkg/spec"
)

// LoadOptions say what to load.
type LoadOptions struct {
	Envs    []string // environments to check, in this order
	Scratch string   // existing directory that may be written to
	Today   string   // YYYY-MM-DD

	Schemas *kubeschema.Validator // of the spec's Kubernetes version, compiled once for many trees; nil loads them
}

// Load reads the tree. Problems of single files become findings of rules; an error means that nothing can be checked at
// all.
func Load(fsys fs.FS, s *spec.Loaded, o LoadOptions) (*Tree, error) {
	if OfTenant(fsys) {
		return loadOfTenant(fsys, s, o)
	}
	sets, err := appset.Load(fsys, appset.Options{RepoURL: s.Spec.GitOps.RepoURL, Revision: s.Spec.GitOps.Revision})
	if err != nil {
		return nil, fmt.Errorf("evaluate the ApplicationSets: %w", err)
	}
	schemas := o.Schemas
	if schemas == nil {
		if schemas, err = kubeschema.New(s.Spec.Kubernetes.Version); err != nil {
			return nil, fmt.Errorf("load schemas: %w", err)
		}
	}
	t := &Tree{FS: fsys, Spec: s, Sets: &sets, Schemas: schemas, Scratch: o.Scratch, Today: o.Today}
	l := newLoader(t)
	t.caps = l.caps
	for _, name := range o.Envs {
		e, ok := s.Spec.Environment(name)
		if !ok {
			return nil, fmt.Errorf("unknown environment %q", name)
		}
		t.Envs = append(t.Envs, l.env(e))
	}
	return t, nil
}

// loader shares parsed charts and value files between environments.
type loader struct {
	tree   *Tree
	files  *helmchart.ValueFiles
	mu     sync.Mutex
	charts map[string]func() (*helmchart.Chart, error) // by directory
	caps   helmchart.Capabilities
}

func newLoader(t *Tree) *loader {
	return &loader{
		tree: t, files: helmchart.NewValueFiles(t.FS), charts: map[string]func() (*helmchart.Chart, error){},
		caps: helmchart.Capabilities{KubeVersion: t.Spec.Kubernetes.Version, APIVersions: t.Schemas.APIVersions()},
	}
}

func (l *loader) env(e spec.Environment) *Env {
	env := &Env{Environment: e, Image: l.tree.Spec.ImageOf(e), tree: l.tree, components: map[string]func() *Component{}}
	for _, app := range l.tree.Sets.Applications {
		if app.Param("env") != e.Name {
			continue
		}
		name := app.Param("name")
		env.components[name] = sync.OnceValue(func() *Component { return l.component(app) })
		if name == ComponentName {
			env.chart = func() (*helmchart.Chart, error) { return l.chartOf(app) }
		} else {
			env.names = append(env.names, name)
		}
	}
	slices.Sort(env.names)
	return env
}

// component renders an Application as Argo CD would.
func (l *loader) component(app appset.Application) *Component {
	c := &Component{App: app}
	if c.Chart, c.Err = l.chartOf(app); c.Err != nil {
		return c
	}
	source, _ := app.ChartSource()
	values, err := l.files.Load(app.ValueFiles(), source.Helm.IgnoreMissingValueFiles)
	if err != nil {
		c.Err = err
		return c
	}
	if c.Values, c.Err = c.Chart.Coalesce(values); c.Err != nil {
		return c
	}
	c.Manifests, c.Err = helmchart.Render(c.Chart, c.Values, c.release(), l.caps)
	return c
}

// release is the Helm release that Argo CD makes of the Application.
func (c *Component) release() helmchart.Release {
	source, _ := c.App.ChartSource()
	name := source.Helm.ReleaseName
	if name == "" {
		name = c.App.Name
	}
	return helmchart.Release{Name: name, Namespace: c.App.Namespace}
}

// chartOf is the chart that an Application deploys.
func (l *loader) chartOf(app appset.Application) (*helmchart.Chart, error) {
	source, ok := app.ChartSource()
	if !ok || source.Path == "" {
		return nil, notApplicable("the chart is not in this tree")
	}
	return l.chart(source.Path)
}

func (l *loader) chart(dir string) (*helmchart.Chart, error) {
	l.mu.Lock()
	load := l.charts[dir]
	if load == nil {
		load = sync.OnceValues(func() (*helmchart.Chart, error) { return helmchart.Load(l.tree.FS, dir) })
		l.charts[dir] = load
	}
	l.mu.Unlock()
	return load()
}

// applications is what the ApplicationSets generate for the portal, in the order of the environments.
func applications(t *Tree) []Application {
	var list []Application
	for _, e := range t.Envs {
		c := e.Portal()
		if c == nil {
			continue
		}
		source, _ := c.App.ChartSource()
		list = append(list, Application{
			Name: c.App.Name, Env: e.Name, Namespace: c.App.Namespace, Chart: source.Path,
			ValueFiles: c.App.ValueFiles(), Phase: c.App.Labels["rollout-phase"],
		})
	}
	return list
}
