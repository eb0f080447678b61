package live_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/internal/livelab"
	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/verify"
)

// installation is one environment on a real API server, with everything behind it.
type installation struct {
	*livelab.World
	t          *testing.T // whose processes live as long as the installation
	cluster    *livelab.Cluster
	kubeconfig string
}

func installed(t *testing.T, users ...string) *installation {
	t.Helper()
	w := livelab.New(t, "dev")
	i := &installation{World: w, t: t, cluster: livelab.NewCluster(t, users...)}
	i.kubeconfig = i.cluster.Kubeconfig(t, "", "ameide-dev")
	w.Start(t, w.ClientSecret(t))
	w.AwaitReady(t)
	w.Connect(t, i.cluster)
	return i
}

// failing are the checks that fail or warn.
func failing(r livelab.Result) []string {
	var out []string
	for _, c := range r.Report.Checks {
		if c.Status == verify.Fail || c.Status == verify.Warn {
			out = append(out, c.Rule)
		}
	}
	slices.Sort(out)
	return out
}

// green looks, and fails the test unless all is well.
func (i *installation) green(t *testing.T) livelab.Result {
	t.Helper()
	r := i.Verify(t, i.kubeconfig, "dev")
	if found := failing(r); r.Code != 0 || len(found) > 0 {
		t.Fatalf("exit %d, failing %v\n%s\n%s", r.Code, found, r.Err, issues(r))
	}
	return r
}

// issues is what a report finds, for a test's message.
func issues(r livelab.Result) string {
	var b strings.Builder
	for _, c := range r.Report.Checks {
		for _, issue := range c.Issues {
			b.WriteString(c.Rule + ": " + issue.Resource + " " + issue.Field + ": want " + issue.Expected + ", is " + issue.Actual + " (" + issue.Hint + ")\n")
		}
	}
	for _, e := range r.Report.Environments {
		for _, incident := range e.Incidents {
			b.WriteString("incident " + incident.ID + ": " + incident.Where + ": " + incident.Line + " (" + incident.WayOut + ")\n")
		}
	}
	return b.String()
}

// red looks, and wants exactly these checks to fail, and something to be said.
func (i *installation) red(t *testing.T, checks []string, says ...string) livelab.Result {
	t.Helper()
	r := i.Verify(t, i.kubeconfig, "dev")
	slices.Sort(checks)
	code := 0 // of warnings alone
	for _, c := range checks {
		if c != "live/traces" && c != "live/log-format" && c != "live/restarts" {
			code = 1
		}
	}
	if found := failing(r); r.Code != code || !slices.Equal(found, checks) {
		t.Errorf("exit %d, failing %v, want %d and %v\n%s%s", r.Code, found, code, checks, r.Err, issues(r))
	}
	for _, text := range says {
		if !strings.Contains(issues(r), text) {
			t.Errorf("nothing says %q:\n%s", text, issues(r))
		}
	}
	if strings.Contains(r.Out, lab.Password) || strings.Contains(r.Out, i.Realm.Secret) || strings.Contains(r.Out, i.ClientSecret(t)) {
		t.Error("the report shows a secret")
	}
	return r
}

func TestAWholeInstallation(t *testing.T) {
	i := installed(t, nobody, "namespaced", "nosecrets", looksAtLocks, unlocks, reconciles, pulls, cannotForward)
	t.Run("is green, in few requests", func(t *testing.T) {
		r := i.green(t)
		if n := r.Report.Environments[0].Requests; n == 0 || n > 40 {
			t.Errorf("%d requests to the Kubernetes API, want at most 40", n)
		}
		for _, c := range r.Report.Environments[0].Criteria {
			only := strings.HasPrefix(c.ID, "ci/") && c.Live == verify.Skip
			if c.Live != verify.Pass && !only || c.Offline == verify.Fail {
				t.Errorf("criterion %s: %s offline, %s live: %s", c.ID, c.Offline, c.Live, c.Evidence)
			}
		}
		t.Logf("%s, %d requests", r.Took, r.Report.Environments[0].Requests)
	})
	t.Run("sends its traces to the collector", func(t *testing.T) {
		for begun := time.Now(); i.Collector.Traces() == 0; time.Sleep(200 * time.Millisecond) {
			if time.Since(begun) > 30*time.Second {
				t.Fatal("none came in 30 seconds")
			}
		}
	})
	t.Run("signs a test user in", func(t *testing.T) {
		var r livelab.Result
		for begun := time.Now(); time.Since(begun) < time.Minute; time.Sleep(time.Second) { // the catalog still reads its users
			r = i.VerifyAs(t, i.kubeconfig, "dev", []string{"AMEIDE_PROOF_USER=" + livelab.User, "AMEIDE_PROOF_PASSWORD=" + lab.Password})
			if r.Code == 0 || !strings.Contains(issues(r), "unable to resolve user identity") {
				break
			}
		}
		if r.Code != 0 {
			t.Fatalf("exit %d\n%s", r.Code, issues(r))
		}
		for _, c := range r.Report.Environments[0].Criteria {
			if c.ID == "auth/login" && c.Evidence != "user ada was signed in" {
				t.Errorf("evidence = %q", c.Evidence)
			}
		}
	})
	t.Run("is told of a migration that lasts", func(t *testing.T) { i.migrating(t) })
	t.Run("is named where its status is broken", func(t *testing.T) { i.brokenStatuses(t) })
	t.Run("is named where a success criterion is broken", func(t *testing.T) { i.brokenCriteria(t) })
	t.Run("is seen as far as rights go", func(t *testing.T) { i.rights(t) })
	t.Run("is found by the other commands", func(t *testing.T) { i.commands(t) })
	t.Run("is seen through faults", func(t *testing.T) { i.faults(t) })
	t.Run("is named in the mission's incidents", func(t *testing.T) { i.incidents(t) })
}
