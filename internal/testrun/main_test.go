package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReportShowsFailuresPackagesAndSkips(t *testing.T) {
	in := `{"Action":"run","Package":"m/p","Test":"TestA"}
{"Action":"output","Package":"m/p","Test":"TestA","Output":"    a_test.go:3: wrong\n"}
{"Action":"output","Package":"m/p","Test":"TestA","Output":"--- FAIL: TestA (0.00s)\n"}
{"Action":"fail","Package":"m/p","Test":"TestA"}
{"Action":"output","Package":"m/p","Test":"TestB","Output":"    b_test.go:9: needs the lab: node\n"}
{"Action":"skip","Package":"m/p","Test":"TestB"}
{"Action":"output","Package":"m/p","Test":"TestC","Output":"quiet\n"}
{"Action":"pass","Package":"m/p","Test":"TestC"}
{"Action":"output","Package":"m/p","Output":"FAIL\tm/p\t0.1s\n"}
not JSON
`
	want := "    a_test.go:3: wrong\n--- FAIL: TestA (0.00s)\nFAIL\tm/p\t0.1s\nnot JSON\n\nskipped 1 tests:\n  p.TestB: needs the lab: node\n"
	var out strings.Builder
	report(strings.NewReader(in), &out)
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
