package imagecheck

import (
	"context"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Need says how much must be known about an image.
type Need struct {
	Platforms []Platform // that must be known more about than that they exist; see Config and Deep
	Config    bool       // read manifest and config of each of the platforms
	Deep      bool       // find the programs that are started and their machines
	Commands  [][]string // with Deep, what is started instead of the image's own; an empty one is the image's own
}

const (
	maxDepth    = 4    // indexes inside indexes; one is unusual already
	maxChildren = 1000 // entries of all indexes of an image
)

// Read asks the registry about an image. The error is an *Error.
func (c *Client) Read(ctx context.Context, ref Ref, need Need) (*Facts, error) {
	ctx, cancel := within(ctx, c.options.Timeout)
	defer cancel()
	f, err := c.read(ctx, ref, need)
	if err != nil {
		return nil, classify(ref.Original, timedOut(err, c.options.Timeout))
	}
	return f, nil
}

func (c *Client) read(ctx context.Context, ref Ref, need Need) (*Facts, error) {
	at, err := c.options.Mirrors.find(ref)
	if err != nil {
		return nil, failure(BadReference, "%v", err)
	}
	repo, err := c.repository(ctx, at)
	if err != nil {
		return nil, err
	}
	r := &reader{repo: repo, facts: &Facts{Images: []Child{}}, manifests: map[string]*v1.Manifest{}, seen: map[string]bool{}}
	if err := r.top(ctx, ref); err != nil {
		return nil, err
	}
	if need.Config || need.Deep {
		if err := r.details(ctx, need); err != nil {
			return nil, err
		}
	}
	return r.facts, nil
}

// reader gathers the facts of one image.
type reader struct {
	repo      *repository
	facts     *Facts
	manifests map[string]*v1.Manifest // of children that were read, by digest
	seen      map[string]bool         // indexes and children, by digest and platform
	children  int
}

func (r *reader) top(ctx context.Context, ref Ref) error {
	c, err := r.repo.manifest(ctx, ref.identifier())
	if err != nil {
		return err
	}
	r.facts.Digest, r.facts.Index = c.digest, c.mediaType.IsIndex()
	if r.facts.Index {
		return r.index(ctx, c, 1)
	}
	if err := r.image(ctx, c, nil); err != nil {
		return err
	}
	if ref.Tag != "" && ref.Digest != "" {
		return r.tagged(ctx, ref)
	}
	return nil
}

// tagged finds out whether a digest that names one image was taken from inside the index that the tag names. A tag that is
// gone is no error: the digest is what runs.
func (r *reader) tagged(ctx context.Context, ref Ref) error {
	c, err := r.repo.manifest(ctx, ref.Tag)
	if kindOf(err) == NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if !c.mediaType.IsIndex() {
		return nil
	}
	index, err := parseIndex(c)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(index.Manifests, func(d v1.Descriptor) bool { return d.Digest.String() == ref.Digest }) {
		r.facts.TagDigest = c.digest
	}
	return nil
}

// index adds the images of an index and of the indexes in it.
func (r *reader) index(ctx context.Context, c content, depth int) error {
	if r.seen[c.digest] {
		return failure(Corrupt, "index %s contains itself", c.digest)
	}
	r.seen[c.digest] = true
	index, err := parseIndex(c)
	if err != nil {
		return err
	}
	for _, d := range index.Manifests {
		if r.children++; r.children > maxChildren {
			return failure(Corrupt, "the index has more than %d entries", maxChildren)
		}
		if err := r.entry(ctx, d, depth); err != nil {
			return err
		}
	}
	return nil
}

// entry adds what one entry of an index leads to.
func (r *reader) entry(ctx context.Context, d v1.Descriptor, depth int) error {
	switch {
	case attestation(d):
		return nil
	case d.MediaType.IsIndex():
		if depth >= maxDepth {
			return failure(Corrupt, "indexes are nested more than %d deep", maxDepth)
		}
		c, err := r.repo.manifest(ctx, d.Digest.String())
		if err != nil {
			return err
		}
		return r.index(ctx, c, depth+1)
	case d.MediaType == types.DockerManifestSchema1 || d.MediaType == types.DockerManifestSchema1Signed:
		return failure(Schema1, "the index holds a manifest of schema 1")
	case !d.MediaType.IsImage():
		return nil
	}
	if p := platformOf(d.Platform); p.known() {
		r.facts.Images = append(r.facts.Images, Child{Platform: p, Digest: d.Digest.String()})
		return nil
	}
	c, err := r.repo.manifest(ctx, d.Digest.String())
	if err != nil {
		return err
	}
	return r.image(ctx, c, &d)
}

func platformOf(p *v1.Platform) Platform {
	if p == nil {
		return Platform{}
	}
	return newPlatform(p.OS, p.Architecture, p.Variant)
}

// image adds an image whose platform only its config tells.
func (r *reader) image(ctx context.Context, c content, entry *v1.Descriptor) error {
	m, err := parseImage(c)
	if err != nil {
		if entry != nil && classify("", err).Kind == NotAnImage {
			return nil // an artifact beside the images of an index
		}
		return err
	}
	config, err := r.config(ctx, m)
	if err != nil {
		return err
	}
	if !config.Platform.known() {
		return failure(Corrupt, "the config of image %s names no platform", c.digest)
	}
	r.manifests[c.digest] = m
	r.facts.Images = append(r.facts.Images, Child{Platform: config.Platform, Digest: c.digest, Layers: layerDigests(m), Config: config})
	return nil
}

// details reads manifest and config, and with Deep the programs, of the images that the wanted platforms would run.
func (r *reader) details(ctx context.Context, need Need) error {
	wanted := map[*Child]bool{}
	for _, p := range need.Platforms {
		if c := r.facts.child(p); c != nil {
			wanted[c] = true
		}
	}
	for i := range r.facts.Images {
		c := &r.facts.Images[i]
		if !wanted[c] {
			continue
		}
		if err := r.detail(ctx, c); err != nil {
			return err
		}
	}
	if !need.Deep {
		return nil
	}
	lies := liars(r.facts)
	for i := range r.facts.Images {
		c := &r.facts.Images[i]
		if !wanted[c] || c.Platform.OS != "linux" || lies[i] >= 0 {
			continue // only Linux runs ELF; and what is known to lie needs no other proof
		}
		if err := r.deep(ctx, c, need.Commands); err != nil {
			return err
		}
	}
	return nil
}

// detail reads the manifest and config of an image that its index described.
func (r *reader) detail(ctx context.Context, c *Child) error {
	if c.Config != nil {
		return nil
	}
	raw, err := r.repo.manifest(ctx, c.Digest)
	if err != nil {
		return err
	}
	m, err := parseImage(raw)
	if err != nil {
		return err
	}
	config, err := r.config(ctx, m)
	if err != nil {
		return err
	}
	r.manifests[c.Digest] = m
	c.Layers, c.Config = layerDigests(m), config
	return nil
}

// config is that of an image with this manifest.
func (r *reader) config(ctx context.Context, m *v1.Manifest) (*Config, error) {
	body, err := r.repo.config(ctx, m.Config)
	if err != nil {
		return nil, err
	}
	return imageConfig(body)
}

// liars says of each image which earlier one it is a copy of under another architecture's name; -1 for none. Without a
// byte of a layer: the same manifest, or the same layers.
func liars(f *Facts) []int {
	out := make([]int, len(f.Images))
	for i, c := range f.Images {
		out[i] = slices.IndexFunc(f.Images[:i], func(o Child) bool {
			return (o.Platform.OS != c.Platform.OS || o.Platform.Arch != c.Platform.Arch) &&
				(o.Digest == c.Digest || len(c.Layers) > 0 && strings.Join(o.Layers, ",") == strings.Join(c.Layers, ","))
		})
	}
	return out
}
