package templates_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ameideio/ameide/lab"
)

// The script of the unlock Job against a real PostgreSQL, run by the machine's /bin/sh and psql with the variables that
// the chart gives it.
func TestTheUnlockScriptLeavesExactlyOneFreeRow(t *testing.T) {
	t.Parallel()
	s := server(t, "backstage")
	states := []struct{ plugin, rows string }{
		{"taken", "(1)"},
		{"another_number", "(3)"},
		{"nothing", "(NULL)"},
		{"two_free_rows", "(0), (0)"},
		{"free_and_taken", "(0), (1)"},
		{"free", "(0)"},
		{"no_row", ""},
	}
	for _, state := range states {
		table(t, s, "backstage", state.plugin, "knex_migrations", state.rows)
	}
	first, err := runUnlock(t, s)
	if err != nil {
		t.Fatalf("%v: %s", err, first)
	}
	for _, state := range states {
		if got := rows(t, s, "backstage", state.plugin+".knex_migrations_lock"); got != "0" {
			t.Errorf("%s has rows %q, want one that reads 0\n%s", state.plugin, got, first)
		}
	}
	if got, want := strings.Count(first, ": cleared"), len(states)-1; got != want {
		t.Errorf("%d locks were cleared, want %d: the free one is left alone\n%s", got, want, first)
	}
	again, err := runUnlock(t, s)
	if err != nil || strings.Contains(again, "cleared") {
		t.Errorf("a second run: %v, want nothing to clear\n%s", err, again)
	}
}

func TestTheUnlockScriptFindsEveryLockTableAndNoOtherTable(t *testing.T) {
	t.Parallel()
	s := server(t, "backstage", "backstage_plugin_catalog", "elsewhere")
	table(t, s, "backstage", "catalog", "knex_migrations", "(1)") // division by schema
	table(t, s, "backstage_plugin_catalog", "public", "backstage_backend_public_keys__knex_migrations", "(1)")
	table(t, s, "backstage_plugin_catalog", "Odd schema", `odd"table`, "(1)")
	table(t, s, "elsewhere", "public", "knex_migrations", "(1)")
	s.Exec(t, "backstage_plugin_catalog", "CREATE TABLE door_lock (index int, is_locked int)", "INSERT INTO door_lock VALUES (1, 1)")
	out, err := runUnlock(t, s)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, c := range []struct{ database, table, want string }{
		{"backstage", "catalog.knex_migrations_lock", "0"},
		{"backstage_plugin_catalog", "public.backstage_backend_public_keys__knex_migrations_lock", "0"},
		{"backstage_plugin_catalog", `"Odd schema"."odd""table_lock"`, "0"},
		{"backstage_plugin_catalog", "public.door_lock", "1"},
		{"elsewhere", "public.knex_migrations_lock", "1"},
	} {
		if got := rows(t, s, c.database, c.table); got != c.want {
			t.Errorf("%s %s has rows %q, want %q", c.database, c.table, got, c.want)
		}
	}
}

func TestTheUnlockScriptRefusesWhileAPluginIsConnectedAndVisitsTheRest(t *testing.T) {
	t.Parallel()
	s := server(t, "backstage", "backstage_plugin_catalog", "backstage_plugin_search")
	table(t, s, "backstage_plugin_catalog", "public", "knex_migrations", "(1)")
	table(t, s, "backstage_plugin_search", "public", "knex_migrations", "(1)")
	plugin := s.Connect(t, "backstage", "backstage_plugin_catalog", "application_name", "backstage_plugin_catalog")
	out, err := runUnlock(t, s)
	if err == nil {
		t.Error("the script ends well")
	}
	if want := fmt.Sprintf("backstage_plugin_catalog: refused, sessions of a plugin are alive (pid %d", plugin.PgConn().PID()); !strings.Contains(out, want) {
		t.Errorf("got %q, want it to say %q", out, want)
	}
	if got := rows(t, s, "backstage_plugin_catalog", "knex_migrations_lock"); got != "1" {
		t.Errorf("the lock of the living plugin has rows %q", got)
	}
	if got := rows(t, s, "backstage_plugin_search", "knex_migrations_lock"); got != "0" {
		t.Errorf("the other lock has rows %q", got)
	}
}

func TestTheUnlockScriptFailsWhenItCannotLookEverywhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, statement, want string
	}{
		{"no such server", "", "connection"},
		{"a table of another role", "ALTER TABLE knex_migrations_lock OWNER TO postgres", "permission denied"},
		{"no connection to one database", "REVOKE CONNECT ON DATABASE backstage_plugin_catalog FROM PUBLIC, backstage", "backstage_plugin_catalog: not looked at"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := server(t, "backstage", "backstage_plugin_catalog")
			table(t, s, "backstage_plugin_catalog", "public", "knex_migrations", "(1)")
			if c.statement == "" {
				s.Close()
			} else {
				s.Exec(t, "backstage_plugin_catalog", c.statement)
			}
			out, err := runUnlock(t, s)
			if err == nil || !strings.Contains(out, c.want) {
				t.Errorf("%v, want a failure that says %q\n%s", err, c.want, out)
			}
			if strings.Contains(out, lab.Password) {
				t.Error("the script prints the password")
			}
		})
	}
}

// server is a PostgreSQL with databases of the role backstage.
func server(t *testing.T, databases ...string) *lab.Server {
	t.Helper()
	s := lab.Postgres(t)
	s.Exec(t, "postgres", "CREATE ROLE backstage LOGIN CREATEDB PASSWORD '"+lab.Password+"'")
	for _, name := range databases {
		s.Exec(t, "postgres", fmt.Sprintf(`CREATE DATABASE "%s" OWNER backstage`, name))
	}
	return s
}

// table makes Knex's two tables anew, with the rows of the lock table as SQL.
func table(t *testing.T, s *lab.Server, database, schema, name, rows string) {
	t.Helper()
	prefix := quoted(schema) + "."
	statements := []string{
		"CREATE SCHEMA IF NOT EXISTS " + quoted(schema) + " AUTHORIZATION backstage",
		"DROP TABLE IF EXISTS " + prefix + quoted(name) + ", " + prefix + quoted(name+"_lock"),
		"CREATE TABLE " + prefix + quoted(name) + " (id serial PRIMARY KEY, name text, batch int, migration_time timestamptz)",
		"CREATE TABLE " + prefix + quoted(name+"_lock") + " (index serial PRIMARY KEY, is_locked int)",
		"ALTER TABLE " + prefix + quoted(name) + " OWNER TO backstage",
		"ALTER TABLE " + prefix + quoted(name+"_lock") + " OWNER TO backstage",
	}
	if rows != "" {
		statements = append(statements, "INSERT INTO "+prefix+quoted(name+"_lock")+" (is_locked) VALUES "+rows)
	}
	s.Exec(t, database, statements...)
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// rows are the values of is_locked in order, joined by blanks.
func rows(t *testing.T, s *lab.Server, database, table string) string {
	t.Helper()
	c := s.Connect(t, "postgres", database)
	defer c.Close(t.Context())
	var got string
	query := `SELECT coalesce(string_agg(coalesce(is_locked::text, 'null'), ' ' ORDER BY "index"), '') FROM ` + table
	if err := c.QueryRow(t.Context(), query).Scan(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

func runUnlock(t *testing.T, s *lab.Server) (string, error) {
	t.Helper()
	sh, err := exec.LookPath("/bin/sh")
	need(t, sh, err)
	psql, err := exec.LookPath("psql")
	c := exec.CommandContext(t.Context(), sh, filepath.Join(scripts(t), "unlock.sh"))
	c.Env = []string{
		"PATH=" + filepath.Dir(need(t, psql, err)) + string(os.PathListSeparator) + "/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + t.TempDir(),
		"POSTGRES_HOST=127.0.0.1", "POSTGRES_PORT=" + strconv.Itoa(s.Port), "POSTGRES_USER=backstage", "POSTGRES_PASSWORD=" + lab.Password,
		"DATABASE=backstage", "DATABASES=backstage", "PREFIX=backstage_plugin_", "LOCK_TIMEOUT=2",
	}
	out, err := c.CombinedOutput()
	return string(out), err
}
