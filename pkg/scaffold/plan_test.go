package scaffold_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/catalog"
	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/kubeschema"
	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/skeleton"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/templates"
)

// everyPrimitive runs a test for each kind and language, for the platform's code, its code for one tenant, and a tenant's.
func everyPrimitive(t *testing.T, test func(t *testing.T, v scaffold.Values, plans scaffold.Plans)) {
	t.Helper()
	for _, kind := range scaffold.Kinds() {
		for _, lang := range scaffold.Languages(kind) {
			for _, code := range [][3]string{{"platform", "Shared", ""}, {"platform", "Private", "acme"}, {"tenant", "Shared", "acme"}} {
				t.Run(fmt.Sprintf("%s-%s-%s-%s", kind, lang, code[0], code[1]), func(t *testing.T) {
					v := valuesOf(t, scaffold.Params{
						Kind: kind, Lang: lang, Name: "order-intake", Origin: code[0], SKU: code[1], Tenant: code[2],
						Description: `It's "quoted": {{ x }} # and ${{ y }}`,
					})
					test(t, v, plansOf(t, v))
				})
			}
		}
	}
}

func valuesOf(t *testing.T, p scaffold.Params) scaffold.Values {
	t.Helper()
	s := spec.Default()
	p = p.WithDefaults(&s)
	if err := scaffold.Check(p, &s); err != nil {
		t.Fatal(err)
	}
	v, err := scaffold.Complete(p, nil, &s, derivations(t))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func plansOf(t *testing.T, v scaffold.Values) scaffold.Plans {
	t.Helper()
	plans, err := scaffold.NewPlans(templates.Primitives(), v, scaffold.Parts{GitOps: true, Harness: true})
	if err != nil {
		t.Fatal(err)
	}
	return plans
}

// What every primitive has, as files; of the code itself only which files there are.
func TestTrees(t *testing.T) {
	everyPrimitive(t, func(t *testing.T, v scaffold.Values, plans scaffold.Plans) {
		var got strings.Builder
		for _, part := range []struct {
			root string
			plan checkout.Plan
		}{{"code", plans.Code}, {"gitops", plans.GitOps}} {
			files := slices.SortedFunc(slices.Values(part.plan), func(a, b checkout.File) int { return strings.Compare(a.Path, b.Path) })
			for _, f := range files {
				fmt.Fprintf(&got, "-- %s/%s %o --\n", part.root, f.Path, f.Mode)
				if part.root == "gitops" || !strings.HasPrefix(f.Path, v.Dir) || slices.Contains([]string{"catalog-info.yaml", "mkdocs.yml", "OWNERS"}, filepath.Base(f.Path)) {
					got.Write(f.Content)
				}
			}
		}
		_, name, _ := strings.Cut(t.Name(), "/")
		golden := filepath.Join("../../testdata/golden/primitives", name+".txt")
		if os.Getenv("UPDATE_GOLDEN") == "1" {
			if err := errors.Join(os.MkdirAll(filepath.Dir(golden), 0o755), os.WriteFile(golden, []byte(got.String()), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("(-golden +got) UPDATE_GOLDEN=1 writes it anew\n%s", diff)
		}
	})
}

func TestEveryTemplateCanBeCompiledForThePortal(t *testing.T) {
	n := 0
	err := fs.WalkDir(templates.Primitives(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, scaffold.Suffix) {
			return err
		}
		n++
		text, err := fs.ReadFile(templates.Primitives(), name)
		if err != nil {
			return err
		}
		if _, err := skeleton.Compile(name, string(text), reflect.TypeFor[scaffold.Values]()); err != nil {
			t.Error(err)
		}
		return nil
	})
	if err != nil || n < 50 {
		t.Errorf("%d templates, %v", n, err)
	}
}

// The catalog entities are what Backstage accepts, and they are a Component with its API and relations.
func TestTheCatalogAcceptsEveryPrimitive(t *testing.T) {
	everyPrimitive(t, func(t *testing.T, v scaffold.Values, plans scaffold.Plans) {
		content := fileOf(t, plans.Code, v.Dir+"/catalog-info.yaml")
		entities, problems := catalog.ParseText("catalog-info.yaml", content)
		for _, e := range entities {
			problems = append(problems, catalog.Validate(e)...)
		}
		for _, p := range problems {
			t.Errorf("line %d: %s %s %s", p.Line, p.Entity, p.Field, p.Message)
		}
		var kinds []string
		for _, e := range entities {
			kinds = append(kinds, e.Kind+"/"+e.Name)
		}
		want := []string{"Component/" + v.Entity}
		if v.Kind == scaffold.Domain {
			want = append(want, "API/"+v.Entity)
		}
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		description, _, _ := entities[0].Value("metadata", "description")
		if description != v.Description {
			t.Errorf("description = %q, want %q", description, v.Description)
		}
	})
}

// Every object of the manifests is one that the API server of the oldest and the newest Kubernetes takes, and custom code
// is in nobody else's namespace.
func TestKubernetesAcceptsEveryManifest(t *testing.T) {
	validator, err := kubeschema.New("1.34")
	if err != nil {
		t.Fatal(err)
	}
	everyPrimitive(t, func(t *testing.T, v scaffold.Values, plans scaffold.Plans) {
		kinds := map[string]int{}
		for _, f := range plans.GitOps {
			for _, o := range objectsOf(t, f) {
				kind, _ := o["kind"].(string)
				if kind == "Kustomization" {
					continue
				}
				kinds[kind]++
				for _, problem := range validator.Validate(o) {
					t.Errorf("%s: %s: %s", f.Path, kind, problem)
				}
			}
			if v.SKU != "Shared" || v.Custom {
				for _, namespace := range regexp.MustCompile(`ameide-(dev|staging|prod|local)\b`).FindAll(f.Content, -1) {
					t.Errorf("%s names %s", f.Path, namespace)
				}
			}
		}
		if kinds[scaffold.KindTitle(v.Kind)] != 1 || kinds["NetworkPolicy"] != 1 || kinds["Job"] != 1 {
			t.Errorf("objects: %v", kinds)
		}
		if own := v.SKU != "Shared" || v.Custom; own && kinds["Application"] != len(v.Places) || !own && kinds["Application"] != 0 {
			t.Errorf("%d Applications for %d places", kinds["Application"], len(v.Places))
		}
	})
}

// objectsOf are the Kubernetes objects of a file: its documents, or the list that a values file has.
func objectsOf(t *testing.T, f checkout.File) []map[string]any {
	t.Helper()
	var objects []map[string]any
	decoder := yaml.NewDecoder(bytes.NewReader(f.Content))
	for {
		var doc map[string]any
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Path, err)
		}
		if list, ok := doc["manifests"].([]any); ok {
			for _, item := range list {
				o, _ := item.(map[string]any)
				objects = append(objects, o)
			}
		} else if doc["kind"] != nil {
			objects = append(objects, doc)
		}
	}
}

// The same resource is written for the platform's layout and for a tenant's.
func TestBothLayoutsHaveTheSameObjects(t *testing.T) {
	for _, kind := range scaffold.Kinds() {
		v := valuesOf(t, scaffold.Params{Kind: kind, Name: "orders", Origin: "platform", SKU: "Shared", Tenant: "acme"})
		var platform, tenant []map[string]any
		for _, f := range plansOf(t, v).GitOps {
			platform = append(platform, objectsOf(t, f)...)
		}
		v.Custom = true
		for _, f := range plansOf(t, v).GitOps {
			for _, o := range objectsOf(t, f) {
				if o["kind"] != "Application" && o["kind"] != "Kustomization" {
					tenant = append(tenant, o)
				}
			}
		}
		byKind := func(a, b map[string]any) int { return strings.Compare(fmt.Sprint(a["kind"]), fmt.Sprint(b["kind"])) }
		slices.SortFunc(platform, byKind)
		slices.SortFunc(tenant, byKind)
		if diff := cmp.Diff(platform, tenant); diff != "" {
			t.Errorf("%s (-platform +tenant)\n%s", kind, diff)
		}
	}
}

func TestWorkflowsAskForLittle(t *testing.T) {
	pinned := regexp.MustCompile(`^[a-z-]+/[a-z-]+@[0-9a-f]{40}$`)
	everyPrimitive(t, func(t *testing.T, v scaffold.Values, plans scaffold.Plans) {
		var w struct {
			Permissions map[string]string
			Jobs        map[string]struct {
				Permissions map[string]string
				If          string
				Steps       []struct{ Uses, Run string }
			}
		}
		if err := yaml.Unmarshal(fileOf(t, plans.Code, ".github/workflows/"+v.Component+".yaml"), &w); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"contents": "read"}, w.Permissions); diff != "" {
			t.Errorf("permissions (-want +got)\n%s", diff)
		}
		for name, job := range w.Jobs {
			if len(job.Permissions) > 0 && !strings.Contains(job.If, "push") {
				t.Errorf("job %s has permissions in pull requests", name)
			}
			for _, step := range job.Steps {
				if step.Uses != "" && !pinned.MatchString(step.Uses) {
					t.Errorf("job %s: %s is not pinned by commit", name, step.Uses)
				}
				if strings.Contains(step.Run, "${{") {
					t.Errorf("job %s puts an expression into a script: %s", name, step.Run)
				}
			}
		}
	})
}

// The manifests run what the workflow publishes, and the workflow tests what can be tested.
func TestWorkflowsAndManifestsAgree(t *testing.T) {
	published := regexp.MustCompile(`"(ghcr\.io/[^"]+)"`)
	tested := map[string][]string{
		"domain/go":    {"go test", "TEST_DATABASE_URL: postgres://app@", "CREATE ROLE app LOGIN"},
		"domain/ts":    {"npm test", "TEST_DATABASE_URL: postgres://app@", "CREATE ROLE app LOGIN"},
		"process/go":   {"go test"},
		"agent/python": {"pip install --require-hashes --only-binary=:all: -r requirements.lock", "pytest"},
		"uisurface/ts": {"npm test", "npm run e2e"},
	}
	everyPrimitive(t, func(t *testing.T, v scaffold.Values, plans scaffold.Plans) {
		workflow := string(fileOf(t, plans.Code, ".github/workflows/"+v.Component+".yaml"))
		for _, want := range tested[string(v.Kind)+"/"+string(v.Lang)] {
			if !strings.Contains(workflow, want) {
				t.Errorf("the workflow has no %s", want)
			}
		}
		images := 0
		for _, f := range plans.GitOps {
			for _, m := range published.FindAllStringSubmatch(string(f.Content), -1) {
				images++
				if !strings.Contains(workflow, `--tag "`+m[1]+`"`) {
					t.Errorf("%s runs %s, which nobody publishes", f.Path, m[1])
				}
			}
		}
		if images == 0 {
			t.Error("no image runs")
		}
	})
}

// People read the files without our documents, and two runs write the same.
func TestTextStandsByItselfAndIsTheSameEveryTime(t *testing.T) {
	backlog := regexp.MustCompile(`\b[0-9]{3}[a-z]?-[a-z-]+\.md\b|backlog/`)
	everyPrimitive(t, func(t *testing.T, v scaffold.Values, plans scaffold.Plans) {
		again := plansOf(t, v)
		second := slices.Concat(again.Code, again.GitOps)
		for i, f := range slices.Concat(plans.Code, plans.GitOps) {
			if f.Path != second[i].Path || !bytes.Equal(f.Content, second[i].Content) {
				t.Errorf("%s differs from %s of a second run", f.Path, second[i].Path)
			}
			if locked := strings.HasSuffix(f.Path, "go.sum") || strings.HasSuffix(f.Path, ".lock"); locked {
				continue
			}
			if found := backlog.Find(f.Content); found != nil {
				t.Errorf("%s refers to %s", f.Path, found)
			}
			if strings.Contains(f.Path, "[[") || strings.ContainsAny(f.Path, "{}") {
				t.Errorf("path %s has a place left", f.Path)
			}
		}
	})
}

func TestDefinitionsAreValid(t *testing.T) {
	for _, kind := range []scaffold.Kind{scaffold.Process, scaffold.Agent} {
		v := valuesOf(t, scaffold.Params{Kind: kind, Name: "order-intake", Origin: "platform", SKU: "Shared"})
		plan, err := scaffold.NewDefinitionPlan(templates.Primitives(), v)
		if err != nil {
			t.Fatal(err)
		}
		dir := "definitions/" + string(kind) + "/order-intake/"
		entities, problems := catalog.ParseText("catalog-info.yaml", fileOf(t, plan, dir+"catalog-info.yaml"))
		for _, e := range entities {
			problems = append(problems, catalog.Validate(e)...)
		}
		if len(problems) > 0 || len(entities) != 1 || entities[0].Ref() != "resource:default/order-intake" {
			t.Errorf("%s: %v %v", kind, entities, problems)
		}
		if kind == scaffold.Process {
			checkBPMN(t, fileOf(t, plan, dir+"process.bpmn"))
		}
	}
}

// checkBPMN holds a file to what makes BPMN 2.0 more than XML: known elements, unique ids, and references that lead to one.
func checkBPMN(t *testing.T, text []byte) {
	t.Helper()
	const model = "http://www.omg.org/spec/BPMN/20100524/MODEL"
	ids, references := map[string]bool{}, map[string]string{}
	decoder := xml.NewDecoder(bytes.NewReader(text))
	elements := map[string]int{}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Space == model {
			elements[start.Name.Local]++
		}
		for _, a := range start.Attr {
			switch a.Name.Local {
			case "id":
				if ids[a.Value] {
					t.Errorf("id %s is there twice", a.Value)
				}
				ids[a.Value] = true
			case "sourceRef", "targetRef", "bpmnElement":
				references[a.Value] = start.Name.Local
			}
		}
	}
	for id, where := range references {
		if !ids[id] {
			t.Errorf("%s refers to %s, which is not there", where, id)
		}
	}
	if elements["definitions"] != 1 || elements["process"] != 1 || elements["startEvent"] != 1 || elements["endEvent"] != 1 {
		t.Errorf("elements: %v", elements)
	}
}

func fileOf(t *testing.T, plan checkout.Plan, name string) []byte {
	t.Helper()
	i := slices.IndexFunc(plan, func(f checkout.File) bool { return f.Path == name })
	if i < 0 {
		t.Fatalf("no file %s", name)
	}
	return plan[i].Content
}
