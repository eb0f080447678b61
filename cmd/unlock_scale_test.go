package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/cmd"
	"github.com/ameideio/ameide/lab"
)

// portal is a Kubernetes API with one Deployment and the controllers that matter to it.
type portal struct {
	mu      sync.Mutex
	wanted  int
	pods    int
	stay    bool   // Pods do not go
	heals   int    // how often Argo CD still scales up again
	refuses string // method that is forbidden
	none    bool   // there is no Deployment yet
	stopped func() // called when it is scaled to 0
	scaled  []int
	events  []map[string]any
}

func (p *portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.Method == p.refuses {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `{"kind":"Status","message":"deployments.apps \"platform-backstage\" is forbidden"}`)
		return
	}
	var sent map[string]any
	if r.Body != nil {
		_ = json.NewDecoder(r.Body).Decode(&sent) // only changes have one
	}
	switch path := strings.TrimPrefix(r.URL.Path, "/apis/apps/v1/namespaces/ameide-dev/"); {
	case p.none:
		http.NotFound(w, r)
	case path == "deployments/platform-backstage/scale":
		if r.Method == http.MethodPatch {
			p.scale(int(sent["spec"].(map[string]any)["replicas"].(float64)))
		} else if p.wanted == 0 && p.heals > 0 {
			p.heals--
			p.wanted = 2
		}
		_, _ = fmt.Fprintf(w, `{"spec":{"replicas":%d},"status":{"replicas":%d,"selector":"app=backstage"}}`, p.wanted, p.pods)
	case path == "deployments/platform-backstage":
		_, _ = fmt.Fprint(w, `{"metadata":{"uid":"u-1"}}`)
	case r.URL.Path == "/api/v1/namespaces/ameide-dev/pods":
		_, _ = fmt.Fprintf(w, `{"items":[%s]}`, p.list())
	case r.URL.Path == "/api/v1/namespaces/ameide-dev/events":
		p.events = append(p.events, sent)
		_, _ = fmt.Fprint(w, `{}`)
	default:
		http.NotFound(w, r)
	}
}

func (p *portal) scale(to int) {
	p.wanted, p.scaled = to, append(p.scaled, to)
	if to > 0 || !p.stay {
		p.pods = to
	}
	if to == 0 && p.stopped != nil {
		p.stopped()
		p.stopped = nil
	}
}

func (p *portal) list() string {
	var out []string
	for i := range p.pods {
		out = append(out, fmt.Sprintf(`{"metadata":{"name":"backstage-%d"},"status":{"phase":"Running","containerStatuses":[{"restartCount":7}]}}`, i))
	}
	return strings.Join(out, ",")
}

// start serves the API and returns the flags that name it and the database's server.
func (p *portal) start(t *testing.T, database *lab.Server) []string {
	t.Helper()
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: %q}}]\nusers: [{name: u, user: {token: t}}]\ncontexts: [{name: ameide-dev, context: {cluster: c, user: u}}]\n", s.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"unlock-migrations", "--yes", "--env", "dev", "--kubeconfig", file, "--dsn", database.DSN("postgres", "postgres"), "--scale-down"}
}

func (p *portal) done() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.scaled
}

func TestTheDeploymentIsOutOfTheWayWhileLocksAreCleared(t *testing.T) {
	t.Parallel()
	s := locked(t, "1")
	pod := s.Connect(t, "postgres", "backstage_plugin_catalog", "application_name", "backstage_plugin_catalog")
	sre := variables(map[string]string{"USER": "sre"})
	p := &portal{wanted: 2, pods: 2, heals: 1, stopped: func() { _ = pod.Close(context.WithoutCancel(t.Context())) }}
	args := p.start(t, s)
	if got := runWith(t, sre, args[:len(args)-1]...); got.code != 4 {
		t.Fatalf("with a Pod connected: exit %d, want 4:\n%s", got.code, got.err)
	}
	metrics := filepath.Join(t.TempDir(), "unlock.prom")
	got := runWith(t, sre, append(args, "--events", "--metrics-file", metrics, "--reason", "INC-1")...)
	if got.code != 0 || !strings.Contains(got.out, "1 cleared") {
		t.Errorf("exit %d:\n%s%s", got.code, got.out, got.err)
	}
	for _, want := range []string{
		"runs 2 Pods backstage-0 (not ready, 7 restarts), backstage-1 (not ready, 7 restarts)",
		"kubectl --context ameide-dev --namespace ameide-dev scale deployment platform-backstage --replicas=2",
		`"scaled":{"deployment":"ameide-dev/platform-backstage","from":2,"back":true}`,
	} {
		if !strings.Contains(got.err, want) {
			t.Errorf("stderr lacks %q:\n%s", want, got.err)
		}
	}
	if scaled := p.done(); scaled[0] != 0 || scaled[len(scaled)-1] != 2 {
		t.Errorf("scaled to %v, want 0 first and 2 last", scaled)
	}
	if len(p.events) != 1 || !strings.Contains(fmt.Sprint(p.events[0]["message"]), "sre ran ameide unlock-migrations on 127.0.0.1:") {
		t.Errorf("events are %v", p.events)
	}
	text, err := os.ReadFile(metrics)
	if err != nil || !strings.Contains(string(text), `action="cleared"} 1`) || !strings.Contains(string(text), "ameide_unlock_migrations_success{env=\"dev\"") {
		t.Errorf("metrics are %s, %v", text, err)
	}
}

func TestWhoeverScalesUpMeanwhileIsUndone(t *testing.T) {
	t.Parallel()
	s := locked(t, "1")
	p := &portal{wanted: 2, pods: 2, stay: true, heals: 1}
	args := append(p.start(t, s), "--timeout", "2s")
	got := runWith(t, variables(nil), args...)
	if diff := cmp.Diff(p.done(), []int{0, 0, 2}); diff != "" {
		t.Errorf("scaled to, -got +want:\n%s\n%s", diff, got.err)
	}
	if got.code != 3 || !strings.Contains(got.err, "after 2s Deployment platform-backstage still has 2 Pods") || !strings.Contains(got.err, "Argo CD heals itself") {
		t.Errorf("exit %d:\n%s", got.code, got.err)
	}
}

func TestAnInterruptedRunScalesBack(t *testing.T) {
	t.Parallel()
	s := locked(t, "1")
	ctx, interrupt := context.WithCancel(t.Context())
	p := &portal{wanted: 3, pods: 3, stay: true, stopped: func() { time.AfterFunc(100*time.Millisecond, interrupt) }}
	var out, errs bytes.Buffer
	env := testEnv(&out)
	env.Err = &errs
	code := cmd.Execute(ctx, env, append([]string{"platform", "backstage"}, p.start(t, s)...))
	if diff := cmp.Diff(p.done(), []int{0, 3}); diff != "" || code != 3 {
		t.Errorf("exit %d, scaled to, -got +want:\n%s\n%s", code, diff, errs.String())
	}
}

func TestNothingIsScaledWithoutNeed(t *testing.T) {
	t.Parallel()
	free, busy := locked(t, "0"), locked(t, "1")
	migrating := busy.Connect(t, "postgres", "backstage_plugin_catalog", "application_name", "backstage_plugin_catalog")
	go func() { _, _ = migrating.Exec(t.Context(), "select pg_sleep(60)") }()
	await(t, busy, "select count(*) > 0 from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'")
	for name, tt := range map[string]struct {
		server *lab.Server
		portal *portal
		more   []string
		code   int
		stderr string
	}{
		"every lock is free":   {free, &portal{wanted: 2, pods: 2}, nil, 0, "left at 2"},
		"a dry run":            {busy, &portal{wanted: 2, pods: 2}, []string{"--dry-run"}, 4, "scaling down would kill it"},
		"a migration runs":     {busy, &portal{wanted: 2, pods: 2}, nil, 4, "plugin catalog seems to migrate database backstage_plugin_catalog just now"},
		"a plugin is misspelt": {busy, &portal{wanted: 2, pods: 2}, []string{"--plugin", "katalog"}, 2, "those that have: catalog"},
		"a right is missing":   {free, &portal{wanted: 2, pods: 2, refuses: http.MethodGet}, nil, 3, `{apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["get"]} in a Role of namespace ameide-dev`},
		"no environment":       {free, &portal{}, []string{"--env", ""}, 2, "need --env"},
		"nobody would wait":    {free, &portal{}, []string{"--timeout", "0s"}, 2, "--timeout 0s"},
		"an unknown context":   {free, &portal{}, []string{"--context", "elsewhere"}, 2, `no context "elsewhere"`},
		"another one's spec":   {free, &portal{}, []string{"--env", "qa"}, 2, `unknown environment "qa"`},
		"scaled to 0 already":  {free, &portal{}, nil, 0, "left at 0"},
		"no kubeconfig":        {free, &portal{}, []string{"--kubeconfig", os.DevNull}, 2, "no context"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runWith(t, variables(nil), append(tt.portal.start(t, tt.server), tt.more...)...)
			if got.code != tt.code || !strings.Contains(got.err, tt.stderr) {
				t.Errorf("exit %d, want %d with %q:\n%s", got.code, tt.code, tt.stderr, got.err)
			}
			if scaled := tt.portal.done(); len(scaled) > 0 {
				t.Errorf("scaled to %v", scaled)
			}
		})
	}
}

// A variable may name the server of another evening: its locks are none of this environment's.
func TestAnEnvironmentIsNotThatOfAnotherServersVariable(t *testing.T) {
	t.Parallel()
	other := locked(t, "1")
	p := &portal{wanted: 2, pods: 2}
	args := p.start(t, other)
	i := slices.Index(args, "--dsn")
	args = slices.Delete(args, i, i+2)
	got := runWith(t, variables(map[string]string{"AMEIDE_DSN": other.DSN("postgres", "postgres")}), args...)
	if got.code != 3 || !strings.Contains(got.err, "--env dev says which database is meant: AMEIDE_DSN, or dsn of the config file, is not used") || len(p.done()) > 0 {
		t.Errorf("exit %d, want 3, scaled to %v:\n%s", got.code, p.done(), got.err)
	}
	if still := runWith(t, variables(map[string]string{"AMEIDE_DSN": other.DSN("postgres", "postgres")}), "migrations"); still.code != 1 || !strings.Contains(still.out, "STALE") {
		t.Errorf("exit %d:\n%s%s", still.code, still.out, still.err)
	}
}

func TestALockOfAFirstInstallationIsClearedWithoutADeployment(t *testing.T) {
	t.Parallel()
	s := locked(t, "1")
	p := &portal{none: true}
	got := runWith(t, variables(nil), append(p.start(t, s), "--dry-run")...)
	if got.code != 0 || !strings.Contains(got.err, "namespace ameide-dev has no Deployment platform-backstage") || strings.Contains(got.err, "would be scaled") {
		t.Errorf("a dry run: exit %d:\n%s", got.code, got.err)
	}
	idle := s.Connect(t, "postgres", "backstage_plugin_catalog", "application_name", "backstage_plugin_catalog")
	if got = runWith(t, variables(nil), append(p.start(t, s), "--dry-run")...); got.code != 4 {
		t.Errorf("a dry run beside a session that no Pod takes with it: exit %d:\n%s", got.code, got.err)
	}
	lab.End(idle)
	got = runWith(t, variables(nil), p.start(t, s)...)
	if got.code != 0 || !strings.Contains(got.out, "1 cleared") || len(p.done()) > 0 {
		t.Errorf("exit %d, scaled to %v:\n%s%s", got.code, p.done(), got.out, got.err)
	}
}

func TestScalingDownIsConfirmedBeforeItIsDone(t *testing.T) {
	t.Parallel()
	s := locked(t, "1")
	for _, tt := range []struct {
		name   string
		typed  string
		code   int
		scaled []int
	}{
		{"another environment", "ameide-prod/platform-backstage\n", 4, nil},
		{"no answer", "", 4, nil},
		{"not the lock", "ameide-dev/platform-backstage\nno\n", 4, []int{0, 2}},
		{"both", fmt.Sprintf("ameide-dev/platform-backstage\n127.0.0.1:%d/backstage_plugin_catalog/catalog\n", s.Port), 0, []int{0, 2}},
	} {
		p := &portal{wanted: 2, pods: 2}
		got := runWith(t, func(e *cmd.Env) {
			e.InTTY, e.In = true, strings.NewReader(tt.typed)
		}, without(p.start(t, s), "--yes")...)
		if got.code != tt.code || !strings.Contains(got.err, "scale Deployment ameide-dev/platform-backstage (context ameide-dev) from 2 to 0") {
			t.Errorf("%s: exit %d, want %d:\n%s", tt.name, got.code, tt.code, got.err)
		}
		if diff := cmp.Diff(p.done(), tt.scaled); diff != "" {
			t.Errorf("%s: scaled to, -got +want:\n%s", tt.name, diff)
		}
	}
}

// A dry run says what would happen once the Pods are gone; a real run waits until the server has noticed that they are.
func TestSessionsThatEndWithThePodsAreNoReasonToRefuse(t *testing.T) {
	t.Parallel()
	s := locked(t, "1")
	pod := s.Connect(t, "postgres", "backstage_plugin_catalog", "application_name", "backstage_plugin_catalog")
	p := &portal{wanted: 2, pods: 2, stopped: func() {
		time.AfterFunc(2*time.Second, func() { _ = pod.Close(context.WithoutCancel(t.Context())) })
	}}
	args := p.start(t, s)
	got := runWith(t, variables(nil), append(args, "--dry-run")...)
	if got.code != 0 || !strings.Contains(got.out, "DELETE FROM") || !strings.Contains(got.err, "would be scaled from 2 to 0") || len(p.done()) > 0 {
		t.Errorf("a dry run: exit %d, scaled to %v:\n%s%s", got.code, p.done(), got.out, got.err)
	}
	if got = runWith(t, variables(nil), args...); got.code != 0 || !strings.Contains(got.out, "1 cleared") {
		t.Errorf("exit %d:\n%s%s", got.code, got.out, got.err)
	}
}

func TestRunningPodsAreWarnedOfWhereverAClusterIsNamed(t *testing.T) {
	t.Parallel()
	s := locked(t, "1")
	p := &portal{wanted: 1, pods: 1}
	args := without(p.start(t, s), "--scale-down")
	got := runWith(t, variables(nil), append(args, "--dry-run")...)
	if want := "ameide: warning: Deployment platform-backstage of namespace ameide-dev runs 1 Pod backstage-0"; !strings.Contains(got.err, want) {
		t.Errorf("stderr lacks %q:\n%s", want, got.err)
	}
}

func TestARefusedScaleIsNotUndone(t *testing.T) {
	t.Parallel()
	s := locked(t, "1")
	p := &portal{wanted: 2, pods: 2, refuses: http.MethodPatch}
	got := runWith(t, variables(nil), p.start(t, s)...)
	if got.code != 3 || !strings.Contains(got.err, `resources: ["deployments/scale"], verbs: ["patch"]`) || strings.Contains(got.err, "scale it back yourself") || strings.Contains(got.err, `"scaled"`) {
		t.Errorf("exit %d:\n%s", got.code, got.err)
	}
}

// await waits until a query says true.
func await(t *testing.T, s *lab.Server, query string) {
	t.Helper()
	c := s.Connect(t, "postgres", "postgres")
	for range 200 {
		var yes bool
		if err := c.QueryRow(t.Context(), query).Scan(&yes); err != nil {
			t.Fatal(err)
		}
		if yes {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("never true: %s", query)
}
