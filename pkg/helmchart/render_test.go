package helmchart_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/helmchart"
)

func TestRenderGivesObjectsWithTheirPlaces(t *testing.T) {
	fsys := shop(t, nil)
	with := helmchart.Capabilities{KubeVersion: "v1.34.1", APIVersions: []string{"monitoring.coreos.com/v1"}}
	list, err := helmchart.Render(mustLoad(t, fsys), mustValues(t, fsys, "values/shared.yaml"), release, with)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		ID, Template   string
		Document, Line int
	}
	var got []row
	for _, m := range list {
		got = append(got, row{m.ID(), m.Template, m.Document, m.Line})
	}
	want := []row{
		{"Deployment/dev-shop", "charts/shop/templates/deployment.yaml", 0, 1},
		{"ConfigMap/a-example-org", "charts/shop/templates/routes.yaml", 0, 3},
		{"ConfigMap/b-example-org", "charts/shop/templates/routes.yaml", 1, 10},
		{"ServiceMonitor/shop", "charts/shop/templates/routes.yaml", 2, 16},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Fatalf("(-got +want):\n%s", diff)
	}
	deployment := list[0]
	if got, want := deployment.Object["spec"].(map[string]any)["replicas"], any(int64(2)); got != want {
		t.Errorf("replicas: got %T %v, want %T %v", got, got, want, want)
	}
	line, found := deployment.Position("spec", "template", "spec", "containers", "0", "image")
	if !found || line != 18 {
		t.Errorf("image: got line %d (found %v), want 18", line, found)
	}
	if line, found := deployment.Position("spec", "template", "spec", "nothing", "here"); found || line != 15 {
		t.Errorf("missing field: got line %d (found %v), want its parent's 15", line, found)
	}
	if line, _ := list[2].Position("data", "host"); line != 15 {
		t.Errorf("second document: got line %d, want 15", line)
	}
}

func TestRenderErrorsNameTheTemplateLine(t *testing.T) {
	const file = "charts/shop/templates/extra.yaml"
	for name, tc := range map[string]struct{ text, want, hint string }{
		"misspelt value":   {"a: 1\nb: {{ .Values.replicsa }}\n", file + `:2:14: .Values.replicsa: map has no entry for key "replicsa"`, "a misspelt key, or one without a default"},
		"unset parent":     {"b: {{ .Values.extra.deep.er }}\n", file + `:1:14: .Values.extra.deep.er: map has no entry for key "deep"`, ""},
		"in a helper":      {"{{- define \"x\" }}\n{{ .Values.nope }}\n{{- end }}\nb: {{ include \"x\" . }}\n", file + `:2:11: .Values.nope: map has no entry for key "nope"`, ""},
		"required":         {"\n\nb: {{ required \"set extra.host\" .Values.extra.host }}\n", file + `:3:40: .Values.extra.host: map has no entry for key "host"`, ""},
		"required empty":   {"\n\nb: {{ required \"set extra.host\" \"\" }}\n", file + `:3:7: set extra.host`, ""},
		"fail":             {"b: {{ fail \"host and baseUrl differ\" }}\n", file + `:1:7: host and baseUrl differ`, ""},
		"unknown function": {"a: 1\nb: {{ nope . }}\n", file + `:2: function "nope" not defined`, ""},
		"unclosed":         {"a: 1\n{{ if true }}\n", file + `:3: unexpected EOF`, ""},
		"not YAML":         {"# a\n---\n\nkind: A\napiVersion: v1\nb: c: d\n", file + `: rendered line 6 is not YAML: mapping values are not allowed in this context: b: c: d`, ""},
		"no kind":          {"apiVersion: v1\nmetadata: {name: a}\n", file + `: rendered line 1: an object without kind`, ""},
		"not an object":    {"# c\n- a\n", file + `: rendered line 1: not an object but []interface {}`, ""},
	} {
		fsys := shop(t, map[string]string{file: tc.text})
		_, err := helmchart.Render(mustLoad(t, fsys), mustValues(t, fsys), release, caps)
		if diff := cmp.Diff(problems(t, err), []string{tc.want}); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
		var e *helmchart.Error
		if errors.As(err, &e) && !strings.Contains(e.Hint, tc.hint) {
			t.Errorf("%s: got hint %q, want %q in it", name, e.Hint, tc.hint)
		}
	}
}

func TestAnErrorInAHelperFileNamesWhoIncludedIt(t *testing.T) {
	fsys := shop(t, map[string]string{"charts/shop/templates/_helpers.tpl": "{{- define \"shop.image\" }}\n{{ .Values.image.digest }}\n{{- end }}\n"})
	_, err := helmchart.Render(mustLoad(t, fsys), mustValues(t, fsys), release, caps)
	var e *helmchart.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	got := []string{e.Pos.String(), e.Hint[strings.LastIndex(e.Hint, ";")+2:]}
	want := []string{"charts/shop/templates/_helpers.tpl:2:11", "included from charts/shop/templates/deployment.yaml:18:21"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestEverySchemaViolationIsReportedAtItsValue(t *testing.T) {
	fsys := shop(t, map[string]string{"values/dev.yaml": "replicas: 0\nimage:\n  tagg: x\nhosts:\n  - ok\n  - 7\nunknown: 1\n"})
	_, err := helmchart.Render(mustLoad(t, fsys), mustValues(t, fsys, "values/dev.yaml"), release, caps)
	want := []string{
		"values/dev.yaml:1:11: replicas: minimum: got 0, want 1",
		"values/dev.yaml:3:9: image.tagg: unknown key",
		"values/dev.yaml:6:5: hosts.1: got number, want string",
		"values/dev.yaml:7:10: unknown: unknown key",
	}
	if diff := cmp.Diff(problems(t, err), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestASchemaCannotReachOutside(t *testing.T) {
	for _, ref := range []string{"https://example.org/s.json", "file:///etc/hostname", "other.json"} {
		fsys := shop(t, map[string]string{"charts/shop/values.schema.json": `{"properties": {"replicas": {"$ref": "` + ref + `"}}}`})
		_, err := helmchart.Render(mustLoad(t, fsys), mustValues(t, fsys), release, caps)
		if err == nil || !strings.Contains(err.Error(), "outside of it") || !strings.HasPrefix(err.Error(), "charts/shop/values.schema.json: ") {
			t.Errorf("%s: got %v, want a refusal", ref, err)
		}
	}
}

func TestBrokenChartsAreRefusedWithTheFile(t *testing.T) {
	for name, tc := range map[string]struct {
		file, text, want string
	}{
		"no Chart.yaml":      {"charts/shop/Chart.yaml", "-", "charts/shop/Chart.yaml: Chart.yaml file is missing"},
		"Chart.yaml syntax":  {"charts/shop/Chart.yaml", "name: a\n  b: c\n", "charts/shop/Chart.yaml:2: mapping values are not allowed in this context"},
		"duplicate default":  {"charts/shop/values.yaml", "a: 1\na: 2\n", `charts/shop/values.yaml:2:1: duplicate key "a", first on line 1`},
		"missing dependency": {"charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies: [{name: redis, version: 1.x.x, repository: 'https://example.org'}]\n", "charts/shop/Chart.yaml: dependency redis is not in charts/"},
		"Kubernetes too old": {"charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\nkubeVersion: '>=1.99.0'\n", "charts/shop/Chart.yaml: kubeVersion >=1.99.0 does not admit Kubernetes v1.34.1"},
		"bad schema":         {"charts/shop/values.schema.json", "{", "charts/shop/values.schema.json: not JSON: unexpected EOF"},
	} {
		fsys := shop(t, map[string]string{tc.file: tc.text})
		c, err := helmchart.Load(fsys, "charts/shop")
		if err == nil {
			_, err = helmchart.Render(c, mustValues(t, fsys), release, caps)
		}
		if diff := cmp.Diff(problems(t, err), []string{tc.want}); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
	}
}

func TestEnvironmentsRenderAtTheSameTime(t *testing.T) {
	for name, changes := range map[string]map[string]string{"plain": nil, "with subcharts": layered} {
		fsys := shop(t, changes)
		c, files := mustLoad(t, fsys), helmchart.NewValueFiles(fsys)
		var wg sync.WaitGroup
		results := make([]int, 8)
		for i := range results {
			wg.Go(func() {
				v, err := files.Load([]string{"values/shared.yaml", "values/dev.yaml"}[:1+i%2], true)
				if err != nil {
					t.Error(err)
					return
				}
				list, err := helmchart.Render(c, v, release, caps)
				if err != nil {
					t.Error(err)
				}
				results[i] = len(list)
			})
		}
		wg.Wait()
		for i, n := range results {
			if n == 0 || n != results[i%2] {
				t.Errorf("%s: got %d objects in run %d, want %d", name, n, i, results[i%2])
			}
		}
	}
}

func TestDuplicateKeysOfAnObjectAreTold(t *testing.T) {
	fsys := shop(t, map[string]string{"charts/shop/templates/routes.yaml": "\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\ndata: {c: d}\n"})
	list, err := helmchart.Render(mustLoad(t, fsys), mustValues(t, fsys), release, caps)
	if err != nil {
		t.Fatal(err)
	}
	got := problems(t, list[1].Duplicates())
	want := []string{`charts/shop/templates/routes.yaml: rendered line 6: duplicate key "data", first on line 5`}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if extra := list[0].Duplicates(); extra != nil {
		t.Errorf("a clean object: got %v, want none", extra)
	}
}
