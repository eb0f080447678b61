package appset

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chartloader "helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

// Every chart of the fixture renders with the layers that its Application names, in the engine's strict mode.
func TestEveryApplicationOfTheFixtureRenders(t *testing.T) {
	tree := os.DirFS(fixture)
	rendered := 0
	for _, a := range load(t, tree).Applications {
		source, ok := a.ChartSource()
		if !ok || source.Path == "" {
			continue
		}
		rendered++
		t.Run(a.Overlay+"/"+a.Name, func(t *testing.T) { renderChart(t, tree, a, source) })
	}
	if rendered != 35 {
		t.Errorf("%d Applications have a chart in the tree, want 35", rendered)
	}
}

func renderChart(t *testing.T, tree fs.FS, a Application, source Source) {
	t.Helper()
	values := map[string]any{}
	for _, name := range a.ValueFiles() {
		data, err := fs.ReadFile(tree, name)
		if os.IsNotExist(err) {
			continue
		}
		layer := map[string]any{}
		if err := yaml.Unmarshal(data, &layer); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		values = util.MergeTables(layer, values)
	}
	chart, err := chartloader.LoadDir(filepath.Join(fixture, filepath.FromSlash(source.Path)))
	if err != nil {
		t.Fatal(err)
	}
	release := common.ReleaseOptions{Name: source.Helm.ReleaseName, Namespace: a.Namespace, IsInstall: true}
	input, err := util.ToRenderValues(chart, values, release, common.DefaultCapabilities)
	if err != nil {
		t.Fatal(err)
	}
	files, err := engine.Engine{Strict: true}.RenderWithContext(t.Context(), chart, input)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		for _, doc := range strings.Split(text, "\n---\n") {
			var object map[string]any
			if err := yaml.UnmarshalStrict([]byte(doc), &object); err != nil && !strings.HasSuffix(name, ".tpl") {
				t.Errorf("%s: %v\n%s", name, err, doc)
			}
		}
	}
}
