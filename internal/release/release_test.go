package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"go.yaml.in/yaml/v3"
)

// fakeDist is goreleaser's output folder with one linux binary for each architecture, and a darwin one.
func fakeDist(t *testing.T) string {
	t.Helper()
	dist := t.TempDir()
	var all []map[string]string
	for _, p := range []string{"linux/arm64", "darwin/arm64", "linux/amd64"} {
		goos, arch, _ := strings.Cut(p, "/")
		path := filepath.Join(dist, goos+"_"+arch)
		if err := os.WriteFile(path, []byte("program of "+p), 0o755); err != nil {
			t.Fatal(err)
		}
		all = append(all, map[string]string{"path": path, "goos": goos, "goarch": arch, "type": "Binary", "target": p})
	}
	all = append(all, map[string]string{"path": "x.tar.gz", "goos": "linux", "goarch": "amd64", "type": "Archive"})
	for name, v := range map[string]any{"artifacts.json": all, "metadata.json": metadata{Version: "1.2.3", Commit: "abc"}} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dist, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dist
}

func TestTheImageHasOnePlatformForEachLinuxBinary(t *testing.T) {
	dist, out := fakeDist(t), filepath.Join(t.TempDir(), "image.tar")
	var sizes strings.Builder
	if err := run(&sizes, []string{"image", dist, out}); err != nil {
		t.Fatal(err)
	}
	for _, platform := range []string{"linux/amd64: 0.", "linux/arm64: 0."} { // a fake program, and certificates
		if !strings.Contains(sizes.String(), platform) {
			t.Errorf("sizes %q, want a line of %s", sizes.String(), platform)
		}
	}
	index := openIndex(t, out)
	if err := validate.Index(index); err != nil {
		t.Errorf("invalid index: %v", err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range manifest.Manifests {
		platforms = append(platforms, m.Platform.String())
		checkImage(t, index, m)
	}
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, platforms); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
}

func checkImage(t *testing.T, index v1.ImageIndex, m v1.Descriptor) {
	t.Helper()
	img, err := index.Image(m.Digest)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := config.Architecture, m.Platform.Architecture; got != want {
		t.Errorf("architecture of the config = %s, of the index = %s", got, want)
	}
	if got, want := config.Config.User, "65532:65532"; got != want {
		t.Errorf("user = %s, want %s", got, want)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	r, err := layers[1].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	files := readTar(t, r)
	if got, want := string(files["usr/bin/ameide"].data), "program of "+m.Platform.String(); got != want {
		t.Errorf("binary = %q, want %q", got, want)
	}
}

func TestTheSameInputMakesTheSameImage(t *testing.T) {
	dist := fakeDist(t)
	var a, b bytes.Buffer
	for _, w := range []io.Writer{&a, &b} {
		if err := writeImage(w, io.Discard, dist); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two builds differ")
	}
}

func openIndex(t *testing.T, file string) v1.ImageIndex {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dir := t.TempDir()
	for name, e := range readTar(t, f) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, e.data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	outer, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := outer.IndexManifest()
	if err != nil || len(m.Manifests) != 1 {
		t.Fatalf("manifests = %v, error = %v", m, err)
	}
	inner, err := outer.ImageIndex(m.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return inner
}

func readTar(t *testing.T, r io.Reader) map[string]entry {
	t.Helper()
	files := map[string]entry{}
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = entry{name: h.Name, mode: h.Mode, owner: h.Uid, data: data}
	}
}

func TestTheRootFileSystemHasWhatAStaticBinaryNeeds(t *testing.T) {
	var b bytes.Buffer
	if err := writeRootFS(&b); err != nil {
		t.Fatal(err)
	}
	files := readTar(t, &b)
	if got, want := files["tmp/"].mode, int64(0o1777); got != want {
		t.Errorf("mode of /tmp = %o, want %o", got, want)
	}
	pool := files["etc/ssl/certs/ca-certificates.crt"].data
	count := 0
	for block, rest := pem.Decode(pool); block != nil; block, rest = pem.Decode(rest) {
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			t.Errorf("certificate %d: %v", count, err)
		}
		count++
	}
	if count < 50 {
		t.Errorf("%d root certificates, want Mozilla's hundred or so", count)
	}
}

func TestTheBillListsTheModulesOfABinary(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	for _, w := range []io.Writer{&a, &b} {
		if err := writeSBOM(w, self); err != nil {
			t.Fatal(err)
		}
	}
	if a.String() != b.String() {
		t.Error("two bills of one binary differ")
	}
	var got bom
	if err := json.Unmarshal(a.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(got.Components, func(c component) bool { return c.Name == "github.com/google/go-containerregistry" })
	if i < 0 || !strings.HasPrefix(got.Components[i].PURL, "pkg:golang/github.com/google/go-containerregistry@v") {
		t.Errorf("go-containerregistry is missing from %d components", len(got.Components))
	}
	if len(got.Dependencies[0].DependsOn) != len(got.Components) {
		t.Errorf("%d dependencies, want %d", len(got.Dependencies[0].DependsOn), len(got.Components))
	}
}

func TestHostFindsTheBinaryOfThisMachine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the fake output folder holds linux binaries")
	}
	var out bytes.Buffer
	dist := fakeDist(t)
	if err := run(&out, []string{"host", dist}); err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dist, "linux_"+runtime.GOARCH) + "\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// releaser is the part of .goreleaser.yaml that this package must agree with.
type releaser struct {
	Builds []struct {
		GOOS   []string `yaml:"goos"`
		GOARCH []string `yaml:"goarch"`
		Env    []string `yaml:"env"`
	} `yaml:"builds"`
	Images []struct {
		Platforms []string          `yaml:"platforms"`
		Labels    map[string]string `yaml:"labels"`
	} `yaml:"dockers_v2"`
}

func readReleaser(t *testing.T) releaser {
	t.Helper()
	data, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var r releaser
	if err := yaml.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReleasesCoverThePromisedPlatforms(t *testing.T) {
	r := readReleaser(t)
	var got []string
	for _, goos := range r.Builds[0].GOOS {
		for _, arch := range r.Builds[0].GOARCH {
			got = append(got, goos+"/"+arch)
		}
	}
	want := []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
	var linux []string
	for _, p := range got {
		if strings.HasPrefix(p, "linux/") {
			linux = append(linux, p)
		}
	}
	if diff := cmp.Diff(linux, r.Images[0].Platforms); diff != "" {
		t.Errorf("platforms of the image (-linux binaries +image):\n%s", diff)
	}
	if !slices.Contains(r.Builds[0].Env, "CGO_ENABLED=0") {
		t.Error("an image from scratch needs a static binary")
	}
}

func TestTheDockerfileAndTheLayoutAreOneImage(t *testing.T) {
	data, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	c := imageConfig()
	for _, line := range []string{
		"FROM scratch",
		"USER " + c.User,
		"WORKDIR " + c.WorkingDir,
		"ENV " + strings.Join(c.Env, " "),
		`ENTRYPOINT ["` + c.Entrypoint[0] + `"]`,
		"COPY $TARGETPLATFORM/ameide " + program,
	} {
		if !strings.Contains(string(data), "\n"+line+"\n") {
			t.Errorf("Dockerfile has no line %q", line)
		}
	}
	var got, want []string
	for k := range readReleaser(t).Images[0].Labels {
		got = append(got, k)
	}
	for k := range labels(metadata{}) {
		want = append(want, k)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("labels (-layout +Dockerfile):\n%s", diff)
	}
}

func TestWrongArgumentsAreAnError(t *testing.T) {
	for _, args := range [][]string{nil, {"sbom"}, {"publish"}, {"host", t.TempDir()}, {"sbom", "go.mod", filepath.Join(t.TempDir(), "x")}} {
		if err := run(io.Discard, args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

func TestTheProgramExitsOneOnAnError(t *testing.T) {
	if os.Getenv("RELEASE_TEST_MAIN") != "" {
		os.Args = []string{"release", "publish"}
		main()
		return
	}
	c := exec.Command(os.Args[0], "-test.run=^TestTheProgramExitsOneOnAnError$")
	c.Env = append(os.Environ(), "RELEASE_TEST_MAIN=1")
	out, err := c.CombinedOutput()
	if c.ProcessState == nil || c.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "release: error: unknown arguments") {
		t.Errorf("error = %v, output:\n%s", err, out)
	}
}
