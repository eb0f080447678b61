package helmchart

import (
	"fmt"
	"maps"
	"path"
	"slices"

	"helm.sh/helm/v4/pkg/chart/common/util"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
)

// Coalesce puts the chart's values.yaml (and its enabled subcharts') below the value files: the values that templates
// see. Helm itself computes them; the places are those of the layer that won. A value file's null removes the default.
func (c *Chart) Coalesce(v *Values) (*Values, error) {
	if v.chart == c {
		return v, nil
	}
	instance, err := c.instance()
	if err != nil {
		return nil, err
	}
	user, _ := v.layers.plain().(map[string]any)
	instance.Values = withoutConflicts(instance.Values, user)
	if c.hasDependencies() {
		if err := chartutil.ProcessDependencies(instance, user); err != nil {
			return nil, asErrors(path.Join(c.dir, "Chart.yaml"), fmt.Errorf("process dependencies: %w", err))
		}
	}
	final, err := util.CoalesceValues(instance, user)
	if err != nil {
		return nil, asErrors(path.Join(c.dir, "values.yaml"), err)
	}
	out := *v
	out.chart, out.instance = c, instance
	out.root = place(map[string]any(final), scope{
		sources: []*tree{v.layers, c.defaults}, charts: instance.Dependencies(), dir: c.dir, fallback: c.defaults.pos,
	})
	return &out, nil
}

// withoutConflicts leaves out the defaults that a value file replaces by another shape (a map by a scalar or the other
// way round): the file wins in any case, but Helm would print a warning through the process-wide logger.
func withoutConflicts(defaults, user map[string]any) map[string]any {
	out := make(map[string]any, len(defaults))
	for k, below := range defaults {
		above, set := user[k]
		belowMap, isMapBelow := below.(map[string]any)
		aboveMap, isMapAbove := above.(map[string]any)
		switch {
		case !set || above == nil || isMapBelow == isMapAbove && !isMapBelow:
			out[k] = below
		case isMapBelow && isMapAbove:
			out[k] = withoutConflicts(belowMap, aboveMap)
		}
	}
	return out
}

// scope is where the values of one map may come from: sources in order of precedence, and the subcharts whose values
// live below it.
type scope struct {
	sources  []*tree
	charts   []*chartv2.Chart
	dir      string
	fallback Pos
}

// place gives a value that Helm computed the places of the first source that has it in this shape.
func place(value any, s scope) *tree {
	s.sources = slices.DeleteFunc(slices.Clone(s.sources), func(t *tree) bool { return !sameShape(t, value) })
	t := &tree{pos: s.fallback}
	for _, source := range s.sources {
		if source.pos.File != "" {
			t.pos = source.pos
			break
		}
	}
	switch v := value.(type) {
	case map[string]any:
		t.keys = make(map[string]*tree, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			t.keys[k] = place(v[k], s.below(k, t.pos))
		}
	case []any:
		t.items = make([]*tree, len(v))
		for i, item := range v {
			below := scope{fallback: t.pos}
			if len(s.sources) > 0 && i < len(s.sources[0].items) {
				below.sources = []*tree{s.sources[0].items[i]}
			}
			t.items[i] = place(item, below)
		}
	default:
		t.leaf = v
	}
	return t
}

func sameShape(t *tree, value any) bool {
	switch value.(type) {
	case map[string]any:
		return t.isMap()
	case []any:
		return t.isList()
	case nil:
		return t.isNull()
	}
	return t != nil && !t.isMap() && !t.isList() && !t.isNull()
}

// below is the scope of one key. A subchart adds its own values.yaml as the lowest layer, and reads global from its
// parent first.
func (s scope) below(key string, fallback Pos) scope {
	out := scope{fallback: fallback}
	for _, t := range s.sources {
		out.sources = append(out.sources, t.child(key))
	}
	for _, sub := range s.charts {
		if sub.Name() != key {
			continue
		}
		out.charts, out.dir = sub.Dependencies(), path.Join(s.dir, "charts", key)
		own := subchartDefaults(sub, path.Join(out.dir, "values.yaml"))
		var globals []*tree
		for _, t := range s.sources {
			if g := t.child("global"); g != nil {
				globals = append(globals, &tree{keys: map[string]*tree{"global": g}})
			}
		}
		out.sources = append(globals, append(out.sources, own)...)
	}
	return out
}

// subchartDefaults are the places of a vendored chart's values; one that is not strict YAML has none.
func subchartDefaults(c *chartv2.Chart, file string) *tree {
	for _, f := range c.Raw {
		if f.Name != "values.yaml" {
			continue
		}
		if t, err := parseValues(file, f.Data); err == nil {
			return t
		}
	}
	return nil
}
