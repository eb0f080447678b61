package appset

import (
	"sort"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// evaluate wraps generators into an ApplicationSet whose Applications are named by nameTemplate.
func evaluate(t *testing.T, files map[string]string, nameTemplate, generators string) Result {
	t.Helper()
	tree := fstest.MapFS{"argocd/applicationsets/set.yaml": {Data: []byte(`apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: set, namespace: argocd}
spec:
  goTemplate: true
  goTemplateOptions: ["missingkey=error"]
  template:
    metadata:
      name: '` + nameTemplate + `'
    spec:
      project: '{{ "p" }}'
      destination: {namespace: n, server: https://kubernetes.default.svc}
      source: {repoURL: https://example.org/tree.git, path: chart}
  generators:
` + generators)}}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	r, err := Load(tree, Options{RepoURL: "https://example.org/tree"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// outcome lists the names of the Applications, or the problems.
func outcome(r Result) string {
	var out []string
	for _, a := range r.Applications {
		out = append(out, a.Name)
	}
	sort.Strings(out)
	for _, p := range r.Problems {
		out = append(out, p.Message)
	}
	return strings.Join(out, " ")
}

func TestGenerators(t *testing.T) {
	files := map[string]string{
		"env/a.yaml":         "env: dev\nkeep: false\nsize: 3\nnested: {x: first, only: first}\n",
		"env/b.yaml":         "- {env: one}\n- {env: two}\n",
		"env/empty.yaml":     "",
		"env/deep/c.json":    `{"env": "json", "big": 1000000}`,
		"apps/web/app.yaml":  "name: web\nkeep: true\nsize: 9\nnested: {x: second}\n",
		"apps/api/app.yaml":  "name: api\nkeep: true\nsize: 9\nnested: {x: second}\n",
		"apps/.hidden/x.txt": "",
		"apps/text.yaml":     "just text",
	}
	const git = "{repoURL: 'https://example.org/tree.git', revision: HEAD, "
	cases := []struct{ name, template, generators, want string }{
		{"list elements", "{{.env}}", "  - list: {elements: [{env: b}, {env: a}]}", "a b"},
		{"list elements from YAML text", "{{.env}}", "  - list: {elementsYaml: '[{env: x}]'}", "x"},
		{"numbers are floats as in JSON", "{{.n}}", "  - list: {elements: [{n: 1000000}, {n: 7}]}", "1e+06 7"},
		{"several generators add up", "{{.env}}", "  - list: {elements: [{env: a}]}\n  - list: {elements: [{env: b}]}", "a b"},
		{"a file with an object", "{{.env}}", "  - git: " + git + "files: [{path: env/a.yaml}]}", "dev"},
		{"a file with a list", "{{.env}}", "  - git: " + git + "files: [{path: env/b.yaml}]}", "one two"},
		{"an empty file is one empty object", "{{.path.filename}}", "  - git: " + git + "files: [{path: env/empty.yaml}]}", "empty.yaml"},
		{"a file that is neither", "x", "  - git: " + git + "files: [{path: apps/text.yaml}]}", "expected an object or a list of objects: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type []map[string]interface {}"},
		{"one star stays in a directory", "{{.path.filename}}", "  - git: " + git + "files: [{path: 'env/*'}]}", "a.yaml b.yaml b.yaml empty.yaml Application \"b.yaml\" is generated twice; also from env/b.yaml:1"},
		{"two stars go down and match nothing too", "{{.path.path | replace \"/\" \"-\"}}", "  - git: " + git + "files: [{path: 'env/**/*.json'}]}", "env-deep"},
		{"excluded files", "{{.env}}", "  - git: " + git + "files: [{path: 'env/*.yaml', exclude: true}, {path: 'env/**/*.{yaml,json}'}]}", "json"},
		{"a pattern without a match generates nothing", "{{.env}}", "  - git: " + git + "files: [{path: none/*.yaml}]}", ""},
		{"a malformed pattern", "x", "  - git: " + git + "files: [{path: 'env/[a'}]}", `path "env/[a": syntax error in pattern`},
		{"path parameters", "{{.path.basename}}.{{.path.filenameNormalized}}.{{index .path.segments 0}}", "  - git: " + git + "files: [{path: apps/web/app.yaml}]}", "web.app.yaml.apps"},
		{"path parameters below a prefix", "{{.at.path.basename}}", "  - git: " + git + "pathParamPrefix: at, files: [{path: apps/web/app.yaml}]}", "web"},
		{"values see the parameters", "{{.values.v}}", "  - git: " + git + "values: {v: 'v-{{.name}}'}, files: [{path: apps/web/app.yaml}]}", "v-web"},
		{"directories", "{{.path.basename}}", "  - git: " + git + "directories: [{path: 'apps/*'}, {path: apps/api, exclude: true}]}", "web"},
		{"a git generator of nothing", "x", "  - git: " + git + "revision: main}", `key "revision" appears twice`},
		{"a matrix is every pair", "{{.env}}-{{.name}}", "  - matrix: {generators: [{list: {elements: [{env: a}, {env: b}]}}, {git: " + git + "files: [{path: apps/*/app.yaml}]}}]}", "a-api a-web b-api b-web"},
		{"the first wins, deeply", "{{.keep}}-{{.size}}-{{.nested.x}}-{{.nested.only}}", "  - matrix: {generators: [{git: " + git + "files: [{path: env/a.yaml}]}}, {git: " + git + "files: [{path: apps/web/app.yaml}]}}]}", "false-3-first-first"},
		{"the second is a template of the first", "{{.name}}", "  - matrix: {generators: [{list: {elements: [{dir: api}]}}, {git: " + git + "files: [{path: 'apps/{{.dir}}/app.yaml'}]}}]}", "api"},
		{"values of the second may wait for its own parameters", "{{.values.v}}", "  - matrix: {generators: [{list: {elements: [{dir: api}]}}, {git: " + git + "values: {v: 'v-{{.name}}'}, files: [{path: 'apps/{{.dir}}/app.yaml'}]}}]}", "v-api"},
		{"a matrix in a matrix", "{{.a}}{{.b}}{{.c}}", "  - matrix: {generators: [{matrix: {generators: [{list: {elements: [{a: 1}]}}, {list: {elements: [{b: 2}]}}]}}, {list: {elements: [{c: 3}]}}]}", "123"},
		{"a matrix of three", "x", "  - matrix: {generators: [{list: {}}, {list: {}}, {list: {}}]}", "a matrix combines exactly two generators, not 3"},
		{"merge overrides by key", "{{.env}}-{{.v}}", "  - merge: {mergeKeys: [env], generators: [{list: {elements: [{env: a, v: 1}, {env: b, v: 1}]}}, {list: {elements: [{env: b, v: 2}, {env: c, v: 2}]}}]}", "a-1 b-2"},
		{"merge keys must be unique", "x", "  - merge: {mergeKeys: [env], generators: [{list: {elements: [{env: a}, {env: a}]}}, {list: {elements: []}}]}", `two sets of one generator have the merge key {"env":"a"}`},
		{"merge without keys", "x", "  - merge: {generators: [{list: {elements: []}}, {list: {elements: []}}]}", "merge needs mergeKeys"},
		{"matchLabels", "{{.env}}", "  - list: {elements: [{env: a, on: 'true'}, {env: b}]}\n    selector: {matchLabels: {on: 'true'}}", "a"},
		{"NotIn keeps what lacks the key", "{{.env}}", "  - list: {elements: [{env: a, on: 'false'}, {env: b}]}\n    selector: {matchExpressions: [{key: on, operator: NotIn, values: ['false']}]}", "b"},
		{"nested keys are dotted", "{{.env}}", "  - list: {elements: [{env: a, x: {y: 1}}, {env: b, x: {y: 2}}]}\n    selector: {matchExpressions: [{key: x.y, operator: In, values: ['2']}]}", "b"},
		{"Exists", "{{.env}}", "  - list: {elements: [{env: a, on: x}, {env: b}]}\n    selector: {matchExpressions: [{key: on, operator: Exists}]}", "a"},
		{"DoesNotExist", "{{.env}}", "  - list: {elements: [{env: a, on: x}, {env: b}]}\n    selector: {matchExpressions: [{key: on, operator: DoesNotExist}]}", "b"},
		{"an unknown operator", "x", "  - list: {elements: [{env: a}]}\n    selector: {matchExpressions: [{key: on, operator: Near}]}", `unknown selector operator "Near"`},
		{"two generators in one item", "x", "  - list: {elements: []}\n    git: {}", `generator "git" stands beside "list"; write one generator for each list item`},
		{"a pull request generator", "x", "  - pullRequest: {}", `generator "pullRequest" is not evaluated offline`},
		{"a generator's own template", "x", "  - list: {elements: [], template: {metadata: {name: y}}}", "a generator's own template is not evaluated offline"},
		{"an unknown key of git", "x", "  - git: " + git + "submodules: true}", `key "submodules" is not evaluated offline`},
		{"an empty name", "{{.env}}", "  - list: {elements: [{env: ''}]}", "the generated Application has no name (for argocd/applicationsets/set.yaml:15)"},
		{"the environment is not for templates", "{{ env \"HOME\" }}", "  - list: {elements: [{env: a}]}", `template: function "env" not defined`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(outcome(evaluate(t, files, c.template, c.generators)), c.want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestABombIsAProblem(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'h'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+",", 9) + "*" + string(c-1) + "]\n"
	}
	r := evaluate(t, map[string]string{"bomb.yaml": bomb}, "x", "  - git: {repoURL: 'https://example.org/tree', files: [{path: bomb.yaml}]}")
	if got := outcome(r); !strings.Contains(got, "after expanding aliases") {
		t.Errorf("got %q", got)
	}
}

func TestNormalizeAndSlugify(t *testing.T) {
	if got := sanitizeName("Feature/ABC_1."); got != "feature-abc-1" {
		t.Errorf("normalize: %q", got)
	}
	// Answers of github.com/gosimple/slug v1.15.0 behind Argo CD's SlugifyName.
	cases := []struct {
		args []any
		want string
	}{
		{[]any{"Feature/Some.Long  name"}, "feature-some-long-name"},
		{[]any{9, "feature-branch"}, "feature"},
		{[]any{7, "feature-branch"}, "feature"},
		{[]any{3, "feature"}, "fea"},
		{[]any{10, false, "feature-branch"}, "feature-br"},
		{[]any{8, false, "feature-branch"}, "feature"},
	}
	for _, c := range cases {
		got, err := slugify(c.args...)
		if err != nil || got != c.want {
			t.Errorf("slugify %v: %q, %v; want %q", c.args, got, err, c.want)
		}
	}
	for _, args := range [][]any{{}, {1}, {"a", "b"}, {1, 2, "a"}, {1, true, "a", "b"}, {-1, "a"}} {
		if got, err := slugify(args...); err == nil {
			t.Errorf("slugify %v: %q", args, got)
		}
	}
}
