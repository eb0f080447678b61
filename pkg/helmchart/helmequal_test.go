package helmchart_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"

	"github.com/ameideio/ameide/pkg/helmchart"
)

// helmValues is what helm template -f … hands to the templates of the chart in dir.
func helmValues(t testing.TB, dir string, files []string) (map[string]any, error) {
	t.Helper()
	// pkg/cli/values does these two calls per -f; importing it would bring the registry client along.
	user := map[string]any{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		layer, err := loader.LoadValues(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		user = loader.MergeMaps(user, layer)
	}
	c, err := loader.LoadDir(dir)
	if err != nil {
		return nil, err
	}
	if err := chartutil.ProcessDependencies(c, user); err != nil {
		return nil, err
	}
	top, err := util.ToRenderValuesWithSchemaValidation(c, user, common.ReleaseOptions{Name: "x", Namespace: "x"}, nil, true)
	if err != nil {
		return nil, err
	}
	return map[string]any(top["Values"].(common.Values)), nil
}

// onDisk writes a checkout to a directory, for the code that can only read one.
func onDisk(t testing.TB, fsys fstest.MapFS) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, fsys); err != nil {
		t.Fatal(err)
	}
	return dir
}

// layered are two value files over a chart with a subchart that is imported from, aliased and given globals.
var layered = map[string]string{
	"charts/shop/Chart.yaml": `apiVersion: v2
name: shop
version: 0.1.0
dependencies:
  - {name: db, version: "*", repository: "", condition: db.enabled, import-values: [conn]}
  - {name: db, version: "*", repository: "", alias: second}
`,
	"charts/shop/values.schema.json":                   "-",
	"charts/shop/values.yaml":                          "db: {enabled: true, size: 1}\nglobal: {a: 1, m: {x: 1}}\nkeep: {n: null, t: 1}\nswap: {t: 1}\nother: 5\n",
	"charts/shop/charts/db/Chart.yaml":                 "apiVersion: v2\nname: db\nversion: 1.0.0\n",
	"charts/shop/charts/db/values.yaml":                "size: 3\nuser: u\nglobal: {b: 2, m: {x: 9, y: 9}}\nexports:\n  conn:\n    port: 5432\n",
	"charts/shop/charts/db/templates/d.yaml":           "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Chart.Name }}}\ndata: {user: {{ .Values.size }}, b: '{{ .Values.global.b }}'}\n",
	"charts/shop/templates/deployment.yaml":            "-",
	"charts/shop/templates/routes.yaml":                "-",
	"charts/shop/templates/_helpers.tpl":               "-",
	"values/shared.yaml":                               "db: {size: 2}\nglobal: {m: {z: 3}}\nkeep: {t: null}\nswap: now a string\nother: {a: map}\nnew: null\n",
	"values/dev.yaml":                                  "second: {user: v}\ndb: {user: null}\nlist: [1, {a: null}]\n",
	"charts/shop/charts/db/templates/unrelated/x.yaml": "",
}

func TestValuesEqualHelmsOwn(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{"plain": shop(t, nil), "with subcharts": shop(t, layered)} {
		dir := onDisk(t, fsys)
		want, err := helmValues(t, filepath.Join(dir, "charts/shop"), []string{filepath.Join(dir, "values/shared.yaml"), filepath.Join(dir, "values/dev.yaml")})
		if err != nil {
			t.Fatal(err)
		}
		v, err := mustLoad(t, fsys).Coalesce(mustValues(t, fsys, "values/shared.yaml", "values/dev.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v.Map(), want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
		v.Walk(func(path []string, _ any, at helmchart.Pos) bool {
			if at.File == "" || at.Line == 0 && len(path) > 0 {
				t.Errorf("%s: %v has no place", name, path)
			}
			return true
		})
	}
}

func TestSubchartValuesKeepTheirPlaces(t *testing.T) {
	fsys := shop(t, layered)
	v, err := mustLoad(t, fsys).Coalesce(mustValues(t, fsys, "values/shared.yaml", "values/dev.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		path []string
		want string
	}{
		{[]string{"db", "size"}, "values/shared.yaml:1:12"},
		{[]string{"second", "user"}, "values/dev.yaml:1:16"},
		{[]string{"db", "exports", "conn", "port"}, "charts/shop/charts/db/values.yaml:6:11"},
		{[]string{"db", "global", "m", "z"}, "values/shared.yaml:2:17"},
		{[]string{"db", "global", "m", "x"}, "charts/shop/values.yaml:2:23"},
		{[]string{"swap"}, "values/shared.yaml:4:7"},
		{[]string{"other", "a"}, "values/shared.yaml:5:12"},
	} {
		if _, at, ok := v.Lookup(tc.path...); !ok || at.String() != tc.want {
			t.Errorf("%v: got %s (found %v), want %s", tc.path, at, ok, tc.want)
		}
	}
}

// FuzzValuesEqualHelms: whatever two value files and a chart's defaults say, when we read them Helm does too, and alike.
func FuzzValuesEqualHelms(f *testing.F) {
	f.Add("a: 1\n", "a: {b: 2}\n", "a: null\nb: [1, {c: null}]\n")
	f.Add("a: {b: {c: 1, d: null}}\n", "a: {b: null}\n", "a: {b: {e: 010}}\nyes: no\n")
	f.Add("x: &x {y: 1}\nz: {<<: *x, w: ~}\n", "z: {w: 1e3, y: null}\n", "z: text\n")
	f.Add("a: 2001-01-01\nb: 0x1F\n1: 2\n", "? [k]\n: v\n", "\"1\": {}\n")
	f.Fuzz(func(t *testing.T, defaults, low, high string) {
		fsys := fstest.MapFS{
			"c/Chart.yaml":  {Data: []byte("apiVersion: v2\nname: c\nversion: 1.0.0\n")},
			"c/values.yaml": {Data: []byte(defaults)}, "low.yaml": {Data: []byte(low)}, "high.yaml": {Data: []byte(high)},
		}
		v, err := helmchart.LoadValues(fsys, []string{"low.yaml", "high.yaml"}, false)
		if err != nil {
			return
		}
		c, err := helmchart.Load(fsys, "c")
		if err != nil {
			return
		}
		got, err := c.Coalesce(v)
		if err != nil {
			t.Fatal(err)
		}
		want := helmInMemory(t, defaults, low, high)
		if diff := cmp.Diff(got.Map(), want); diff != "" {
			t.Fatalf("(-got +want):\n%s", diff)
		}
	})
}

// helmInMemory is helmValues without a disk, for speed.
func helmInMemory(t *testing.T, defaults, low, high string) map[string]any {
	t.Helper()
	var maps []map[string]any
	for _, text := range []string{defaults, low, high} {
		m, err := loader.LoadValues(bytes.NewReader(bytes.TrimPrefix([]byte(text), []byte("\xef\xbb\xbf"))))
		if err != nil {
			t.Fatalf("we read %q, Helm does not: %v", text, err)
		}
		maps = append(maps, m)
	}
	c := newChart(maps[0])
	top, err := util.ToRenderValues(c, loader.MergeMaps(maps[1], maps[2]), common.ReleaseOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any(top["Values"].(common.Values))
}
