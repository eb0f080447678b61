package imagecheck

import (
	"bytes"
	"encoding/json"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// sniff is a manifest's own media type, or the one that its fields suggest.
func sniff(body []byte) types.MediaType {
	var head struct {
		SchemaVersion int             `json:"schemaVersion"`
		MediaType     types.MediaType `json:"mediaType"`
		Manifests     json.RawMessage `json:"manifests"`
		Config        json.RawMessage `json:"config"`
	}
	if json.Unmarshal(body, &head) != nil {
		return ""
	}
	switch {
	case head.MediaType != "":
		return head.MediaType
	case head.SchemaVersion == 1:
		return types.DockerManifestSchema1
	case head.Manifests != nil:
		return types.OCIImageIndex
	case head.Config != nil:
		return types.OCIManifestSchema1
	}
	return ""
}

// parseIndex reads an OCI index or a Docker manifest list.
func parseIndex(c content) (*v1.IndexManifest, error) {
	index, err := v1.ParseIndexManifest(bytes.NewReader(c.body))
	if err != nil {
		return nil, failure(Corrupt, "index %s: %v", c.digest, err)
	}
	return index, nil
}

// parseImage reads a manifest and refuses what is no image.
func parseImage(c content) (*v1.Manifest, error) {
	switch {
	case c.mediaType == types.DockerManifestSchema1 || c.mediaType == types.DockerManifestSchema1Signed:
		return nil, failure(Schema1, "the registry only has a manifest of schema 1")
	case !c.mediaType.IsImage():
		return nil, failure(NotAnImage, "the manifest is of type %q", c.mediaType)
	}
	m, err := v1.ParseManifest(bytes.NewReader(c.body))
	if err != nil {
		return nil, failure(Corrupt, "manifest %s: %v", c.digest, err)
	}
	if what := artifact(m); what != "" {
		return nil, failure(NotAnImage, "it is %s", what)
	}
	return m, nil
}

// artifact names what a manifest holds that is no image; empty for an image. Signatures carry an image's config type, so
// the layers count, too.
func artifact(m *v1.Manifest) string {
	switch kind := string(m.Config.MediaType); {
	case kind == "application/vnd.cncf.helm.config.v1+json":
		return "a Helm chart"
	case !m.Config.MediaType.IsConfig():
		if m.ArtifactType != "" {
			kind = m.ArtifactType
		}
		return "an artifact of type " + kind
	case foreign(m.ArtifactType):
		return "an artifact of type " + m.ArtifactType
	}
	for _, l := range m.Layers {
		if strings.Contains(string(l.MediaType), "cosign") {
			return "a cosign signature"
		}
		if strings.Contains(string(l.MediaType), "in-toto") {
			return "an attestation"
		}
	}
	return ""
}

// attestation tells whether an index's entry is not meant to run: BuildKit's unknown/unknown entries, and artifacts.
func attestation(d v1.Descriptor) bool {
	if d.Annotations["vnd.docker.reference.type"] != "" || foreign(d.ArtifactType) {
		return true
	}
	return d.Platform != nil && d.Platform.OS == "unknown" && d.Platform.Architecture == "unknown"
}

// foreign tells whether an artifactType is not that of an image; some tools write an image's config type there.
func foreign(artifactType string) bool {
	return artifactType != "" && !types.MediaType(artifactType).IsConfig()
}

// imageConfig is the part of an image config that matters here.
func imageConfig(body []byte) (*Config, error) {
	f, err := v1.ParseConfigFile(bytes.NewReader(body))
	if err != nil {
		return nil, failure(Corrupt, "image config: %v", err)
	}
	c := &Config{Platform: newPlatform(f.OS, f.Architecture, f.Variant), WorkingDir: f.Config.WorkingDir, User: f.Config.User,
		Entrypoint: f.Config.Entrypoint, Cmd: f.Config.Cmd}
	for _, e := range f.Config.Env {
		if path, ok := strings.CutPrefix(e, "PATH="); ok {
			c.Path = path
		}
	}
	return c, nil
}

func layerDigests(m *v1.Manifest) []string {
	out := make([]string, 0, len(m.Layers))
	for _, l := range m.Layers {
		out = append(out, l.Digest.String())
	}
	return out
}
