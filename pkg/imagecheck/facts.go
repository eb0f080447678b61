package imagecheck

// Facts are what a registry says about an image.
type Facts struct {
	Digest string  `json:"digest"` // of what the reference names
	Index  bool    `json:"index"`  // an index (manifest list), not one platform's manifest
	Images []Child `json:"images"` // one for each platform, attestations left out, in the index's order
	// TagDigest is the index that the reference's tag names, when its digest names only one image of that index.
	TagDigest string `json:"tag_digest,omitempty"`
}

// Child is the image for one platform.
type Child struct {
	Platform Platform  `json:"platform"`
	Digest   string    `json:"digest"`
	Layers   []string  `json:"layers,omitempty"` // digests, lowest first; empty when the manifest was not read
	Config   *Config   `json:"config,omitempty"` // nil when it was not read
	Programs []Program `json:"programs,omitempty"`
	// Broken is why the image cannot be unpacked, as far as its layers were read; empty when nothing was wrong.
	Broken string `json:"broken,omitempty"`
	// DeepError is why the programs could not be determined; empty when they were, or were not asked for.
	DeepError string `json:"deep_error,omitempty"`
}

// Config is how an image says it is started.
type Config struct {
	Platform   Platform `json:"platform"` // that the config says it was built for
	WorkingDir string   `json:"working_dir,omitempty"`
	User       string   `json:"user,omitempty"`
	Entrypoint []string `json:"entrypoint,omitempty"`
	Cmd        []string `json:"cmd,omitempty"`
	Path       string   `json:"path,omitempty"` // PATH of its environment
}

// Program is an executable that the image starts: the entrypoint, or what interprets it.
type Program struct {
	Path     string   `json:"path"`
	Via      []string `json:"via,omitempty"` // scripts that lead to it, the entrypoint first
	Machines []string `json:"machines"`      // architectures that execute it, as Platform.Arch
	Raw      string   `json:"raw,omitempty"` // what the header says when no architecture is known for it
}

// platforms are those of the children, each once, in order.
func (f *Facts) platforms() []Platform {
	out := []Platform{}
	seen := map[Platform]bool{}
	for _, c := range f.Images {
		if !seen[c.Platform] {
			seen[c.Platform] = true
			out = append(out, c.Platform)
		}
	}
	return out
}

// child is the image that a node of a platform would run: an exact variant before a lower one.
func (f *Facts) child(p Platform) *Child {
	var found *Child
	for i := range f.Images {
		c := &f.Images[i]
		if c.Platform == p {
			return c
		}
		if c.Platform.Runs(p) && (found == nil || variantLess(found.Platform.Variant, c.Platform.Variant)) {
			found = c
		}
	}
	return found
}
