package verify

import (
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/lazy"
)

func imageRules() []Rule {
	return []Rule{
		{RuleInfo: rule("image/floating", "no image has a floating tag, not even with a digest", "name a version"), Env: imagesFixed},
		{RuleInfo: advice("image/pinned", "every image is pinned by digest", "add the digest of the image index; a tag can be pushed again"), Env: imagesPinned},
		{RuleInfo: rule("image/pull-policy", "every container says its pull policy", "write imagePullPolicy: IfNotPresent"), Env: pullPolicies},
		{RuleInfo: rule("image/layout", "the portal is started as its image's layout asks", "set image.layout to the layout of the image"), Env: layoutFits},
		{RuleInfo: rule("image/architecture", "the image exists for every architecture of the environment's nodes", "use a multi-arch image; emulation kills the portal"), Env: architecturesFit},
		{RuleInfo: rule("image/pull-secret", "every Pod names the pull secret", "set imagePullSecrets"), Env: pullSecrets},
	}
}

// used is a container of the portal's and the object whose Pod it is in.
type used struct {
	object    *helmchart.Manifest
	container map[string]any
}

// usedImages are the containers of every Pod that the portal's objects make.
func (e *Env) usedImages() (*Component, []used, error) {
	c, err := e.rendered()
	if err != nil {
		return nil, nil, err
	}
	var all []used
	for _, m := range c.Manifests {
		for _, container := range containers(podSpec(m)) {
			all = append(all, used{m, container})
		}
	}
	if len(all) == 0 {
		return nil, nil, notApplicable("the chart renders no Pod")
	}
	return c, all, nil
}

// imageRef is an image reference in its parts.
type imageRef struct{ repository, tag, digest string }

func parseImage(ref string) imageRef {
	var i imageRef
	ref, i.digest, _ = strings.Cut(ref, "@")
	i.repository = ref
	if colon := strings.LastIndex(ref, ":"); colon > strings.LastIndex(ref, "/") {
		i.repository, i.tag = ref[:colon], ref[colon+1:]
	}
	return i
}

// floating matches tags that are pushed again and again: these words alone, or with what is no version behind them
// (latest-alpine) but not 1.2.3-dev; next takes a version too, as in the community builds of Developer Hub.
var floating = lazy.Regexp(`(?i)^((latest|main|master|dev|develop|edge|stable|nightly|canary|trunk|head)([-_.][a-z]+)*|next([-_.].*)?)$`)

// place is where the values say the part of an image reference.
func (u used) place(e *Env, c *Component, ref, part string) helmchart.Pos {
	for _, leaf := range [][]string{{"image"}, {"migrations", "unlock", "image"}} {
		if repository, _, ok := c.Values.Lookup(append(leaf, "repository")...); ok && dig.Text(repository) == parseImage(ref).repository {
			return c.Values.Origin(append(leaf, part)...)
		}
	}
	return e.blame(c, u.object, "containers", "image")
}

// eachImage asks about every image of the portal once: several Pods run the same one.
func eachImage(e *Env, ask func(imageRef) (field, expected, actual string)) ([]Issue, error) {
	c, all, err := e.usedImages()
	if err != nil {
		return nil, err
	}
	var issues []Issue
	seen := map[string]bool{}
	for _, u := range all {
		ref := dig.Text(u.container, "image")
		field, expected, actual := ask(parseImage(ref))
		if field == "" || seen[ref] {
			continue
		}
		seen[ref] = true
		issues = append(issues, at(u.place(e, c, ref, field), Issue{Resource: u.object.ID(), Field: "image." + field, Expected: expected, Actual: actual}))
	}
	return issues, nil
}

func imagesFixed(e *Env) ([]Issue, error) {
	return eachImage(e, func(i imageRef) (string, string, string) {
		switch {
		case floating().MatchString(i.tag):
			return "tag", "a version", i.tag
		case i.tag == "" && i.digest == "":
			return "tag", "a version", "nothing, which means latest"
		}
		return "", "", ""
	})
}

func imagesPinned(e *Env) ([]Issue, error) {
	return eachImage(e, func(i imageRef) (string, string, string) {
		if i.digest != "" || i.tag == "" || floating().MatchString(i.tag) {
			return "", "", ""
		}
		return "digest", "sha256:… beside the tag", "the tag " + i.tag + " alone"
	})
}

func pullPolicies(e *Env) ([]Issue, error) {
	c, all, err := e.usedImages()
	if err != nil {
		return nil, err
	}
	var issues []Issue
	for _, u := range all {
		if dig.Text(u.container, "imagePullPolicy") == "" {
			issues = append(issues, at(e.blame(c, u.object, "containers", dig.Text(u.container, "name")), Issue{
				Resource: u.object.ID(), Field: dig.Text(u.container, "name") + ".imagePullPolicy", Expected: "IfNotPresent", Actual: "nothing",
			}))
		}
	}
	return issues, nil
}

func architecturesFit(e *Env) ([]Issue, error) {
	if len(e.Image.Platforms) == 0 {
		return nil, notApplicable("the spec does not say which platforms the image has")
	}
	c, d, err := e.object("Deployment")
	if err != nil {
		return nil, err
	}
	var issues []Issue
	for _, arch := range e.NodeArchitectures {
		if !slices.ContainsFunc(e.Image.Platforms, func(p string) bool { return p == "linux/"+arch || strings.HasPrefix(p, "linux/"+arch+"/") }) {
			issues = append(issues, at(c.Values.Origin("image", "repository"), Issue{
				Resource: d.ID(), Field: "image", Expected: "linux/" + arch, Actual: strings.Join(e.Image.Platforms, ", "),
			}))
		}
	}
	return issues, nil
}

func pullSecrets(e *Env) ([]Issue, error) {
	c, err := e.rendered()
	if err != nil {
		return nil, err
	}
	want := e.tree.Spec.Secrets.PullSecret
	var issues []Issue
	for _, m := range c.Manifests {
		pod := podSpec(m)
		if pod == nil || want == "" {
			continue
		}
		if _, i := indexed(pod, "name", want, "imagePullSecrets"); i < 0 {
			issues = append(issues, at(c.Values.Origin("imagePullSecrets"), Issue{Resource: m.ID(), Field: "imagePullSecrets", Expected: want, Actual: "nothing"}))
		}
	}
	return issues, nil
}
