package imagecheck_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"io"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// shelf is where a suite puts its images: a registry, and how to write to it.
type shelf struct {
	host    string // with port, and a path if the registry has one
	options []remote.Option
}

// ref is a reference on the shelf.
func (s shelf) ref(repoTag string) string { return s.host + "/" + repoTag }

// put uploads an image or an index under a tag and returns its digest.
func (s shelf) put(t *testing.T, repoTag string, what remote.Taggable) string {
	t.Helper()
	ref, err := name.ParseReference(s.ref(repoTag))
	if err != nil {
		t.Fatal(err)
	}
	switch w := what.(type) {
	case v1.ImageIndex:
		err = remote.WriteIndex(ref, w, s.options...)
	case v1.Image:
		err = remote.Write(ref, w, s.options...)
	default:
		err = remote.Put(ref, what, s.options...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return digestOf(t, what)
}

func digestOf(t *testing.T, what remote.Taggable) string {
	t.Helper()
	raw, err := what.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	h, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// entry is a file of a layer. Files ending in / are folders; link makes a symbolic link, hard a hard one.
type entry struct {
	name, link, hard string
	body             []byte
	mode             int64
}

func program(name string, machine elf.Machine) entry {
	return entry{name: name, body: elfFile(machine), mode: 0o755}
}

func script(name, text string) entry { return entry{name: name, body: []byte(text), mode: 0o755} }

// elfFile is the start of a 64-bit program and some bytes that stand for the rest.
func elfFile(machine elf.Machine) []byte {
	b := make([]byte, 4096)
	copy(b, elf.ELFMAG)
	b[elf.EI_CLASS], b[elf.EI_DATA], b[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	order := binary.ByteOrder(binary.LittleEndian)
	if machine == elf.EM_S390 {
		b[elf.EI_DATA], order = byte(elf.ELFDATA2MSB), binary.BigEndian
	}
	order.PutUint16(b[18:], uint16(machine))
	return b
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: e.mode, Typeflag: tar.TypeReg, Size: int64(len(e.body))}
		switch {
		case e.link != "":
			h.Typeflag, h.Linkname = tar.TypeSymlink, e.link
		case e.hard != "":
			h.Typeflag, h.Linkname = tar.TypeLink, e.hard
		case e.name[len(e.name)-1] == '/':
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstded(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

func layer(t testing.TB, entries ...entry) v1.Layer {
	return blobLayer{static.NewLayer(gzipped(t, tarOf(t, entries...)), types.DockerLayer)}
}

// blobLayer is a layer whose bytes are given; what they unpack to is nobody's business.
type blobLayer struct{ v1.Layer }

func (l blobLayer) Uncompressed() (io.ReadCloser, error) { return l.Compressed() }

// made is how an image is made.
type made struct {
	platform string // linux/arm64; empty says none
	config   v1.Config
	layers   []v1.Layer
	oci      bool
}

func image(t testing.TB, m made) v1.Image {
	t.Helper()
	img := empty.Image
	if m.oci {
		img = mutate.ConfigMediaType(mutate.MediaType(img, types.OCIManifestSchema1), types.OCIConfigJSON)
	}
	img, err := mutate.AppendLayers(img, m.layers...)
	if err != nil {
		t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.Config = m.config
	if p := parsed(t, m.platform); p != nil {
		file.OS, file.Architecture, file.Variant = p.OS, p.Architecture, p.Variant
	}
	if img, err = mutate.ConfigFile(img, file); err != nil {
		t.Fatal(err)
	}
	return img
}

func parsed(t testing.TB, platform string) *v1.Platform {
	t.Helper()
	if platform == "" {
		return nil
	}
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// member is an entry of an index.
type member struct {
	what        mutate.Appendable
	platform    string
	annotations map[string]string
}

func index(t testing.TB, mediaType types.MediaType, members ...member) v1.ImageIndex {
	t.Helper()
	idx := mutate.IndexMediaType(empty.Index, mediaType)
	for _, m := range members {
		d := v1.Descriptor{Platform: parsed(t, m.platform), Annotations: m.annotations}
		idx = mutate.AppendManifests(idx, mutate.IndexAddendum{Add: m.what, Descriptor: d})
	}
	return idx
}

// node is the image that most cases vary: one program, started by its name along PATH.
func node(t testing.TB, platform string, machine elf.Machine) v1.Image {
	return image(t, made{
		platform: platform, config: v1.Config{Cmd: []string{"node", "packages/backend"}, Env: []string{"PATH=/usr/local/bin:/usr/bin"}},
		layers: []v1.Layer{layer(t, program("usr/local/bin/node", machine))},
	})
}

// both is the index of node for the two usual platforms.
func both(t testing.TB) v1.ImageIndex {
	return index(t, types.OCIImageIndex,
		member{what: node(t, "linux/amd64", elf.EM_X86_64), platform: "linux/amd64"},
		member{what: node(t, "linux/arm64", elf.EM_AARCH64), platform: "linux/arm64"})
}
