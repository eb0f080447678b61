package livelab

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/kubeschema"
)

// definitions are the CRDs of other people's operators that the platform runs, as their projects publish them: the modules that package
// kubeschema's schemas are made of.
func definitions() map[string]string {
	return map[string]string{
		"github.com/argoproj/argo-cd/v3@v3.5.7":                      "manifests/crds/application-crd.yaml",
		"github.com/cloudnative-pg/cloudnative-pg@v1.27.0":           "config/crd/bases/postgresql.cnpg.io_*.yaml",
		"github.com/external-secrets/external-secrets@v1.3.2":        "config/crds/bases/external-secrets.io_*.yaml",
		"github.com/prometheus-operator/prometheus-operator@v0.85.0": "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
		"sigs.k8s.io/gateway-api@v1.6.3":                             "config/crd/standard/gateway.networking.k8s.io_[^v]*.yaml",
	}
}

// define creates the CRDs, the platform's own too, and waits until their kinds are served.
func (a *API) define(t testing.TB) {
	t.Helper()
	names := a.defineAll(t, kubeschema.PlatformCRDs(), "*.yaml")
	for module, glob := range definitions() {
		names = append(names, a.defineAll(t, os.DirFS(moduleDir(t, module)), glob)...)
	}
	deadline := time.Now().Add(time.Minute)
	for _, name := range names {
		for !a.established(t, name) {
			if time.Now().After(deadline) {
				t.Fatalf("CRD %s is not established after a minute", name)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// defineAll creates the CRDs of files, and returns their names.
func (a *API) defineAll(t testing.TB, tree fs.FS, glob string) []string {
	t.Helper()
	files, err := fs.Glob(tree, glob)
	if err != nil || len(files) == 0 {
		t.Fatalf("no CRDs at %s: %v", glob, err)
	}
	var names []string
	for _, file := range files {
		text, err := fs.ReadFile(tree, file)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, a.defineOne(t, text))
	}
	return names
}

func (a *API) defineOne(t testing.TB, text []byte) string {
	t.Helper()
	var crd map[string]any
	if err := yaml.Unmarshal(text, &crd); err != nil {
		t.Fatal(err)
	}
	// A conversion webhook would have to run; without one every version is stored as it is.
	delete(dig.Map(crd, "spec"), "conversion")
	if err := a.Apply(t.Context(), crd, "", false); err != nil {
		t.Fatal(err)
	}
	return nameOf(crd)
}

func (a *API) established(t testing.TB, name string) bool {
	t.Helper()
	crd := a.Must(t, http.MethodGet, PathOf("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", name), "", nil)
	return slices.ContainsFunc(dig.Maps(crd, "status", "conditions"), func(c map[string]any) bool {
		return c["type"] == "Established" && c["status"] == "True"
	})
}

// moduleDir is a module in Go's cache, fetched if it is not there yet.
func moduleDir(t testing.TB, module string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module)
	c.Dir = t.TempDir()
	out, err := c.Output()
	if err != nil {
		t.Fatalf("download %s: %v", module, err)
	}
	var got struct{ Dir string }
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	return got.Dir
}
