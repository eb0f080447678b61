package kubeschema

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryEmbeddedFileIsTheOneInTheManifest(t *testing.T) {
	text, err := os.ReadFile("schemas/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Files map[string]string }
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	err = filepath.WalkDir("schemas", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "manifest.json" {
			return err
		}
		data, err := os.ReadFile(path)
		sum := sha256.Sum256(data)
		got[strings.TrimPrefix(filepath.ToSlash(path), "schemas/")] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, manifest.Files); diff != "" {
		t.Error(diff)
	}
}

func TestEverySchemaOfTheIndexCompiles(t *testing.T) {
	for _, version := range SupportedVersions() {
		v, err := New(version)
		if err != nil {
			t.Fatal(err)
		}
		for id, schema := range v.kinds {
			if err := v.compile(schema); err != nil {
				t.Errorf("%s %s: %v", version, id, err)
			}
		}
	}
}

func TestOnlyTheSchemasAskedForAreRead(t *testing.T) {
	v := newValidator(t)
	opened := func() []string {
		var paths []string
		for path, b := range v.bundles {
			if b.lines != nil {
				paths = append(paths, path)
			}
		}
		slices.Sort(paths)
		return paths
	}
	if got := opened(); len(got) > 0 {
		t.Errorf("after New: %v", got)
	}
	v.Validate(good(t, "Application"))
	if diff := cmp.Diff(opened(), []string{"crds/argoproj.io/Application.gz", "kubernetes/1.37.gz"}); diff != "" {
		t.Error(diff)
	}
	if built := len(v.bundles["kubernetes/1.37.gz"].built); built > 5 {
		t.Errorf("%d built-in definitions are compiled for an Application, want ObjectMeta and what it refers to", built)
	}
}

func TestOnlyTheRulesOfPresentFieldsAreCompiled(t *testing.T) {
	v := newValidator(t)
	object := good(t, "HTTPRoute")
	set(t, object, "spec.rules.0.filters", nil)
	v.Validate(object)
	without := len(v.rules.nodes)
	v.Validate(good(t, "HTTPRoute"))
	// The list of filters, a filter, its rewrite's path: three places with rules of their own.
	if got := len(v.rules.nodes) - without; without == 0 || got != 3 {
		t.Errorf("%d nodes are compiled without filters and %d more with them, want 3 more", without, got)
	}
}

// The runtime prints a line for every package that does something at start-up.
func TestThePackageDoesNothingAtInit(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "init k8s.io/") {
		t.Fatalf("no init trace: %s", out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "ameide/pkg/kubeschema") {
			t.Error(line)
		}
	}
}

func TestVersionsAreReducedToTheirMinor(t *testing.T) {
	for version, want := range map[string]string{
		"1.37": "1.37", "v1.37": "1.37", "1.34.9": "1.34", "v1.35.4-gke.100+build": "1.35",
		"1.20": "", "": "", "v1": "", "latest": "", "1.3": "", "1.370": "",
	} {
		got, err := minorOf(version)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", version, got, err, want)
		}
	}
}

func TestAnUnsupportedVersionNamesTheSupportedOnes(t *testing.T) {
	_, err := New("v1.20.0")
	var versionError *VersionError
	if !errors.As(err, &versionError) {
		t.Fatalf("got %v", err)
	}
	want := `no schemas of Kubernetes version "v1.20.0": supported are 1.34, 1.35, 1.36, 1.37`
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestAPIVersionsAreThoseOfTheVersionAndTheCustomResources(t *testing.T) {
	older, err := APIVersions("1.34")
	if err != nil {
		t.Fatal(err)
	}
	newer, err := APIVersions("1.37")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"v1", "v1/Secret", "apps/v1/Deployment", "policy/v1", "gateway.networking.k8s.io/v1/HTTPRoute",
		"monitoring.coreos.com/v1", "external-secrets.io/v1/ExternalSecret", "argoproj.io/v1alpha1/ApplicationSet"} {
		if !slices.Contains(older, want) || !slices.Contains(newer, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, unwanted := range []string{"policy/v1beta1", "v1/DeleteOptions", "extensions/v1beta1"} {
		if slices.Contains(newer, unwanted) {
			t.Errorf("%s is listed", unwanted)
		}
	}
	const since135 = "certificates.k8s.io/v1/PodCertificateRequest"
	if slices.Contains(older, since135) || !slices.Contains(newer, since135) {
		t.Errorf("%s: in 1.34 %v, in 1.37 %v, want only in 1.37", since135, slices.Contains(older, since135), slices.Contains(newer, since135))
	}
	if !slices.IsSorted(newer) {
		t.Error("not sorted")
	}
}
