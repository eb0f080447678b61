package scaffold_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/scaffold"
)

// runs is one program of a primitive and what gives it its environment.
type runs struct {
	program   string   // the container of its Deployment; empty for the one that the operator runs
	file      string   // where its environment is read
	functions []string // of that file, by the lines that they begin with
	operator  []string // names that the operator sets
	optional  []string // names that have a default
}

var programsOf = map[string][]runs{
	"domain/go": {
		{
			file: "internal/config/config.go", functions: []string{"func LoadServer("},
			optional: []string{"PORT_GRPC", "PORT_HTTP", "DATABASE_SCHEMA", "GRPC_TIMEOUT", "GRPC_STREAM_TIMEOUT"},
		},
		{
			program: "dispatcher", file: "internal/config/config.go", functions: []string{"func LoadDispatcher("},
			optional: []string{"PORT_HTTP", "DATABASE_SCHEMA", "DISPATCHER_TOKEN_FILE", "DISPATCHER_POLL_INTERVAL", "DISPATCHER_BATCH_SIZE"},
		},
	},
	"domain/ts": {
		{
			file: "src/config.ts", functions: []string{"export function loadServer("},
			optional: []string{"PORT_GRPC", "PORT_HTTP", "DATABASE_SCHEMA", "GRPC_TIMEOUT", "GRPC_STREAM_TIMEOUT"},
		},
		{
			program: "dispatcher", file: "src/config.ts", functions: []string{"export function loadDispatcher("},
			optional: []string{"PORT_HTTP", "DATABASE_SCHEMA", "DISPATCHER_TOKEN_FILE", "DISPATCHER_POLL_INTERVAL", "DISPATCHER_BATCH_SIZE"},
		},
	},
	"process/go": {
		{
			file: "internal/config/config.go", functions: []string{"func LoadWorker(", "func (r *reader) worker("},
			operator: []string{"TEMPORAL_NAMESPACE", "TASK_QUEUE", "PROCESS_DEFINITION_ID"}, optional: []string{"PORT_HTTP"},
		},
		{
			program: "ingress", file: "internal/config/config.go", functions: []string{"func LoadIngress(", "func (r *reader) worker("},
			optional: []string{"PORT_HTTP", "INGRESS_BROKER_SUBJECT"},
		},
	},
	"agent/python": {{
		file: "src/config.py", functions: []string{"def load("},
		operator: []string{"AGENT_DEFINITION_ID", "TENANT_ID", "MODEL_PROVIDER", "MODEL_NAME", "RISK_TIER"}, optional: []string{"TENANT_ID", "MAX_PARALLEL_SESSIONS", "INVOKE_TIMEOUT_SECONDS"},
	}},
	"uisurface/ts": {{file: "src/lib/config.ts", functions: []string{"export function load("}}},
}

// What a program refuses to start without comes from its operator or from the manifests.
func TestManifestsGiveProgramsTheirWholeEnvironment(t *testing.T) {
	everyPrimitive(t, func(t *testing.T, v scaffold.Values, plans scaffold.Plans) {
		programs := programsOf[string(v.Kind)+"/"+string(v.Lang)]
		if len(programs) == 0 {
			t.Fatal("nothing is known of its programs")
		}
		var objects []map[string]any
		for _, f := range plans.GitOps {
			objects = append(objects, objectsOf(t, f)...)
		}
		for _, p := range programs {
			given := append(slices.Clone(p.operator), manifestNames(t, objects, scaffold.KindTitle(v.Kind), p.program)...)
			required := required(t, string(fileOf(t, plans.Code, v.Dir+"/"+p.file)), p)
			for _, name := range required {
				if !slices.Contains(given, name) {
					t.Errorf("%s %s: nobody sets %s", v.Kind, p.program, name)
				}
			}
			if len(required) < 2 {
				t.Errorf("%s %s: only %v is required", v.Kind, p.program, required)
			}
		}
	})
}

var environmentName = regexp.MustCompile(`["']([A-Z][A-Z0-9]*_[A-Z0-9_]+)["']`)

// required are the names that functions of a file read and that have no default.
func required(t *testing.T, text string, p runs) []string {
	t.Helper()
	names := map[string]bool{}
	for _, f := range p.functions {
		_, body, ok := strings.Cut(text, "\n"+f)
		if !ok {
			t.Fatalf("%s has no %s", p.file, f)
		}
		end := regexp.MustCompile(`\n\}\n|\n\n\n`).FindStringIndex(body)
		if end == nil {
			t.Fatalf("%s does not end", f)
		}
		for _, m := range environmentName.FindAllStringSubmatch(body[:end[0]], -1) {
			names[m[1]] = !slices.Contains(p.optional, m[1])
		}
	}
	maps.DeleteFunc(names, func(_ string, required bool) bool { return !required })
	return slices.Sorted(maps.Keys(names))
}

// manifestNames are the names in spec.env of the custom resource, or in the container of that name.
func manifestNames(t *testing.T, objects []map[string]any, kind, program string) []string {
	t.Helper()
	var env []any
	for _, o := range objects {
		if program == "" && o["kind"] == kind {
			env = dig.List(o, "spec", "env")
		}
		if program == "" || o["kind"] != "Deployment" {
			continue
		}
		for _, container := range dig.Maps(o, "spec", "template", "spec", "containers") {
			if container["name"] == program {
				env = dig.List(container, "env")
			}
		}
	}
	var names []string
	for _, e := range env {
		name := dig.Text(e, "name")
		if slices.Contains(names, name) {
			t.Errorf("%s is set twice", name)
		}
		names = append(names, name)
	}
	return names
}

// What a Deployment runs is under the NetworkPolicy of the primitive, and no Service of another program finds it.
func TestTheSecondProgramIsBehindTheSameWalls(t *testing.T) {
	everyPrimitive(t, func(t *testing.T, v scaffold.Values, plans scaffold.Plans) {
		var selector map[string]any
		deployments := 0
		for _, f := range plans.GitOps {
			for _, o := range objectsOf(t, f) {
				if o["kind"] == "NetworkPolicy" {
					selector = dig.Map(o, "spec", "podSelector")
				}
			}
		}
		for _, f := range plans.GitOps {
			for _, o := range objectsOf(t, f) {
				if o["kind"] != "Deployment" {
					continue
				}
				deployments++
				pod := dig.Map(o, "spec", "template", "metadata", "labels")
				key := "ameide.io/" + string(v.Kind)
				if !selects(selector, pod) {
					t.Errorf("no policy selects %v", pod)
				}
				if !selects(selector, map[string]any{"ameide.io/primitive": string(v.Kind), key: v.Name}) {
					t.Errorf("no policy selects what the operator runs")
				}
				if pod[key] == v.Name {
					t.Errorf("%v are the labels of what the operator runs, too", pod)
				}
			}
		}
		if want := len(programsOf[string(v.Kind)+"/"+string(v.Lang)]) - 1; deployments != want {
			t.Errorf("%d Deployments, want %d", deployments, want)
		}
	})
}

// selects says whether a selector of equalities and of In has labels in mind.
func selects(selector, labels map[string]any) bool {
	for name, want := range dig.Map(selector, "matchLabels") {
		if labels[name] != want {
			return false
		}
	}
	for _, e := range dig.Maps(selector, "matchExpressions") {
		if e["operator"] != "In" || !slices.Contains(dig.List(e, "values"), labels[dig.Text(e, "key")]) {
			return false
		}
	}
	return true
}
