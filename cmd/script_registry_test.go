package cmd_test

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// startRegistry is a registry with the images that scripts ask for; it returns its host.
func startRegistry(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	upstream := v1.Config{WorkingDir: "/app", User: "node", Entrypoint: []string{"/bin/node"}, Cmd: []string{"packages/backend"}}
	rhdh := v1.Config{WorkingDir: "/opt/app-root/src", User: "1001", Entrypoint: []string{"/bin/node", "packages/backend"}}
	amd, arm := elf.EM_X86_64, elf.EM_AARCH64
	for tag, what := range map[string]remote.Taggable{
		"multi:1.0":                                    twoPlatforms(t, upstream, amd, arm),
		"multi:latest":                                 twoPlatforms(t, upstream, amd, arm),
		"single:1.0":                                   onePlatform(t, "amd64", upstream, amd),
		"lying:1.0":                                    twoPlatforms(t, upstream, amd, elf.EM_386),
		"janus-idp/backstage-showcase:v1":              onePlatform(t, "amd64", rhdh, amd),
		"backstage/backstage:1.35.0":                   twoPlatforms(t, upstream, amd, arm),
		"ameideio/www-ameide-platform:2026.1.14":       twoPlatforms(t, upstream, amd, arm),
		"ameideio/mirror/alpine-k8s:1.34.1":            twoPlatforms(t, upstream, amd, arm),
		"cloudnative-pg/postgresql:17.6":               twoPlatforms(t, upstream, amd, arm),
		"keycloak/keycloak:26.4.1":                     twoPlatforms(t, upstream, amd, arm),
		"hashicorp/vault:1.20.4":                       twoPlatforms(t, upstream, amd, arm),
		"curlimages/curl:8.16.0":                       twoPlatforms(t, upstream, amd, arm),
		"otel/opentelemetry-collector-contrib:0.138.0": twoPlatforms(t, upstream, amd, arm),
	} {
		push(t, host+"/"+tag, what)
	}
	return host
}

func push(t *testing.T, at string, what remote.Taggable) {
	t.Helper()
	ref, err := name.ParseReference(at)
	if err != nil {
		t.Fatal(err)
	}
	switch w := what.(type) {
	case v1.ImageIndex:
		err = remote.WriteIndex(ref, w)
	case v1.Image:
		err = remote.Write(ref, w)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func twoPlatforms(t *testing.T, c v1.Config, amd, arm elf.Machine) v1.ImageIndex {
	t.Helper()
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for i, arch := range []string{"amd64", "arm64"} {
		machine := []elf.Machine{amd, arm}[i]
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: onePlatform(t, arch, c, machine), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	return index
}

func onePlatform(t *testing.T, arch string, c v1.Config, machine elf.Machine) v1.Image {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	program := make([]byte, 64)
	copy(program, elf.ELFMAG)
	program[elf.EI_CLASS], program[elf.EI_DATA] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB)
	binary.LittleEndian.PutUint16(program[18:], uint16(machine))
	if err := w.WriteHeader(&tar.Header{Name: "bin/node", Mode: 0o755, Size: int64(len(program)), ModTime: time.Unix(0, 0)}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer(out.Bytes(), types.OCIUncompressedLayer))
	if err != nil {
		t.Fatal(err)
	}
	img, err = mutate.ConfigFile(img, &v1.ConfigFile{OS: "linux", Architecture: arch, Config: c})
	if err != nil {
		t.Fatal(err)
	}
	return img
}
