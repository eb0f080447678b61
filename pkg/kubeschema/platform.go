package kubeschema

import (
	"embed"
	"fmt"
	"io/fs"
)

// The platform's own kinds, written by hand from what its operators read. No module publishes them.
//
//go:embed crds
var platform embed.FS

// PlatformCRDs holds the CustomResourceDefinitions of ameide.io/v1, one file for each: ameide.io_domains.yaml and so on.
func PlatformCRDs() fs.FS {
	sub, err := fs.Sub(platform, "crds")
	if err != nil { // the path is a constant of this package
		panic(err)
	}
	return sub
}

// platformKinds are the kinds of PlatformCRDs and their files.
func platformKinds() map[string]string {
	return map[string]string{
		"Domain": "ameide.io_domains.yaml", "Process": "ameide.io_processes.yaml",
		"Agent": "ameide.io_agents.yaml", "UISurface": "ameide.io_uisurfaces.yaml",
	}
}

// addPlatform makes the platform's kinds known. A file is parsed when the first object of its kind is checked.
func (v *Validator) addPlatform() {
	for kind, file := range platformKinds() {
		id := kindID{"ameide.io/v1", kind}
		v.kinds[id] = &kindSchema{id: id, namespaced: true, load: func() (*compiled, error) {
			text, err := fs.ReadFile(PlatformCRDs(), file)
			if err != nil {
				return nil, err
			}
			crds, err := ParseCRDs(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			return crds[0].schema.compile(noReferences)
		}}
	}
}
