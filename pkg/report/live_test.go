package report_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/report"
	"github.com/ameideio/ameide/pkg/verify"
)

// running is a report on one environment whose Git is in order and whose catalog is locked.
func running() verify.Report {
	return verify.Report{
		Summary: "fail",
		Checks: []verify.Check{
			{Rule: "hook/migrations", Status: verify.Pass, Severity: verify.Error, Env: "dev", Message: "migrations run either in the hook or at startup"},
			{Rule: "live/migrations", Status: verify.Fail, Severity: verify.Error, Env: "dev", Message: "every migration lock is free", Issues: []verify.Issue{
				{Resource: "database backstage_plugin_catalog, public.knex_migrations_lock", Field: "plugin catalog", Expected: "FREE", Actual: "STALE", Hint: "run unlock-migrations"},
			}},
			{Rule: "live/nodes", Status: verify.Skip, Severity: verify.Error, Env: "dev", Message: "not seen: Nodes", Unseen: true, Issues: []verify.Issue{
				{Resource: "Nodes", Actual: "not seen: nodes is forbidden", Hint: "grant list on nodes"},
			}},
		},
		NextSteps: []string{},
		Environments: []verify.Environment{{
			Name: "dev", Offline: verify.Pass, Live: verify.Fail, Requests: 1,
			Facts: []verify.Fact{
				{Subject: "migrations", Check: "live/migrations", Declared: "every lock FREE", Running: "1 STALE", Offline: verify.Pass, Live: verify.Fail},
			},
			Incidents: []verify.Incident{{ID: "migration-lock", Name: "a migration lock is taken", Where: "log of Pod/backstage-1", Line: "Migration table is already locked", WayOut: "unlock-migrations --env dev"}},
			Criteria:  []verify.Criterion{{ID: "database/migrated", Text: "Migrations are complete", Offline: verify.Pass, Live: verify.Fail, Evidence: "STALE"}},
		}},
	}
}

func TestTextShowsBothVerdictsSideBySide(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := report.Text(&b, running(), report.Options{}); err != nil {
		t.Fatal(err)
	}
	want := `dev, declared and running  1 request to the Kubernetes API
  OFFLINE  LIVE
  PASS     FAIL  migrations  declared  every lock FREE
                             running   1 STALE

  incident  a migration lock is taken (migration-lock)
            log of Pod/backstage-1
            says      Migration table is already locked
            way out   unlock-migrations --env dev

  OFFLINE  LIVE  SUCCESS CRITERION
  PASS     FAIL  Migrations are complete: STALE
`
	if !strings.Contains(b.String(), want) {
		t.Errorf("text:\n%s\nwant in it:\n%s", b.String(), want)
	}
	for _, unseen := range []string{"live/nodes", "not seen: nodes is forbidden", "grant list on nodes"} {
		if !strings.Contains(b.String(), unseen) {
			t.Errorf("text does not say %q:\n%s", unseen, b.String())
		}
	}
}

// A run that could not look at something tells it in every format, and passes in none.
func TestWhatWasNotSeenPassesInNoFormat(t *testing.T) {
	t.Parallel()
	blind := running()
	blind.Checks = append(blind.Checks[:1:1], blind.Checks[2])
	for name, format := range map[string]struct {
		write func(io.Writer, verify.Report, report.Options) error
		says  []string
	}{
		"text":   {report.Text, []string{"FAIL  1 not seen, 1 passed in 1 environment", "grant list on nodes"}},
		"github": {report.GitHub, []string{"::error title=live/nodes::dev: not seen: Nodes%0Aresource: Nodes%0Aactual: not seen: nodes is forbidden%0Ahint: grant list on nodes\n", "FAIL: 1 not seen, 1 passed\n"}},
		"sarif":  {report.SARIF, []string{`"executionSuccessful": false`, `"level": "error"`, "grant list on nodes"}},
		"junit":  {report.JUnit, []string{`failures="0" errors="1" skipped="0"`, "<error message=\"not seen: Nodes\"", "grant list on nodes"}},
	} {
		var b bytes.Buffer
		if err := format.write(&b, blind, report.Options{}); err != nil {
			t.Fatal(err)
		}
		for _, want := range format.says {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s lacks %q:\n%s", name, want, b.String())
			}
		}
	}
}

func TestJSONAddsEnvironmentsToTheContract(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := report.JSON(&b, running(), report.Options{}); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Checks []struct {
			Check, Status string
			Unseen        bool
		}
		Environments []map[string]any
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if !got.Checks[2].Unseen || got.Checks[2].Status != "SKIP" {
		t.Errorf("check = %+v, want a SKIP that was not seen", got.Checks[2])
	}
	want := map[string]any{
		"env": "dev", "offline": "PASS", "live": "FAIL", "kubernetes_requests": 1.0,
		"facts":     []any{map[string]any{"subject": "migrations", "check": "live/migrations", "declared": "every lock FREE", "running": "1 STALE", "offline": "PASS", "live": "FAIL"}},
		"incidents": []any{map[string]any{"incident": "migration-lock", "name": "a migration lock is taken", "where": "log of Pod/backstage-1", "line": "Migration table is already locked", "way_out": "unlock-migrations --env dev"}},
		"criteria":  []any{map[string]any{"criterion": "database/migrated", "text": "Migrations are complete", "offline": "PASS", "live": "FAIL", "evidence": "STALE"}},
	}
	if diff := cmp.Diff(got.Environments[0], want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}
