package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/ameideio/ameide/lab/peers"
)

// imageCase is one multi-arch image from a registry on loopback. The peer's side also pays ameide's start-up, so that
// what is compared is the work: crane prints the index and judges nothing.
func imageCase(l *lab) benchCase {
	return benchCase{name: "check-image", goal: goal{ratio: 1}, prepare: func(ctx context.Context) ([]side, error) {
		peer, err := l.peers.Need(ctx, peers.Crane())
		if err != nil {
			return nil, err
		}
		r, err := newRegistry(1, 0)
		if err != nil {
			return nil, err
		}
		image := r.images[0]
		return []side{
			{name: "ameide check-image", before: r.mark, commands: []command{l.checkImage(r)}},
			{name: "crane " + peers.Crane().Version + " manifest and ameide's start", before: r.atMost(2), commands: []command{
				{args: []string{peer, "manifest", image}}, {args: []string{l.ameide, "version"}},
			}},
		}, nil
	}}
}

// imagesCase is 200 multi-arch images, 8 at a time, from a registry that takes 20 ms for each answer. The peer is called
// once for each image, as a shell loop does.
func imagesCase(l *lab) benchCase {
	return benchCase{name: "check-image, 200 images", goal: goal{ratio: 6, rssMB: 60}, prepare: func(ctx context.Context) ([]side, error) {
		peer, err := l.peers.Need(ctx, peers.Crane())
		if err != nil {
			return nil, err
		}
		r, err := newRegistry(200, 20*time.Millisecond)
		if err != nil {
			return nil, err
		}
		loop := side{name: "loop of crane " + peers.Crane().Version + " manifest", before: r.atMost(220)}
		for _, image := range r.images {
			loop.commands = append(loop.commands, command{args: []string{peer, "manifest", image}})
		}
		return []side{
			{name: "ameide check-image", before: r.mark, commands: []command{l.checkImage(r)}},
			loop,
		}, nil
	}}
}

// checkImage is one call for every image of a registry. The lock file and the credentials of whoever runs the benchmark
// stay out of it.
func (l *lab) checkImage(r *benchRegistry) command {
	args := []string{l.ameide, "platform", "backstage", "check-image", "--gitops-root", l.work, "--jobs", "8", "--json"}
	return command{args: append(args, r.images...), out: filepath.Join(l.work, "check-image.json")}
}

// benchRegistry is a registry in this process that counts its answers.
type benchRegistry struct {
	images  []string
	answers atomic.Int64
	before  int64 // answers before the last mark
}

// newRegistry fills a registry with multi-arch images, each in a repository of its own, and then makes it slow.
func newRegistry(n int, latency time.Duration) (*benchRegistry, error) {
	r := &benchRegistry{}
	var delay atomic.Int64
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.answers.Add(1)
		time.Sleep(time.Duration(delay.Load()))
		inner.ServeHTTP(w, req)
	}))
	host := strings.TrimPrefix(server.URL, "http://")
	index, err := multiArch()
	if err != nil {
		return nil, err
	}
	for i := range n {
		image := fmt.Sprintf("%s/team/image-%03d:1.0", host, i)
		ref, err := name.ParseReference(image)
		if err != nil {
			return nil, err
		}
		if err := remote.WriteIndex(ref, index); err != nil {
			return nil, err
		}
		r.images = append(r.images, image)
	}
	delay.Store(int64(latency))
	r.answers.Store(0)
	return r, nil
}

// multiArch is a small index for two platforms.
func multiArch() (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range []string{"amd64", "arm64"} {
		image, err := random.Image(1024, 2)
		if err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	return index, nil
}

// mark remembers how many answers there were before a side's run.
func (r *benchRegistry) mark() error {
	r.before = r.answers.Load()
	return nil
}

// atMost checks, ahead of the next side's run, how many answers the run since mark took.
func (r *benchRegistry) atMost(limit int64) func() error {
	return func() error {
		if took := r.answers.Load() - r.before; took > limit {
			return fmt.Errorf("check-image took %d requests for %d images, at most %d are promised", took, len(r.images), limit)
		}
		return nil
	}
}
