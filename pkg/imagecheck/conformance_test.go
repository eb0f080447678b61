package imagecheck_test

import (
	"context"
	"debug/elf"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/ameideio/ameide/pkg/imagecheck"
)

// situation is one image on a shelf and what must be found out about it.
type situation struct {
	name     string
	put      func(t *testing.T, s shelf) string // returns the reference to check
	want     []string                           // platforms to want; linux/amd64 and linux/arm64 when nil
	deep     bool
	layout   *imagecheck.Layout
	status   imagecheck.Status
	issues   []string // check, then a part of its message, in order; the warning about a tag alone is left out
	requests int      // to the registry, when it matters, greeting left out
}

// tagged puts something under a tag of its own.
func tagged(tag string, make func(t testing.TB) any) func(*testing.T, shelf) string {
	return func(t *testing.T, s shelf) string {
		switch what := make(t).(type) {
		case v1.ImageIndex:
			s.put(t, tag, what)
		case v1.Image:
			s.put(t, tag, what)
		}
		return s.ref(tag)
	}
}

// situations are what every registry must be good for.
func situations() []situation {
	fail, pass := imagecheck.Fail, imagecheck.Pass
	rhdh := &imagecheck.Layout{Name: "rhdh", Workdir: "/opt/app-root/src", Users: []string{"1001"}, Program: "packages/backend"}
	upstream := &imagecheck.Layout{Name: "upstream", Workdir: "/app", Users: []string{"node", "1000"}, Program: "packages/backend", InCmd: true}
	return []situation{
		{name: "an OCI index takes one request", status: pass, requests: 1,
			put: tagged("index:1.0", func(t testing.TB) any { return both(t) })},
		{name: "a Docker manifest list takes one request", status: pass, requests: 1,
			put: tagged("list:1.0", func(t testing.TB) any {
				return index(t, types.DockerManifestList,
					member{what: node(t, "linux/amd64", elf.EM_X86_64), platform: "linux/amd64"},
					member{what: node(t, "linux/arm64", elf.EM_AARCH64), platform: "linux/arm64/v8"})
			})},
		{name: "a single image takes two requests and lacks a platform", status: fail, requests: 2,
			put:    tagged("single:1.0", func(t testing.TB) any { return node(t, "linux/amd64", elf.EM_X86_64) }),
			issues: []string{"image/platform no image for linux/arm64, only linux/amd64"}},
		{name: "attestations are no platforms", status: fail, requests: 1,
			put: tagged("attested:1.0", func(t testing.TB) any {
				attest := map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
				return index(t, types.OCIImageIndex,
					member{what: node(t, "linux/amd64", elf.EM_X86_64), platform: "linux/amd64"},
					member{what: node(t, "", elf.EM_X86_64), platform: "unknown/unknown", annotations: attest},
					member{what: node(t, "linux/arm64", elf.EM_X86_64), platform: "unknown/unknown"})
			}),
			issues: []string{"image/platform no image for linux/arm64, only linux/amd64"}},
		{name: "a child without a platform is asked for its config", status: pass, requests: 3,
			put: tagged("shy:1.0", func(t testing.TB) any {
				return index(t, types.OCIImageIndex,
					member{what: node(t, "linux/amd64", elf.EM_X86_64), platform: "linux/amd64"},
					member{what: image(t, made{platform: "linux/arm64", oci: true})})
			})},
		{name: "a variant is the same as none", status: pass, want: []string{"linux/arm64/v8"},
			put: tagged("variant:1.0", func(t testing.TB) any {
				return index(t, types.OCIImageIndex, member{what: node(t, "linux/arm64", elf.EM_AARCH64), platform: "linux/arm64"})
			})},
		{name: "an image for arm/v6 runs on arm/v7", status: pass, want: []string{"linux/arm/v7"},
			put: tagged("older:1.0", func(t testing.TB) any {
				return index(t, types.OCIImageIndex, member{what: node(t, "linux/arm", elf.EM_ARM), platform: "linux/arm/v6"})
			})},
		{name: "an image for amd64/v3 does not run on every amd64", status: fail, want: []string{"linux/amd64"},
			put: tagged("newer:1.0", func(t testing.TB) any {
				return index(t, types.OCIImageIndex, member{what: node(t, "linux/amd64", elf.EM_X86_64), platform: "linux/amd64/v3"})
			}),
			issues: []string{"image/platform no image for linux/amd64, only linux/amd64/v3"}},
		{name: "another operating system is another platform", status: fail,
			put: tagged("windows:1.0", func(t testing.TB) any {
				return index(t, types.OCIImageIndex,
					member{what: node(t, "linux/amd64", elf.EM_X86_64), platform: "linux/amd64"},
					member{what: node(t, "windows/arm64", elf.EM_AARCH64), platform: "windows/arm64"})
			}),
			issues: []string{"image/platform no image for linux/arm64, only linux/amd64, windows/arm64"}},
		{name: "nested indexes are followed", status: pass, requests: 2,
			put: tagged("nested:1.0", func(t testing.TB) any {
				inner := index(t, types.OCIImageIndex, member{what: node(t, "linux/arm64", elf.EM_AARCH64), platform: "linux/arm64"})
				return index(t, types.OCIImageIndex, member{what: node(t, "linux/amd64", elf.EM_X86_64), platform: "linux/amd64"}, member{what: inner})
			})},
		{name: "one child under two names is a lie that costs nothing", status: fail, requests: 1,
			put: tagged("twice:1.0", func(t testing.TB) any {
				one := node(t, "linux/amd64", elf.EM_X86_64)
				return index(t, types.OCIImageIndex, member{what: one, platform: "linux/amd64"}, member{what: one, platform: "linux/arm64"})
			}),
			issues: []string{"image/lie has the very layers of the one for linux/amd64"}},
		{name: "equal layers are a lie that costs no layer", status: fail, deep: true, requests: 6,
			put: tagged("copied:1.0", func(t testing.TB) any {
				return index(t, types.OCIImageIndex,
					member{what: node(t, "linux/amd64", elf.EM_X86_64), platform: "linux/amd64"},
					member{what: node(t, "linux/arm64", elf.EM_X86_64), platform: "linux/arm64"})
			}),
			issues: []string{"image/lie the image for linux/arm64 has the very layers of the one for linux/amd64"}},
		{name: "a config that contradicts the index is a lie", status: fail, deep: true,
			put: tagged("mislabelled:1.0", func(t testing.TB) any {
				return index(t, types.OCIImageIndex,
					member{what: node(t, "linux/amd64", elf.EM_X86_64), platform: "linux/amd64"},
					member{what: node(t, "linux/s390x", elf.EM_AARCH64), platform: "linux/arm64"})
			}),
			issues: []string{"image/lie the index says linux/arm64, the image's own config says linux/s390x"}},
		{name: "a program of another machine is found", status: fail, deep: true, requests: 7,
			put: tagged("lying:1.0", func(t testing.TB) any {
				wrong := image(t, made{platform: "linux/arm64", config: v1.Config{Entrypoint: []string{"/usr/local/bin/node"}},
					layers: []v1.Layer{layer(t, program("usr/local/bin/node", elf.EM_X86_64), entry{name: "other", body: []byte("x")})}})
				return index(t, types.OCIImageIndex,
					member{what: node(t, "linux/amd64", elf.EM_X86_64), platform: "linux/amd64"},
					member{what: wrong, platform: "linux/arm64"})
			}),
			issues: []string{"image/lie the image for linux/arm64 starts /usr/local/bin/node, which is a program for amd64"}},
		{name: "honest programs pass", status: pass, deep: true, put: tagged("honest:1.0", func(t testing.TB) any { return both(t) })},
		{name: "a script leads to its interpreter through links and layers", status: fail, deep: true, want: []string{"linux/arm64"},
			put: tagged("script:1.0", func(t testing.TB) any {
				return image(t, made{platform: "linux/arm64", config: v1.Config{Entrypoint: []string{"start.sh"}, WorkingDir: "/app", Env: []string{"PATH=/app:/bin"}},
					layers: []v1.Layer{
						layer(t, entry{name: "bin", link: "usr/bin"}, program("usr/bin/dash", elf.EM_X86_64), entry{name: "usr/bin/sh", link: "dash"}),
						layer(t, script("app/start.sh", "#!/bin/sh -e\nexec node\n")),
					}})
			}),
			issues: []string{"image/lie the image for linux/arm64 starts /app/start.sh by /usr/bin/dash, which is a program for amd64"}},
		{name: "env is asked for what it starts", status: fail, deep: true, want: []string{"linux/arm64"},
			put: tagged("env:1.0", func(t testing.TB) any {
				return image(t, made{platform: "linux/arm64", config: v1.Config{Entrypoint: []string{"/run.js"}},
					layers: []v1.Layer{layer(t, program("usr/bin/env", elf.EM_AARCH64), program("usr/local/bin/node", elf.EM_S390),
						script("run.js", "#!/usr/bin/env -S node --no-warnings\n"))}})
			}),
			issues: []string{"image/lie starts /run.js by /usr/local/bin/node, which is a program for s390x"}},
		{name: "an init is followed to what it starts", status: fail, deep: true, want: []string{"linux/arm64"},
			put: tagged("init:1.0", func(t testing.TB) any {
				return image(t, made{platform: "linux/arm64", config: v1.Config{Entrypoint: []string{"/sbin/tini", "--"}, Cmd: []string{"/app"}},
					layers: []v1.Layer{layer(t, program("sbin/tini", elf.EM_AARCH64), program("app", elf.EM_X86_64))}})
			}),
			issues: []string{"image/lie starts /app, which is a program for amd64"}},
		{name: "an image from scratch", status: pass, deep: true, want: []string{"linux/arm64"},
			put: tagged("scratch:1.0", func(t testing.TB) any {
				return image(t, made{platform: "linux/arm64", oci: true, config: v1.Config{Entrypoint: []string{"/app"}},
					layers: []v1.Layer{blobLayer{static.NewLayer(zstded(t, tarOf(t, program("app", elf.EM_AARCH64))), types.OCILayerZStd)}}})
			})},
		{name: "a layer that is not compressed, with a hard link", status: pass, deep: true, want: []string{"linux/arm64"},
			put: tagged("plain:1.0", func(t testing.TB) any {
				return image(t, made{platform: "linux/arm64", oci: true, config: v1.Config{Entrypoint: []string{"./app"}, WorkingDir: "/srv"},
					layers: []v1.Layer{blobLayer{static.NewLayer(tarOf(t, program("opt/app", elf.EM_AARCH64), entry{name: "srv/app", hard: "opt/app"}), types.OCIUncompressedLayer)}}})
			})},
		{name: "a program that a higher layer removed is not in the image", status: pass, deep: true, want: []string{"linux/arm64"},
			put: tagged("whiteout:1.0", func(t testing.TB) any {
				return image(t, made{platform: "linux/arm64", config: v1.Config{Entrypoint: []string{"/app/run"}},
					layers: []v1.Layer{layer(t, program("app/run", elf.EM_AARCH64)), layer(t, entry{name: "app/.wh.run"})}})
			}),
			issues: []string{"image/lie could not be examined: /app/run is not in the image"}},
		{name: "no entrypoint at all", status: pass, deep: true, want: []string{"linux/arm64"},
			put:    tagged("silent:1.0", func(t testing.TB) any { return image(t, made{platform: "linux/arm64"}) }),
			issues: []string{"image/lie neither ENTRYPOINT nor CMD"}},
		{name: "a gzip bomb is stopped", status: fail, deep: true, want: []string{"linux/arm64"},
			put: tagged("bomb:1.0", func(t testing.TB) any {
				return image(t, made{platform: "linux/arm64", config: v1.Config{Entrypoint: []string{"/app"}},
					layers: []v1.Layer{layer(t, entry{name: "zeros", body: make([]byte, 100<<20), mode: 0o644})}})
			}),
			issues: []string{"image/read unpacks to more than 200 times its size"}},
		{name: "an image of layout rhdh configured as upstream", status: fail, layout: upstream,
			put: tagged("rhdh:1.0", func(t testing.TB) any { return layoutIndex(t, rhdhConfig()) }),
			issues: []string{
				"image/layout works in /opt/app-root/src, layout upstream takes it to work in /app",
				"image/layout ENTRYPOINT starts packages/backend, layout upstream takes CMD",
				"image/layout runs as 1001, layout upstream runs it as node",
			}},
		{name: "an image of layout rhdh configured as rhdh", status: pass, layout: rhdh,
			put: tagged("rhdh:1.1", func(t testing.TB) any { return layoutIndex(t, rhdhConfig()) })},
		{name: "a floating tag is refused", status: fail,
			put:    tagged("float:latest", func(t testing.TB) any { return both(t) }),
			issues: []string{"image/floating tag latest is made to move"}},
		{name: "a floating tag is refused even beside a digest", status: fail,
			put:    func(t *testing.T, s shelf) string { return s.ref("float:main") + "@" + s.put(t, "float:main", both(t)) },
			issues: []string{"image/floating even beside a digest"}},
		{name: "a digest of the index is right", status: pass, requests: 1,
			put: func(t *testing.T, s shelf) string { return s.ref("pin:1.0") + "@" + s.put(t, "pin:1.0", both(t)) }},
		{name: "a digest from inside the index is wrong", status: fail,
			put: func(t *testing.T, s shelf) string {
				s.put(t, "inside:1.0", both(t))
				return s.ref("inside:1.0") + "@" + digestOf(t, node(t, "linux/amd64", elf.EM_X86_64))
			},
			issues: []string{"image/platform no image for linux/arm64", "image/pinned inside the index that tag 1.0 names"}},
		{name: "a missing tag", status: imagecheck.Errored, put: func(_ *testing.T, s shelf) string { return s.ref("nowhere:1.0") },
			issues: []string{"image/read not-found"}},
		{name: "a missing digest", status: imagecheck.Errored,
			put:    func(_ *testing.T, s shelf) string { return s.ref("index@sha256:" + strings.Repeat("0", 64)) },
			issues: []string{"image/read not-found"}},
		{name: "a chart is no image", status: imagecheck.Errored,
			put: tagged("chart:1.0", func(t testing.TB) any {
				img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
				return mutate.ConfigMediaType(img, "application/vnd.cncf.helm.config.v1+json")
			}),
			issues: []string{"image/read not-an-image: it is a Helm chart"}},
		{name: "a signature is no image", status: imagecheck.Errored,
			put: tagged("signature:1.0", func(t testing.TB) any {
				payload := blobLayer{static.NewLayer([]byte("{}"), "application/vnd.dev.cosign.simplesigning.v1+json")}
				return image(t, made{platform: "linux/amd64", oci: true, layers: []v1.Layer{payload}})
			}),
			issues: []string{"image/read not-an-image: it is a cosign signature"}},
	}
}

func rhdhConfig() v1.Config {
	return v1.Config{WorkingDir: "/opt/app-root/src", User: "1001", Entrypoint: []string{"node", "--require", "./instrumentation.js", "packages/backend", "--config", "app-config.yaml"}}
}

func layoutIndex(t testing.TB, c v1.Config) v1.ImageIndex {
	return index(t, types.OCIImageIndex,
		member{what: image(t, made{platform: "linux/amd64", config: c, layers: []v1.Layer{layer(t, program("bin/node", elf.EM_X86_64))}}), platform: "linux/amd64"},
		member{what: image(t, made{platform: "linux/arm64", config: c, layers: []v1.Layer{layer(t, program("bin/node", elf.EM_AARCH64))}}), platform: "linux/arm64"})
}

// conform runs every situation against a registry. newClient makes a client that has greeted nobody.
func conform(t *testing.T, s shelf, newClient func() *imagecheck.Client) {
	for _, c := range situations() {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			ref := c.put(t, s)
			client := newClient()
			v := judge(t, client, ref, c)
			if v.Status != c.status {
				t.Errorf("status %s, want %s", v.Status, c.status)
			}
			compareIssues(t, v.Issues, c.issues)
			greeting := 1
			if got := client.Requests() - greeting; c.requests > 0 && got != c.requests {
				t.Errorf("%d requests, want %d", got, c.requests)
			}
		})
	}
}

// judge reads and checks one image.
func judge(t *testing.T, client *imagecheck.Client, ref string, c situation) imagecheck.Verdict {
	t.Helper()
	if c.want == nil {
		c.want = []string{"linux/amd64", "linux/arm64"}
	}
	want := imagecheck.Want{Deep: c.deep}
	for _, text := range c.want {
		p, err := imagecheck.ParsePlatform(text)
		if err != nil {
			t.Fatal(err)
		}
		want.Platforms = append(want.Platforms, p)
	}
	if c.layout != nil {
		want.Layouts = []imagecheck.Layout{*c.layout}
	}
	need := imagecheck.Need{Platforms: want.Platforms, Config: c.layout != nil, Deep: c.deep}
	a := client.ReadAll(context.Background(), []imagecheck.Request{{Image: ref, Need: need}}, nil)[0]
	if a.Err != nil {
		return imagecheck.Undetermined(ref, a.Err)
	}
	return imagecheck.Check(a.Ref, a.Facts, want)
}

// compareIssues holds issues against "check part-of-message" lines.
func compareIssues(t *testing.T, got []imagecheck.Issue, want []string) {
	t.Helper()
	var lines []string
	for _, i := range got {
		if i.Check == imagecheck.CheckPinned && strings.Contains(i.Message, "may be moved") {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s %s", i.Check, i.Message))
	}
	matches := len(lines) == len(want)
	for i := 0; matches && i < len(want); i++ {
		check, part, _ := strings.Cut(want[i], " ")
		matches = strings.HasPrefix(lines[i], check+" ") && strings.Contains(lines[i], part)
	}
	if !matches {
		t.Errorf("issues (-want +got):\n%s", cmp.Diff(want, lines))
	}
}

// fakeRegistry is go-containerregistry's own registry in this process.
func fakeRegistry(t testing.TB) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return server
}

func hostOf(server *httptest.Server) string {
	_, host, _ := strings.Cut(server.URL, "://")
	return host
}

func TestEverySituationIsJudged(t *testing.T) {
	server := fakeRegistry(t)
	conform(t, shelf{host: hostOf(server)}, func() *imagecheck.Client { return imagecheck.NewClient(imagecheck.Options{}) })
}
