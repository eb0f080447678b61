package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// uid is the user of the image: the "nonroot" of distroless, so that runAsNonRoot can be verified.
const uid = 65532

// program is where the binary lies in the image.
const program = "/usr/bin/ameide"

// imageConfig is the run configuration of the image. The Dockerfile says the same.
func imageConfig() v1.Config {
	return v1.Config{
		User:       fmt.Sprintf("%d:%d", uid, uid),
		Env:        []string{"PATH=/usr/bin", "HOME=/home/nonroot"},
		WorkingDir: "/checkout",
		Entrypoint: []string{program},
	}
}

// writeImage writes a tar of an OCI layout that holds one index with an image for each linux binary, and says on sizes how
// big each is.
func writeImage(w, sizes io.Writer, dist string) error {
	all, err := binaries(dist)
	if err != nil {
		return err
	}
	var meta metadata
	if err := readJSON(filepath.Join(dist, "metadata.json"), &meta); err != nil {
		return err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, b := range all {
		if b.OS != "linux" {
			continue
		}
		if index, err = addImage(index, b, meta); err != nil {
			return fmt.Errorf("image of %s: %w", b.Path, err)
		}
	}
	if err := printSizes(sizes, index); err != nil {
		return err
	}
	return writeLayout(w, index, meta.Version)
}

func addImage(index v1.ImageIndex, b binary, meta metadata) (v1.ImageIndex, error) {
	img, err := newImage(b, meta)
	if err != nil {
		return nil, err
	}
	platform := &v1.Platform{OS: b.OS, Architecture: b.Arch}
	return mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: platform}}), nil
}

// newImage is two layers: the root file system, which releases share, and the binary.
func newImage(b binary, meta metadata) (v1.Image, error) {
	data, err := os.ReadFile(b.Path)
	if err != nil {
		return nil, err
	}
	var rootfs, bin bytes.Buffer
	if err := writeRootFS(&rootfs); err != nil {
		return nil, err
	}
	if err := writeTar(&bin, []entry{{name: program[1:], mode: 0o755, data: data}}); err != nil {
		return nil, err
	}
	img := mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1)
	for _, content := range [][]byte{rootfs.Bytes(), bin.Bytes()} {
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
			tarball.WithMediaType(types.OCILayer))
		if err != nil {
			return nil, err
		}
		if img, err = mutate.AppendLayers(img, layer); err != nil {
			return nil, err
		}
	}
	return configure(img, b, meta)
}

func configure(img v1.Image, b binary, meta metadata) (v1.Image, error) {
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = b.OS, b.Arch, imageConfig()
	file.Config.Labels = labels(meta)
	return mutate.ConfigFile(img, file)
}

// labels name the source and the version, as registries and update robots read them.
func labels(meta metadata) map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":    "ameide",
		"org.opencontainers.image.source":   "https://github.com/ameideio/ameide",
		"org.opencontainers.image.licenses": "Apache-2.0",
		"org.opencontainers.image.version":  meta.Version,
		"org.opencontainers.image.revision": meta.Commit,
	}
}

func writeLayout(w io.Writer, index v1.ImageIndex, version string) error {
	dir, err := os.MkdirTemp("", "ameide-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	name := map[string]string{"org.opencontainers.image.ref.name": version}
	if err := path.AppendIndex(index, layout.WithAnnotations(name)); err != nil {
		return err
	}
	return tarDir(w, dir)
}

// tarDir streams the files of a folder in lexical order.
func tarDir(w io.Writer, dir string) error {
	t := tar.NewWriter(w)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		h := &tar.Header{Name: filepath.ToSlash(name), Mode: 0o644, Size: int64(len(data)), Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		_, err = t.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	return t.Close()
}
