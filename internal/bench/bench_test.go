package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func timed(name string, millis ...float64) result {
	r := result{name: name}
	for _, m := range millis {
		r.add(sample{millis: m, rssMB: m / 2})
	}
	return r
}

func TestMedianIsTheMiddle(t *testing.T) {
	for _, test := range []struct {
		in   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := timed("", test.in...).median(); got != test.want {
			t.Errorf("median of %v = %v, want %v", test.in, got, test.want)
		}
	}
}

func TestGoalsAreJudged(t *testing.T) {
	own, slow, fast := timed("ameide", 100), timed("slow", 400), timed("fast", 200)
	for name, test := range map[string]struct {
		goal   goal
		missed bool
	}{
		"time kept":                   {goal{millis: 101}, false},
		"time missed":                 {goal{millis: 100}, true},
		"memory kept":                 {goal{rssMB: 51}, false},
		"memory missed":               {goal{rssMB: 50}, true},
		"as fast as asked":            {goal{ratio: 2}, false},
		"the fastest peer counts":     {goal{ratio: 2.1}, true},
		"one missed of two is a miss": {goal{millis: 101, ratio: 5}, true},
	} {
		verdict, missed := test.goal.judge(own, []result{slow, fast})
		if missed != test.missed || missed != strings.Contains(verdict, "MISSED") {
			t.Errorf("%s: missed = %v, verdict = %q", name, missed, verdict)
		}
	}
}

func TestSidesTakeTurnsAfterAWarmUp(t *testing.T) {
	var order []string
	mark := func(name string) side {
		return side{name: name, before: func() error { order = append(order, name); return nil }}
	}
	c := benchCase{prepare: func(context.Context) ([]side, error) { return []side{mark("a"), mark("b")}, nil }}
	results, err := c.measure(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(order, ""), "ababab"; got != want {
		t.Errorf("order = %s, want %s", got, want)
	}
	if got := len(results[0].samples); got != 2 {
		t.Errorf("%d samples, want 2: the warm-up does not count", got)
	}
}

func TestAFailedProcessIsNoFigure(t *testing.T) {
	_, err := command{args: []string{"go", "nonsense"}}.run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "unknown command") {
		t.Errorf("error = %v, want one with the process's message", err)
	}
}

func TestAProcessIsMeasured(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	s, err := command{args: []string{"go", "env", "GOOS"}, out: out}.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.millis <= 0 || runtime.GOOS != "windows" && (s.rssMB < 1 || s.rssMB > 1000) {
		t.Errorf("sample = %+v, want a time and a few MB", s)
	}
	if data, err := os.ReadFile(out); err != nil || strings.TrimSpace(string(data)) != runtime.GOOS {
		t.Errorf("stdout = %q, error = %v", data, err)
	}
}

func TestOnlyTheSectionOfADocumentChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "b.md")
	if err := os.WriteFile(file, []byte("top\n"+sectionBegin+"old\n"+sectionEnd+"bottom\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := replaceSection(file, "new\n"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("top\n"+sectionBegin+"new\n"+sectionEnd+"bottom\n", string(got)); diff != "" {
		t.Error(diff)
	}
	if _, err := spliceSection("no markers", "x"); err == nil {
		t.Error("a document without markers is no error")
	}
}

func TestTheTableHasARowForEachSide(t *testing.T) {
	c := benchCase{name: "work", goal: goal{ratio: 3}}
	rows := c.rows([]result{timed("ameide", 10, 12, 11), timed("peer", 22)})
	var b bytes.Buffer
	printTable(&b, "linux", rows)
	for _, want := range []string{"| work | ameide | 11.0", "2.0 times as fast as peer, asked 3.0 MISSED", "| 2.0 times ameide's"} {
		if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), want) {
			t.Errorf("table has no %q:\n%s", want, b.String())
		}
	}
	if missed(rows) == nil {
		t.Error("a missed goal is no error")
	}
}

func TestOnlyExistingValueFilesArePassedInTheirOrder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.yaml", "a.yaml"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := valueFlags(dir, []string{"b.yaml", "missing.yaml", "$values/a.yaml"})
	if diff := cmp.Diff([]string{"--values", "b.yaml", "--values", "a.yaml"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLocalSchemasAcceptGoodObjectsAndRefuseUnknownFields(t *testing.T) {
	out := t.TempDir()
	if err := writeLocalSchemas(filepath.Join("..", "..", "pkg", "kubeschema", "schemas"), out, "1.34"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ file, object, fault string }{
		{"service_v1_v1.json", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"x"},"spec":{"ports":[{"port":80,"targetPort":"http"},{"port":81,"targetPort":8081}]}}`, ""},
		{"service_v1_v1.json", `{"apiVersion":"v1","kind":"Service","spec":{"prots":[]}}`, "prots"},
		{"deployment_apps_v1.json", `{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{}}}`, "selector"},
		{"httproute_gateway.networking.k8s.io_v1.json", `{"spec":{"hostnames":["a.example"]}}`, ""},
		{"httproute_gateway.networking.k8s.io_v1.json", `{"spec":{"hostname":"a.example"}}`, "hostname"},
	} {
		schema, err := jsonschema.NewCompiler().Compile(filepath.Join(out, test.file))
		if err != nil {
			t.Fatal(err)
		}
		var object any
		if err := json.Unmarshal([]byte(test.object), &object); err != nil {
			t.Fatal(err)
		}
		err = schema.Validate(object)
		if (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
			t.Errorf("%s: error = %v, want one about %q", test.object, err, test.fault)
		}
	}
}
