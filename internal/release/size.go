package main

import (
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// printSizes prints a line for each image of an index: what a node pulls, and what it then keeps.
func printSizes(w io.Writer, index v1.ImageIndex) error {
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, m := range manifest.Manifests {
		img, err := index.Image(m.Digest)
		if err != nil {
			return err
		}
		pulled, kept, err := sizes(img)
		if err != nil {
			return err
		}
		const mega = 1e6
		if _, err := fmt.Fprintf(w, "%s: %.1f MB to pull, %.1f MB unpacked\n", m.Platform, float64(pulled)/mega, float64(kept)/mega); err != nil {
			return err
		}
	}
	return nil
}

// sizes are the bytes of an image's layers, compressed and as tars.
func sizes(img v1.Image) (pulled, kept int64, err error) {
	layers, err := img.Layers()
	if err != nil {
		return 0, 0, err
	}
	for _, l := range layers {
		compressed, err := l.Size()
		if err != nil {
			return 0, 0, err
		}
		n, err := unpacked(l)
		if err != nil {
			return 0, 0, err
		}
		pulled, kept = pulled+compressed, kept+n
	}
	return pulled, kept, nil
}

func unpacked(l v1.Layer) (int64, error) {
	r, err := l.Uncompressed()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return io.Copy(io.Discard, r)
}
