package podrun_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ameideio/ameide/internal/livelab"
	"github.com/ameideio/ameide/internal/podrun"
	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/verify"
)

// The Jobs around the portal's migrations do their work without any right in Kubernetes: the image of the release, with the
// command line, variables, files and user of the rendered Pods, against a real PostgreSQL.
func TestTheRenderedDatabaseJobsRun(t *testing.T) {
	lab.Slow(t)
	if err := podrun.Possible(t.Context()); err != nil {
		lab.Missing(t, err.Error())
	}
	j := newDatabaseJobs(t)
	const migrations, unlock = "platform-backstage-migrations", "platform-backstage-migrations-unlock"
	t.Run("they have no token, a deadline, and stay when they fail", func(t *testing.T) {
		for _, name := range []string{migrations, unlock} {
			j.isBounded(t, name)
		}
	})
	t.Run("a free lock lets Backstage migrate", func(t *testing.T) {
		if facts := j.runs(t, migrations, "initContainers", "locks-before", 0); !slices.Contains(facts, "lock FREE") {
			t.Errorf("facts %v, want a free lock", facts)
		}
		j.runs(t, migrations, "containers", "locks-after", 0)
	})
	j.Exec(t, catalogDatabase, "UPDATE knex_migrations_lock SET is_locked = 1")
	t.Run("a taken lock stops the sync before Backstage starts", func(t *testing.T) {
		if facts := j.runs(t, migrations, "initContainers", "locks-before", 1); !slices.Contains(facts, "lock STALE") {
			t.Errorf("facts %v, want a stale lock", facts)
		}
	})
	t.Run("the unlock Job clears it", func(t *testing.T) {
		facts := j.runs(t, unlock, "containers", "unlock", 0)
		if !slices.Contains(facts, "record platform-backstage-migrations-unlock-x7k2p") {
			t.Errorf("facts %v, want a record by the Pod", facts)
		}
		j.runs(t, migrations, "initContainers", "locks-before", 0)
	})
	t.Run("a role that may not log in is an error of one line", func(t *testing.T) {
		j.Exec(t, "postgres", "ALTER ROLE backstage NOLOGIN")
		j.runs(t, unlock, "containers", "unlock", 3)
		j.Exec(t, "postgres", "ALTER ROLE backstage LOGIN")
	})
	if strings.Contains(j.said.String(), lab.Password) {
		t.Error("the log holds the password")
	}
}

const catalogDatabase = "backstage_plugin_catalog"

// databaseJobs are the rendered Jobs and the database that they look at.
type databaseJobs struct {
	*lab.Server
	container podrun.Container
	portal    *verify.Component
	host      string
	said      strings.Builder
}

func newDatabaseJobs(t *testing.T) *databaseJobs {
	t.Helper()
	j := &databaseJobs{Server: lab.Postgres(t), container: release(t)}
	j.Exec(t, "postgres", "CREATE ROLE backstage LOGIN CREATEDB PASSWORD '"+lab.Password+"'", "CREATE DATABASE backstage OWNER backstage", "CREATE DATABASE "+catalogDatabase+" OWNER backstage")
	j.Exec(t, catalogDatabase, "SET ROLE backstage; CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255), batch int, migration_time timestamptz);"+
		"INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('20200511113813_init.js', 1, now());"+
		"CREATE TABLE knex_migrations_lock (index serial PRIMARY KEY, is_locked int); INSERT INTO knex_migrations_lock (is_locked) VALUES (0)")
	s := spec.Default()
	s.Hooks = spec.Hooks{Runner: spec.RunnerAmeide, Image: spec.HookImage{Repository: "ghcr.io/ameideio/ameide", Digest: "sha256:" + strings.Repeat("0", 64)}}
	dir := livelab.Checkout(t, &s)
	values := filepath.Join(dir, "sources/values/env/dev/platform/platform-backstage.yaml")
	text, err := os.ReadFile(values)
	if err != nil {
		t.Fatal(err)
	}
	added := fmt.Sprintf("migrations: {mode: job, unlock: {enabled: true}}\npostgresql: {port: %d}\n", j.Port)
	if err := os.WriteFile(values, append(text, added...), 0o600); err != nil {
		t.Fatal(err)
	}
	j.host = s.Database.Host
	j.portal = livelab.Tree(t, dir, &s, "dev").Envs[0].Portal()
	if j.portal.Err != nil {
		t.Fatal(j.portal.Err)
	}
	return j
}

func (j *databaseJobs) object(t *testing.T, kind, name string) map[string]any {
	t.Helper()
	m := j.portal.Object(kind, name)
	if m == nil {
		t.Fatalf("the chart renders no %s %s", kind, name)
	}
	return m.Object
}

func (j *databaseJobs) isBounded(t *testing.T, name string) {
	t.Helper()
	job := j.object(t, "Job", name)
	pod := at[map[string]any](t, job, "spec", "template", "spec")
	if pod["automountServiceAccountToken"] != false || pod["restartPolicy"] != "Never" {
		t.Errorf("%s: token %v, restartPolicy %v, want none and Never", name, pod["automountServiceAccountToken"], pod["restartPolicy"])
	}
	for _, key := range []string{"activeDeadlineSeconds", "ttlSecondsAfterFinished"} {
		if job["spec"].(map[string]any)[key] == nil {
			t.Errorf("%s has no %s", name, key)
		}
	}
	if policy := at[string](t, job, "metadata", "annotations", "argocd.argoproj.io/hook-delete-policy"); strings.Contains(policy, "HookFailed") {
		t.Errorf("%s is deleted when it fails: %s", name, policy)
	}
}

// runs runs one container of a Job as the kubelet would, and returns its facts: their kind, and a verdict or the operator.
func (j *databaseJobs) runs(t *testing.T, job, list, container string, code int) []string {
	t.Helper()
	pod := at[map[string]any](t, j.object(t, "Job", job), "spec", "template", "spec")
	all := at[[]any](t, pod, list)
	i := slices.IndexFunc(all, func(c any) bool { return at[string](t, c, "name") == container })
	if i < 0 {
		t.Fatalf("Job %s has no container %s", job, container)
	}
	files := map[string]string{}
	for name, text := range at[map[string]any](t, j.object(t, "ConfigMap", job), "data") {
		files[name] = fmt.Sprint(text)
	}
	for path, mounted := range map[string]map[string]string{
		at[string](t, all[i], "volumeMounts", 0, "mountPath"): files,
		"/etc": {"hosts": "127.0.0.1 localhost " + j.host + "\n"},
	} {
		if err := j.container.Mount(path, mounted); err != nil {
			t.Fatal(err)
		}
	}
	var args []string
	for _, a := range at[[]any](t, all[i], "args") {
		args = append(args, fmt.Sprint(a))
	}
	cmd, err := j.container.Command(t.Context(), variables(t, all[i], job+"-x7k2p"), args...)
	if err != nil {
		t.Fatal(err)
	}
	out, _ := cmd.CombinedOutput()
	j.said.Write(out)
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("%s: exit %d, want %d\n%s", container, got, code, out)
	}
	return factsOf(t, string(out))
}

// variables are a container's, as the kubelet fills them in.
func variables(t *testing.T, container any, pod string) []string {
	t.Helper()
	secret := map[string]string{"POSTGRES_USER": "backstage", "POSTGRES_PASSWORD": lab.Password}
	var env []string
	for _, v := range at[[]any](t, container, "env") {
		one, _ := v.(map[string]any)
		value := one["value"]
		if from, ok := one["valueFrom"].(map[string]any); ok {
			switch {
			case from["secretKeyRef"] != nil:
				value = secret[at[string](t, from, "secretKeyRef", "key")]
			case from["fieldRef"] != nil:
				value = pod
			}
		}
		env = append(env, fmt.Sprintf("%v=%v", one["name"], value))
	}
	return env
}

// factsOf wants every line to be JSON, with a level.
func factsOf(t *testing.T, out string) []string {
	t.Helper()
	var facts []string
	for line := range strings.Lines(out) {
		var one struct {
			Fact, Level, Verdict string
			Record               struct{ Operator string }
		}
		if err := json.Unmarshal([]byte(line), &one); err != nil || one.Level == "" {
			t.Errorf("not a line of JSON with a level: %s", line)
		}
		if one.Record.Operator != "" {
			one.Fact, one.Verdict = "record", one.Record.Operator
		}
		facts = append(facts, strings.TrimSpace(one.Fact+" "+one.Verdict))
	}
	return facts
}
