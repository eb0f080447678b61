package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ameideio/ameide/cmd"
	"github.com/ameideio/ameide/lab"
)

// secretPieces are forms that the lab's password may leak in: whole, percent-encoded, in part.
func secretPieces() []string {
	return []string{lab.Password, "pl4nted", "w0rd"}
}

type run struct {
	code     int
	out, err string
}

// runWith runs one command line. No output of any run may show the password.
func runWith(t *testing.T, change func(*cmd.Env), args ...string) run {
	t.Helper()
	var out, errs bytes.Buffer
	env := testEnv(&out)
	env.Err = &errs
	if change != nil {
		change(&env)
	}
	code := cmd.Execute(t.Context(), env, append([]string{"platform", "backstage"}, args...))
	for _, piece := range secretPieces() {
		if strings.Contains(out.String()+errs.String(), piece) {
			t.Errorf("%v shows the password:\n%s%s", args[:1], out.String(), errs.String())
		}
	}
	return run{code, out.String(), errs.String()}
}

func variables(set map[string]string) func(*cmd.Env) {
	return func(e *cmd.Env) {
		e.Lookup = func(key string) (string, bool) { v, ok := set[key]; return v, ok }
	}
}

// lockTables are statements that make Knex's two tables.
func lockTables() []string {
	return []string{
		`create table knex_migrations (id serial primary key, name varchar(255), batch integer, migration_time timestamptz)`,
		`create table knex_migrations_lock (index serial primary key, is_locked integer)`,
	}
}

// locked is a server with catalog's lock at value.
func locked(t *testing.T, values ...string) *lab.Server {
	t.Helper()
	s := lab.Postgres(t)
	s.Exec(t, "postgres", "CREATE DATABASE backstage_plugin_catalog")
	statements := lockTables()
	for _, v := range values {
		statements = append(statements, "insert into knex_migrations_lock (is_locked) values ("+v+")")
	}
	s.Exec(t, "backstage_plugin_catalog", statements...)
	return s
}

func TestUnlockCommands(t *testing.T) {
	t.Parallel()
	s := locked(t, "1")
	dsn := variables(map[string]string{"AMEIDE_DSN": s.DSN("postgres", "postgres"), "USER": "sre"})
	where := fmt.Sprintf("127.0.0.1:%d/backstage_plugin_catalog/catalog\n", s.Port)
	typed := func(text string) func(*cmd.Env) {
		return func(e *cmd.Env) { dsn(e); e.InTTY, e.In = true, strings.NewReader(text) }
	}
	for _, step := range []struct {
		name   string
		env    func(*cmd.Env)
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"inspect", dsn, []string{"migrations"}, 1, "STALE", ""},
		{"without a terminal", dsn, []string{"unlock-migrations"}, 2, "", "no terminal"},
		{"dry run", dsn, []string{"unlock-migrations", "--dry-run"}, 0, "DELETE FROM \"public\".\"knex_migrations_lock\"", `"dry_run":true`},
		{"a plugin that is not there", dsn, []string{"unlock-migrations", "--yes", "--plugin", "katalog"}, 2, "", "those that have: catalog"},
		{"the wrong answer", typed("yes\n"), []string{"unlock-migrations"}, 4, "not confirmed", "About to clear the STALE lock of plugin catalog"},
		{"no answer", typed(""), []string{"unlock-migrations"}, 4, "not confirmed", "nothing was done"},
		{"still stuck", dsn, []string{"migrations"}, 1, "STALE", ""},
		{"the right answer", typed(where), []string{"unlock-migrations", "--reason", "INC-1"}, 0, "1 cleared", `"reason":"INC-1"`},
		{"free", dsn, []string{"migrations"}, 0, "FREE", ""},
		{"nothing to do", dsn, []string{"unlock-migrations", "--yes"}, 0, "0 cleared", `"operator":"sre"`},
	} {
		got := runWith(t, step.env, step.args...)
		if got.code != step.code || !strings.Contains(got.out, step.stdout) || !strings.Contains(got.err, step.stderr) {
			t.Errorf("%s: exit %d, want %d with %q and %q; got\n%s%s", step.name, got.code, step.code, step.stdout, step.stderr, got.out, got.err)
		}
	}
}

// What nobody could look at may be what is stuck: that is no success.
func TestWhatCouldNotBeSeenIsNoSuccess(t *testing.T) {
	t.Parallel()
	s := locked(t, "1")
	s.Exec(t, "postgres", "CREATE ROLE ops LOGIN PASSWORD '"+lab.Password+"'", `CREATE DATABASE backstage_plugin_auth`, `REVOKE CONNECT ON DATABASE backstage_plugin_catalog FROM PUBLIC`)
	s.Exec(t, "backstage_plugin_auth", lockTables()...)
	s.Exec(t, "backstage_plugin_auth", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO ops")
	dsn := variables(map[string]string{"AMEIDE_DSN": s.DSN("ops", "postgres")})
	for _, args := range [][]string{{"--yes"}, {"--dry-run"}, {"--yes", "--plugin", "catalog"}} {
		got := runWith(t, dsn, append([]string{"unlock-migrations"}, args...)...)
		if got.code != 3 || !strings.Contains(got.err, "1 part of the installation could not be looked at: backstage_plugin_catalog: ") {
			t.Errorf("%q: exit %d, want 3:\n%s%s", args, got.code, got.out, got.err)
		}
	}
}

func TestALiveSessionIsRefusedUnlessItIsAssumedDead(t *testing.T) {
	t.Parallel()
	s := locked(t, "1")
	dsn := variables(map[string]string{"AMEIDE_DSN": s.DSN("postgres", "postgres")})
	c := s.Connect(t, "postgres", "backstage_plugin_catalog", "application_name", "backstage_plugin_catalog")
	pid := c.PgConn().PID()
	got := runWith(t, dsn, "unlock-migrations", "--yes")
	if got.code != 4 || !strings.Contains(got.err, fmt.Sprintf("pid %d of plugin catalog is connected", pid)) {
		t.Errorf("exit %d:\n%s%s", got.code, got.out, got.err)
	}
	if got = runWith(t, dsn, "unlock-migrations", "--dry-run"); got.code != 4 {
		t.Errorf("a dry run of a refusal: exit %d, want 4", got.code)
	}
	if got = runWith(t, dsn, "unlock-migrations", "--yes", "--assume-dead", "1"); got.code != 4 || !strings.Contains(got.err, "pid 1 has no session") {
		t.Errorf("exit %d:\n%s", got.code, got.err)
	}
	if got = runWith(t, dsn, "unlock-migrations", "--yes", "--assume-dead", fmt.Sprint(pid)); got.code != 0 || !strings.Contains(got.out, "1 cleared") {
		t.Errorf("exit %d:\n%s%s", got.code, got.out, got.err)
	}
}

func TestUnlockSpeaksTheContractsJSON(t *testing.T) {
	t.Parallel()
	s := locked(t, "0", "0")
	got := runWith(t, variables(map[string]string{"AMEIDE_DSN": s.DSN("postgres", "postgres")}), "unlock-migrations", "--yes", "--json", "--reason", "why")
	var report struct {
		Server string `json:"server"`
		Locks  []map[string]any
		Record map[string]any
	}
	if err := json.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatalf("%v:\n%s", err, got.out)
	}
	if len(report.Locks) != 1 || report.Locks[0]["action"] != "cleared" || report.Locks[0]["verdict"] != "CORRUPT" || report.Record["reason"] != "why" {
		t.Errorf("got\n%s", got.out)
	}
	for _, key := range []string{"database", "schema", "table", "plugin", "verdict", "rows", "sessions", "last_migration", "invalid_indexes", "advice", "action"} {
		if _, ok := report.Locks[0][key]; !ok {
			t.Errorf("no key %s", key)
		}
	}
	if lines := strings.Count(got.err, "\n"); lines != 1 || !json.Valid([]byte(got.err)) {
		t.Errorf("the record is not one line of JSON:\n%s", got.err)
	}
}

func TestAnEnvironmentIsReachedWithTheSecretsVariables(t *testing.T) {
	t.Parallel()
	s := locked(t, "0")
	got := runWith(t, variables(map[string]string{
		"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": fmt.Sprint(s.Port), "POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": lab.Password,
	}), "migrations", "--env", "production", "--spec", specWithDatabase(t, "postgres"))
	if got.code != 0 {
		t.Errorf("exit %d:\n%s%s", got.code, got.out, got.err)
	}
}

func specWithDatabase(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ameide.yaml")
	if err := os.WriteFile(file, []byte("version: 1\ndatabase:\n  name: "+name+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAPasswordOnTheCommandLineIsWarnedOf(t *testing.T) {
	t.Parallel()
	s := locked(t, "0")
	const warning = "the command line holds the password"
	if got := runWith(t, nil, "migrations", "--dsn", s.DSN("postgres", "postgres")); got.code != 0 || !strings.Contains(got.err, warning) {
		t.Errorf("exit %d:\n%s", got.code, got.err)
	}
	if got := runWith(t, variables(map[string]string{"AMEIDE_DSN": s.DSN("postgres", "postgres")}), "migrations"); got.code != 0 || got.err != "" {
		t.Errorf("from the environment: exit %d:\n%s", got.code, got.err)
	}
}

// The password is planted in DSNs that are well-formed and in those that are not; runWith looks for it in all output.
func TestNoOutputShowsThePassword(t *testing.T) {
	t.Parallel()
	secret := "pl4nted-p%40ss/w0rd"
	for _, dsn := range []string{
		"postgres://backstage:" + secret + "@127.0.0.1:1/x",
		"postgres://backstage:" + secret + "@127.0.0.1:notaport/x",
		"postgres://backstage:" + secret + "%zz@127.0.0.1/x",
		"postgres//backstage:" + secret + "@127.0.0.1/x",
		"postgres://backstage:" + secret + "@127.0.0.1/x?sslmode=" + secret,
		"host=127.0.0.1 port=1 user=backstage password=" + secret,
		"host=127.0.0.1 port=1 user=backstage password='" + secret,
		"password=" + secret + " sslmode=nonsense",
		"password=" + secret + " connect_timeout=" + secret,
		secret,
	} {
		for _, command := range []string{"migrations", "unlock-migrations"} {
			for _, args := range [][]string{{command}, {command, "--json", "--yes"}, {command, "--help"}, {command, "--yes", "--dsn", dsn}, {command, dsn}} {
				if command == "migrations" {
					args = without(args, "--yes")
				}
				got := runWith(t, variables(map[string]string{"AMEIDE_DSN": dsn}), args...)
				if got.code == 0 && args[len(args)-1] != "--help" {
					t.Errorf("%v succeeded", args[:1])
				}
			}
		}
	}
}

func without(args []string, word string) []string {
	var out []string
	for _, a := range args {
		if a != word {
			out = append(out, a)
		}
	}
	return out
}
