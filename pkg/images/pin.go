package images

import (
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/verify"
)

// pin is where the values say which content of an image is meant.
type pin struct {
	at   helmchart.Pos // line that decides the tag or digest
	path []string      // scalar to set
	form pinForm
}

type pinForm int

const (
	wholeRef  pinForm = iota // the scalar is the reference
	digestKey                // the scalar is the digest beside repository and tag
	tagKey                   // the scalar is the tag, and the chart knows no digest: tag@digest
)

// findPin looks for the values that an image was put together of: one scalar that is the reference, or a map with
// repository (or name) and tag.
func findPin(c *verify.Component, image string) *pin {
	if c.Values == nil {
		return nil
	}
	var found *pin
	c.Values.Walk(func(path []string, value any, origin helmchart.Pos) bool {
		switch v := value.(type) {
		case string:
			if v == image && found == nil {
				found = &pin{origin, slices.Clone(path), wholeRef}
			}
		case map[string]any:
			if composes(v, image) && found == nil {
				found = mapPin(c.Values, slices.Clone(path), v)
			}
		}
		return found == nil
	})
	return found
}

// composes tells whether a map of values is what a reference was put together of.
func composes(m map[string]any, image string) bool {
	name, digest, _ := strings.Cut(image, "@")
	if d, _ := m["digest"].(string); d != "" && d != digest {
		return false
	}
	repository, _ := m["repository"].(string)
	if registry, _ := m["registry"].(string); registry != "" && repository != "" {
		repository = registry + "/" + repository
	}
	if repository == "" {
		short, _ := m["name"].(string)
		if _, tagged := m["tag"].(string); short == "" || !tagged {
			return false
		}
		repository = short
	}
	if tag, _ := m["tag"].(string); tag != "" {
		base, inTag, _ := strings.Cut(tag, "@")
		return strings.HasSuffix("/"+name, "/"+repository+":"+base) && (inTag == "" || inTag == digest)
	}
	return strings.HasSuffix("/"+name, "/"+repository)
}

// mapPin decides which key to set, in the highest layer that says anything about the image.
func mapPin(v *helmchart.Values, path []string, m map[string]any) *pin {
	p := &pin{path: append(path, "tag"), form: tagKey}
	if _, ok := m["digest"]; ok {
		p = &pin{path: append(path, "digest"), form: digestKey}
	}
	rank := func(file string) int { return slices.Index(v.Files(), file) }
	for _, key := range []string{"repository", "name", "tag", "digest"} {
		value, at, ok := v.Lookup(append(slices.Clone(path), key)...)
		if !ok || at.File == "" {
			continue
		}
		if p.at.File == "" || rank(at.File) > rank(p.at.File) || rank(at.File) == rank(p.at.File) && value != "" && key != "name" {
			p.at = at
		}
	}
	return p
}

// scalar is the YAML to write for a digest. tag is the reference's own.
func (p *pin) scalar(ref, tag, digest string) string {
	switch p.form {
	case wholeRef:
		return `"` + ref + `"`
	case tagKey:
		return `"` + tag + "@" + digest + `"`
	}
	return `"` + digest + `"`
}

// yamlPath is the path as package yamledit takes it; false where it leads through a list.
func (p *pin) yamlPath() (string, bool) {
	parts := make([]string, 0, len(p.path))
	for _, key := range p.path {
		if key == "" || strings.Trim(key, "0123456789") == "" {
			return "", false
		}
		if strings.ContainsAny(key, `."[]/ `) {
			key = `"` + key + `"`
		}
		parts = append(parts, key)
	}
	return strings.Join(parts, "."), true
}
