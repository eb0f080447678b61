package factory_test

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/lab/peers"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/spec"
)

// helms are the releases that the chart must work with.
func helms() []peers.Tool { return []peers.Tool{peers.Helm3(), peers.Helm4()} }

// ran is the output of a program in a directory; it must succeed.
func ran(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	var out, log bytes.Buffer
	c.Dir, c.Stdout, c.Stderr = dir, &out, &log
	home := t.TempDir()
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "HELM_CACHE_HOME=" + home, "HELM_CONFIG_HOME=" + home, "HELM_DATA_HOME=" + home}
	if err := c.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, &out, &log)
	}
	return out.Bytes()
}

// sampled are all installations with the lab, otherwise the platform's own: each costs seconds.
func sampled(t *testing.T) map[string]*spec.Spec {
	t.Helper()
	all := installations(t)
	if os.Getenv("AMEIDE_LAB") == "1" {
		return all
	}
	return map[string]*spec.Spec{"default": all["default"]}
}

// onDisk writes the generated checkout to a directory, for programs.
func onDisk(t *testing.T, s *spec.Spec) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, generatedCheckout(t, s)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTheRealHelmsLintAndRenderAsWeDo(t *testing.T) {
	t.Parallel()
	for _, release := range helms() {
		t.Run(release.Version, func(t *testing.T) {
			helm := lab.Peer(t, release)
			for name, s := range sampled(t) {
				dir := onDisk(t, s)
				for _, e := range s.Environments {
					t.Run(name+"/"+e.Name, func(t *testing.T) { helmAgrees(t, helm, dir, s, e) })
				}
			}
		})
	}
}

func helmAgrees(t *testing.T, helm, dir string, s *spec.Spec, e spec.Environment) {
	var values []string
	for _, layer := range layersOf(e) {
		if _, err := os.Stat(filepath.Join(dir, layer)); err == nil {
			values = append(values, "--values", layer)
		}
	}
	ran(t, dir, helm, append([]string{"lint", chartDir, "--strict", "--quiet", "--kube-version", s.Kubernetes.Version, "--namespace", e.Namespace}, values...)...)
	got := ran(t, dir, helm, append([]string{"template", "platform-backstage", chartDir, "--kube-version", s.Kubernetes.Version, "--namespace", e.Namespace,
		"--api-versions", "monitoring.coreos.com/v1", "--api-versions", "external-secrets.io/v1"}, values...)...)

	layers, err := helmchart.LoadValues(os.DirFS(dir), layersOf(e), true)
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := helmchart.Render(loadChart(t, os.DirFS(dir)), layers, helmchart.Release{Name: "platform-backstage", Namespace: e.Namespace},
		helmchart.Capabilities{KubeVersion: s.Kubernetes.Version, APIVersions: []string{"monitoring.coreos.com/v1", "external-secrets.io/v1"}})
	if err != nil {
		t.Fatal(err)
	}
	var want [][]byte
	for _, m := range manifests {
		want = append(want, m.YAML)
	}
	if diff := gocmp.Diff(objects(t, documents(got)), objects(t, want)); diff != "" {
		t.Errorf("%s renders other objects than this program, -helm +ours:\n%s", filepath.Base(helm), diff)
	}
}

// documents splits what helm template prints.
func documents(text []byte) [][]byte {
	var out [][]byte
	for _, doc := range strings.Split("\n"+string(text), "\n---\n") {
		out = append(out, []byte(doc+"\n"))
	}
	return out
}

// objects are documents as values, sorted by kind and name.
func objects(t *testing.T, docs [][]byte) []map[string]any {
	t.Helper()
	var out []map[string]any
	for _, doc := range docs {
		var object map[string]any
		if err := yaml.Unmarshal(doc, &object); err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		if object != nil {
			out = append(out, object)
		}
	}
	name := func(o map[string]any) string {
		return o["kind"].(string) + "/" + o["metadata"].(map[string]any)["name"].(string)
	}
	slices.SortFunc(out, func(a, b map[string]any) int { return cmp.Compare(name(a), name(b)) })
	return out
}

func TestTheSuitesPassWithTheRealHelmUnittest(t *testing.T) {
	t.Parallel()
	program := lab.Peer(t, peers.HelmUnittest())
	for name, s := range sampled(t) {
		t.Run(name, func(t *testing.T) {
			out := string(ran(t, onDisk(t, s), program, "--strict", chartDir))
			if !strings.Contains(out, " passed, ") || strings.Contains(out, " failed") {
				t.Errorf("not every suite passes:\n%s", out)
			}
		})
	}
}
