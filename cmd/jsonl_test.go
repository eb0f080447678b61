package cmd_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// facts parses a log whose every line must be an object with a fact and a level.
func facts(t *testing.T, log string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(log) {
		var one map[string]any
		if err := json.Unmarshal([]byte(line), &one); err != nil || one["fact"] == "" || one["level"] == "" {
			t.Errorf("%v: not a fact: %s", err, line)
		}
		all = append(all, one)
	}
	return all
}

func TestALogIsOneLineOfJSONForEachFact(t *testing.T) {
	r := newReconciler(t)
	code, out, errs := r.run("--env", "dev", "--format", "jsonl")
	if code != 3 {
		t.Errorf("exit %d, want 3: platform-app-master exists nowhere", code)
	}
	count := map[string]int{}
	for _, one := range facts(t, out) {
		name := one["fact"].(string)
		if count[name]++; name == "client" && one["client_id"] == "backstage" && (one["status"] != "done" || one["level"] != "info") {
			t.Errorf("the portal's client is %v", one)
		}
		if name == "client" && one["client_id"] == "platform-app-master" && one["level"] != "error" {
			t.Errorf("a client that failed is %v", one)
		}
	}
	if count["summary"] != 1 || count["client"] != 6 || count["realm"] != 1 {
		t.Errorf("facts are %v", count)
	}
	messages := facts(t, errs)
	if len(messages) == 0 || messages[0]["level"] != "error" && messages[0]["fact"] != "note" {
		t.Errorf("stderr is %s", errs)
	}
	for _, planted := range []string{plantedPassword, plantedToken, plantedValue, "generated-0000"} {
		if strings.Contains(r.all.String(), planted) {
			t.Errorf("the log holds the secret %q", planted)
		}
	}
}

func TestAnUnknownFormatIsRefused(t *testing.T) {
	r := newReconciler(t)
	if code, _, errs := r.run("--env", "dev", "--format", "yaml"); code != 2 || !strings.Contains(errs, "text, json or jsonl") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, out, _ := r.run("--env", "dev", "--client", "backstage", "--dry-run", "--format", "json"); code != 0 || !json.Valid([]byte(out)) {
		t.Errorf("exit %d: %s", code, out)
	}
}
