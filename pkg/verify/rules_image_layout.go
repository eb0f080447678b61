package verify

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/spec"
)

// layoutFact is what is known of a layout: the working directory of the image; whether its process is an ENTRYPOINT, to
// which arguments are added, or a CMD, which must be said again; and the config files that process reads, in order.
type layoutFact struct {
	workdir    string
	entrypoint bool
	configs    []string
}

// layoutFacts are those of the images' Dockerfiles: ENTRYPOINT of Red Hat Developer Hub 1.5, CMD of @backstage/create-app.
func layoutFacts(l spec.Layout) layoutFact {
	if l == spec.LayoutRHDH {
		return layoutFact{"/opt/app-root/src", true, []string{"app-config.yaml", "app-config.example.yaml", "app-config.example.production.yaml"}}
	}
	return layoutFact{"/app", false, []string{"app-config.yaml", "app-config.production.yaml"}}
}

// layoutOf recognises the layout by the image's repository; empty for an image that is built by its users.
func layoutOf(repository string) spec.Layout {
	switch {
	case strings.HasSuffix(repository, "janus-idp/backstage-showcase"), strings.Contains(repository, "/rhdh"):
		return spec.LayoutRHDH
	case strings.HasSuffix(repository, "ghcr.io/backstage/backstage"):
		return spec.LayoutUpstream
	}
	return ""
}

func layoutFits(e *Env) ([]Issue, error) {
	c, d, err := e.object("Deployment")
	if err != nil {
		return nil, err
	}
	container := mainContainer(d)
	want := cmp.Or(layoutOf(parseImage(dig.Text(container, "image")).repository), e.Image.Layout)
	issue := at(c.Values.Origin("image", "layout"), Issue{Resource: d.ID(), Field: "image.layout", Expected: string(want)})
	if value, _, _ := c.Values.Lookup("image", "layout"); dig.Text(value) != string(want) {
		issue.Actual = dig.Text(value)
		return []Issue{issue}, nil
	}
	facts := layoutFacts(want)
	field, expected, actual := facts.unfit(container, !facts.entrypoint)
	if job := c.migrationJob(); field == "" && job != nil { // its script is the process: no ENTRYPOINT names files for it
		container = backstageContainer(job)
		if _, expected, actual = facts.unfitConfigs(container, true); expected != "" {
			field, issue.Resource = "args", job.ID()
		}
	}
	if field == "" {
		return nil, nil
	}
	issue.Field, issue.Expected, issue.Actual = field, expected, actual
	return []Issue{issue}, nil
}

// unfit tells what of a container does not start an image of the layout; no field when it does.
func (f layoutFact) unfit(container map[string]any, all bool) (field, expected, actual string) {
	command := dig.Texts(container, "command")
	switch {
	case f.entrypoint && len(command) > 0:
		return "command", "nothing: the image's ENTRYPOINT starts the portal", strings.Join(command, " ")
	case !f.entrypoint && len(command) == 0:
		return "command", "the image's process, because args replace its CMD", "nothing"
	}
	return f.unfitConfigs(container, all)
}

// unfitConfigs tells what is wrong with the config files of a container: all those of the image must come first, where
// nobody else names them, because one --config turns off what Backstage reads by itself; then ours, below the working
// directory.
func (f layoutFact) unfitConfigs(container map[string]any, all bool) (field, expected, actual string) {
	args := dig.Texts(container, "args")
	var files []string
	for i, arg := range args {
		if arg == "--config" && i+1 < len(args) {
			files = append(files, args[i+1])
		}
	}
	if all && (len(files) < len(f.configs) || !slices.Equal(files[:len(f.configs)], f.configs)) {
		return "args", "the image's own " + strings.Join(f.configs, ", ") + " before ours", orNothing(strings.Join(files, ", "))
	}
	if !slices.ContainsFunc(files, func(a string) bool { return strings.HasPrefix(a, f.workdir+"/") }) {
		return "args", "a config file below " + f.workdir, orNothing(strings.Join(files, ", "))
	}
	return "", "", ""
}
