package helmchart

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

// Chart is a loaded chart. Render and lint it for several environments at once.
type Chart struct {
	fsys     fs.FS
	dir      string
	files    []*archive.BufferedFile
	loaded   *chartv2.Chart
	defaults *tree // the chart's values.yaml with its places
	schema   func() (*schema, error)
	copies   copies // for Lint
}

// Load reads the chart in dir of fsys as Helm's directory loader does: .helmignore and byte order marks respected,
// templates/.* left out. values.yaml is read as strictly as any value file. The error is an Errors.
func Load(fsys fs.FS, dir string) (*Chart, error) {
	dir = path.Clean(dir)
	rules, err := ignoreRules(fsys, dir)
	if err != nil {
		return nil, err
	}
	files, err := chartFiles(fsys, dir, rules)
	if err != nil {
		return nil, err
	}
	c := &Chart{fsys: fsys, dir: dir, files: files, defaults: &tree{pos: Pos{File: path.Join(dir, "values.yaml")}, keys: map[string]*tree{}}}
	if data := c.file("values.yaml"); data != nil {
		if c.defaults, err = parseValues(path.Join(dir, "values.yaml"), data); err != nil {
			return nil, asErrors(path.Join(dir, "values.yaml"), err)
		}
	}
	if c.loaded, err = loader.LoadFiles(files); err != nil {
		return nil, Errors{loadError(dir, err)}
	}
	sortDependencies(c.loaded)
	c.schema = sync.OnceValues(func() (*schema, error) { return compileSchema(path.Join(dir, schemaFile), c.loaded.Schema) })
	return c, nil
}

// Name is the chart's name from Chart.yaml.
func (c *Chart) Name() string { return c.loaded.Metadata.Name }

// Version is the chart's version from Chart.yaml.
func (c *Chart) Version() string { return c.loaded.Metadata.Version }

// AppVersion is the version of what the chart installs, from Chart.yaml; may be empty.
func (c *Chart) AppVersion() string { return c.loaded.Metadata.AppVersion }

// Dir is the chart's folder in the checkout.
func (c *Chart) Dir() string { return c.dir }

// Templates are the paths in the checkout of the chart's own template files, partials included, sorted.
func (c *Chart) Templates() []string {
	var out []string
	for _, t := range c.loaded.Templates {
		out = append(out, path.Join(c.dir, t.Name))
	}
	slices.Sort(out)
	return out
}

func (c *Chart) file(name string) []byte {
	for _, f := range c.files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// hasDependencies tells whether Helm would change the chart while it processes it: then nobody may share it.
func (c *Chart) hasDependencies() bool {
	return len(c.loaded.Dependencies()) > 0 || len(c.loaded.Metadata.Dependencies) > 0
}

// instance is the chart for one rendering: the shared one, or a copy of its own when it has dependencies.
func (c *Chart) instance() (*chartv2.Chart, error) {
	if !c.hasDependencies() {
		own := *c.loaded
		return &own, nil
	}
	own, err := loader.LoadFiles(c.files)
	if err != nil {
		return nil, Errors{loadError(c.dir, err)}
	}
	sortDependencies(own)
	return own, checkDependencies(c.dir, own)
}

// sortDependencies undoes the random order in which the loader finds subcharts in a map.
func sortDependencies(c *chartv2.Chart) {
	deps := c.Dependencies()
	slices.SortStableFunc(deps, func(a, b *chartv2.Chart) int { return strings.Compare(a.ChartFullPath(), b.ChartFullPath()) })
	c.SetDependencies(deps...)
}

// checkDependencies refuses a chart whose Chart.yaml names a subchart that charts/ does not hold: helm would download it.
func checkDependencies(dir string, c *chartv2.Chart) error {
	var out Errors
	for _, want := range c.Metadata.Dependencies {
		if !slices.ContainsFunc(c.Dependencies(), func(have *chartv2.Chart) bool { return have.Name() == want.Name }) {
			out = append(out, &Error{Pos: Pos{File: path.Join(dir, "Chart.yaml")},
				Message: fmt.Sprintf("dependency %s is not in charts/", want.Name), Hint: "commit it: run helm dependency update"})
		}
	}
	if len(out) > 0 {
		return out
	}
	return nil
}

var badFile = regexp.MustCompile(`cannot load ((?:Chart|values|requirements)\.(?:yaml|lock))`)

// loadError gives Helm's load error its file: the one that its text names, else Chart.yaml, which the rest is about.
func loadError(dir string, err error) *Error {
	file := "Chart.yaml"
	if m := badFile.FindStringSubmatch(err.Error()); m != nil {
		file = m[1]
	}
	return yamlError(path.Join(dir, file), err)
}
