package images

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/verify"
)

// Collect finds every use of an image in the tree's environments, sorted by image and place, and the components that it
// cannot look into. With platforms, these are asked for everywhere; without, those of the nodes.
func Collect(t *verify.Tree, platforms []imagecheck.Platform) ([]Use, []Skipped) {
	var uses []Use
	skipped := []Skipped{}
	for _, d := range t.Components() {
		name, env := d.App.Name, ""
		if d.Env != nil {
			name, env = d.App.Param("name"), d.Env.Name
		}
		if d.Err != nil {
			skipped = append(skipped, Skipped{name, env, d.Err.Error()})
			continue
		}
		c := collector{deployed: d, name: name, env: env, nodes: platforms}
		if len(platforms) == 0 {
			c.nodes = nodePlatforms(t, d.Env)
		}
		for _, m := range d.Manifests {
			for _, one := range mentions(m) {
				uses = append(uses, c.use(m, one, len(platforms) > 0))
			}
		}
	}
	slices.SortStableFunc(uses, func(a, b Use) int {
		return cmp.Or(cmp.Compare(a.Image, b.Image), cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Env, b.Env))
	})
	return uses, skipped
}

// nodePlatforms are those of an environment's nodes; of all environments for what clusters have once.
func nodePlatforms(t *verify.Tree, e *verify.Env) []imagecheck.Platform {
	envs := t.Envs
	if e != nil {
		envs = []*verify.Env{e}
	}
	var out []imagecheck.Platform
	for _, e := range envs {
		for _, arch := range e.NodeArchitectures {
			if p, err := imagecheck.ParsePlatform("linux/" + arch); err == nil && !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

type collector struct {
	deployed  verify.Deployed
	name, env string
	nodes     []imagecheck.Platform
}

func (c collector) use(m *helmchart.Manifest, one mention, forced bool) Use {
	u := Use{Image: one.image, Env: c.env, Component: c.name, Resource: m.ID(), Field: strings.Join(one.path, "."), Platforms: c.nodes, Command: one.command}
	if !forced {
		u.Platforms = narrow(c.nodes, one.arches)
	}
	u.pin = findPin(c.deployed.Component, one.image)
	switch {
	case u.pin != nil:
		u.Pos = u.pin.at
	case c.deployed.Env != nil:
		u.Pos = c.deployed.Env.Place(c.deployed.Component, m, named(m.Object, one.path)...)
	default:
		u.Pos = helmchart.Pos{File: m.Template}
	}
	if c.name == verify.ComponentName {
		u.Layout = layout(c.deployed.Component, one.image)
	}
	return u
}

// narrow leaves the platforms that a Pod's own selectors allow. A choice that no node has leaves what it asks for: it is
// the Pod's business then.
func narrow(nodes []imagecheck.Platform, arches []string) []imagecheck.Platform {
	if arches == nil {
		return nodes
	}
	var out []imagecheck.Platform
	for _, arch := range arches {
		if p, err := imagecheck.ParsePlatform("linux/" + arch); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// named is a path whose indexes are the names of the items, where they have one.
func named(v any, path []string) []string {
	var out []string
	for _, key := range path {
		switch node := v.(type) {
		case map[string]any:
			v = node[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(node) {
				return out
			}
			v = node[i]
			name, _ := dig.At(v, "name").(string)
			if name == "" {
				continue
			}
			key = name
		}
		out = append(out, key)
	}
	return out
}

// layout is how the portal's chart takes its image to be built: image.layout, and what layouts says of it.
func layout(c *verify.Component, image string) *imagecheck.Layout {
	repository := text(c.Values, "image", "repository")
	name := text(c.Values, "image", "layout")
	if name == "" || repository == "" || !strings.HasPrefix(image, repository) {
		return nil
	}
	l := &imagecheck.Layout{Name: name, Workdir: text(c.Values, "layouts", name, "workdir")}
	if user := text(c.Values, "layouts", name, "runAsUser"); user != "" {
		l.Users = append(l.Users, user)
		if user == "1000" {
			l.Users = append(l.Users, "node") // the name that the official Node.js images give it
		}
	}
	switch name {
	case "upstream":
		l.Program, l.InCmd = "packages/backend", true
	case "rhdh":
		l.Program = "packages/backend"
	}
	return l
}

// text is a scalar of the values; empty when there is none.
func text(v *helmchart.Values, path ...string) string {
	if v == nil {
		return ""
	}
	value, _, _ := v.Lookup(path...)
	return dig.Text(value)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
