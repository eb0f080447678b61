package imagecheck_test

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/lab/peers"
	"github.com/ameideio/ameide/pkg/imagecheck"
)

// question is an image about which everybody is asked: does it run on a linux/arm64 node?
type question struct {
	what string
	runs bool
	ref  string
}

// questions puts the images on a shelf.
func questions(t *testing.T, s shelf) []question {
	amd, arm := node(t, "linux/amd64", elf.EM_X86_64), node(t, "linux/arm64", elf.EM_AARCH64)
	first := member{what: amd, platform: "linux/amd64"}
	list := func(members ...member) v1.ImageIndex { return index(t, types.OCIImageIndex, members...) }
	lying := image(t, made{platform: "linux/arm64", config: v1.Config{Entrypoint: []string{"/app"}}, layers: []v1.Layer{layer(t, program("app", elf.EM_X86_64))}})
	scripted := image(t, made{platform: "linux/arm64", config: v1.Config{Entrypoint: []string{"/run"}},
		layers: []v1.Layer{layer(t, program("bin/sh", elf.EM_X86_64), script("run", "#!/bin/sh\n"))}})
	chart := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/vnd.cncf.helm.config.v1+json")
	var out []question
	for i, q := range []struct {
		what string
		runs bool
		put  remote.Taggable
	}{
		{"an OCI index for both platforms", true, list(first, member{what: arm, platform: "linux/arm64"})},
		{"a Docker list that says arm64/v8", true, index(t, types.DockerManifestList, first, member{what: arm, platform: "linux/arm64/v8"})},
		{"a single image for amd64", false, amd},
		{"an index whose other entries are attestations", false, list(first, member{what: arm, platform: "unknown/unknown"})},
		{"an index entry without a platform, arm64 by its config", true, list(first, member{what: arm})},
		{"an index for linux/amd64 and windows/arm64", false, list(first, member{what: node(t, "windows/arm64", elf.EM_AARCH64), platform: "windows/arm64"})},
		{"a single image for windows/arm64", false, node(t, "windows/arm64", elf.EM_AARCH64)},
		{"arm64 in an index inside the index", true, list(first, member{what: list(member{what: arm, platform: "linux/arm64"})})},
		{"the amd64 image listed again as arm64", false, list(first, member{what: amd, platform: "linux/arm64"})},
		{"an arm64 image with the layers of the amd64 one", false, list(first, member{what: node(t, "linux/arm64", elf.EM_X86_64), platform: "linux/arm64"})},
		{"an arm64 entry whose config says s390x", false, list(first, member{what: node(t, "linux/s390x", elf.EM_S390), platform: "linux/arm64"})},
		{"an arm64 image with an amd64 program", false, list(first, member{what: lying, platform: "linux/arm64"})},
		{"an arm64 image with a script for an amd64 shell", false, list(first, member{what: scripted, platform: "linux/arm64"})},
		{"a Helm chart", false, chart},
	} {
		tag := fmt.Sprintf("case-%02d:1.0", i)
		digest := s.put(t, tag, q.put)
		if i == 0 {
			out = append(out, question{"the same by tag and digest, on a registry with a port", true, s.ref(tag) + "@" + digest})
		}
		out = append(out, question{q.what, q.runs, s.ref(tag)})
	}
	out[0], out[1] = out[1], out[0]
	return out
}

// peer answers the question; an error is no answer.
type peer struct {
	name string
	ask  func(ref string) (bool, error)
}

func asked(t *testing.T, host string) []peer {
	crane, regctl := lab.Peer(t, peers.Crane()), lab.Peer(t, peers.Regctl())
	return []peer{
		{"ameide", func(ref string) (bool, error) { return own(t, ref, false) }},
		{"ameide --deep", func(ref string) (bool, error) { return own(t, ref, true) }},
		{"crane config --platform", func(ref string) (bool, error) {
			return platformIs(exec.Command(crane, "config", "--platform", "linux/arm64", ref))
		}},
		{"regctl image inspect --platform", func(ref string) (bool, error) {
			return platformIs(exec.Command(regctl, "--host", "reg="+host+",tls=disabled", "image", "inspect", "--platform", "linux/arm64", ref))
		}},
		{"kubearchinspect's logic", clusterLogic},
	}
}

func own(t *testing.T, ref string, deep bool) (bool, error) {
	v := judge(t, imagecheck.NewClient(imagecheck.Options{}), ref, situation{want: []string{"linux/arm64"}, deep: deep})
	if v.Err != nil {
		return false, v.Err
	}
	return v.Status == imagecheck.Pass, nil
}

// platformIs is whether the config that a tool prints is for linux/arm64.
func platformIs(c *exec.Cmd) (bool, error) {
	out, err := c.Output()
	if err != nil {
		return false, err
	}
	var config struct{ OS, Architecture string }
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&config); err != nil {
		return false, err
	}
	return config.OS == "linux" && config.Architecture == "arm64", nil
}

// clusterLogic decides as kubearchinspect v0.8.0 does: the reference is cut at the first colon when it has a digest, an
// index must list linux/arm64 itself, and of a single image only the architecture is looked at.
func clusterLogic(ref string) (bool, error) {
	if base, digest, ok := strings.Cut(ref, "@"); ok {
		ref = strings.SplitN(base, ":", 2)[0] + "@" + digest
	}
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return false, err
	}
	d, err := remote.Get(parsed)
	if err != nil {
		return false, err
	}
	if !d.MediaType.IsIndex() {
		img, err := d.Image()
		if err != nil {
			return false, err
		}
		config, err := img.ConfigFile()
		return err == nil && config.Architecture == "arm64", err
	}
	list, err := v1.ParseIndexManifest(bytes.NewReader(d.Manifest))
	if err != nil {
		return false, err
	}
	for _, m := range list.Manifests {
		if m.Platform != nil && m.Platform.OS == "linux" && m.Platform.Architecture == "arm64" {
			return true, nil
		}
	}
	return false, nil
}

const peersDocument = "../../docs/check-image.md"

func TestTheTableOfPeersInTheDocumentIsTrue(t *testing.T) {
	lab.Slow(t)
	server := fakeRegistry(t)
	all := asked(t, hostOf(server))
	var table strings.Builder
	table.WriteString("| image | runs on linux/arm64 |")
	for _, p := range all {
		table.WriteString(" " + p.name + " |")
	}
	table.WriteString("\n|---|---|" + strings.Repeat("---|", len(all)) + "\n")
	for _, q := range questions(t, shelf{host: hostOf(server)}) {
		fmt.Fprintf(&table, "| %s | %s |", q.what, yes(q.runs))
		for i, p := range all {
			got, err := p.ask(q.ref)
			word := "right"
			switch {
			case err != nil && q.runs:
				word = "**wrong** (error)"
			case err != nil:
				word = "right (error)"
			case got != q.runs:
				word = "**wrong** (" + yes(got) + ")"
			}
			if i == 1 && strings.Contains(word, "wrong") {
				t.Errorf("ameide --deep is wrong about %s: %v, %v", q.what, got, err)
			}
			table.WriteString(" " + word + " |")
		}
		table.WriteString("\n")
	}
	compareSection(t, table.String())
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// compareSection holds the document's table against a new one; UPDATE_GOLDEN=1 writes it.
func compareSection(t *testing.T, table string) {
	t.Helper()
	const begin, end = "<!-- peers:begin -->\n", "<!-- peers:end -->\n"
	doc, err := os.ReadFile(peersDocument)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(doc), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no section between %q and %q", peersDocument, begin, end)
	}
	if old == table {
		return
	}
	if os.Getenv("UPDATE_GOLDEN") != "1" {
		t.Errorf("the table in %s is\n%s\nand would be\n%s(UPDATE_GOLDEN=1 writes it)", peersDocument, old, table)
		return
	}
	if err := os.WriteFile(peersDocument, []byte(before+begin+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
