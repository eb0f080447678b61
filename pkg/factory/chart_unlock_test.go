package factory_test

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/ameideio/ameide/lab"
)

// unlocker runs the unlock Job's script as the Job does, against a server of the lab.
type unlocker struct {
	t       *testing.T
	server  *lab.Server
	shell   []string
	scripts string
	env     map[string]string
}

func newUnlocker(t *testing.T, shell ...string) *unlocker {
	t.Helper()
	if _, err := exec.LookPath("psql"); err != nil {
		lab.Missing(t, "psql on PATH")
	}
	u := &unlocker{t: t, server: lab.Postgres(t), shell: shell, scripts: t.TempDir()}
	for name, file := range chartFiles(t) {
		if strings.HasPrefix(name, chartDir+"/files/") {
			if err := os.WriteFile(filepath.Join(u.scripts, path.Base(name)), file.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	u.server.Exec(t, "postgres", "CREATE ROLE backstage LOGIN CREATEDB PASSWORD '"+lab.Password+"'", "CREATE DATABASE portal OWNER backstage")
	u.env = map[string]string{
		"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": strconv.Itoa(u.server.Port), "POSTGRES_USER": "backstage", "POSTGRES_PASSWORD": lab.Password,
		"DATABASE": "portal", "DATABASES": "portal", "PREFIX": "plugin_", "LOCK_TIMEOUT": "1",
	}
	return u
}

// database makes a database and lock tables in it: quoted name of the table without _lock, to the rows' is_locked.
func (u *unlocker) database(name string, tables map[string][]string) {
	u.t.Helper()
	if name != "portal" {
		u.server.Exec(u.t, "postgres", `CREATE DATABASE "`+name+`" OWNER backstage`)
	}
	c := u.server.Connect(u.t, "backstage", name, "application_name", "psql")
	for table, rows := range tables {
		schema, base, _ := strings.Cut(table, ".")
		lock := schema + "." + strings.TrimSuffix(base, `"`) + `_lock"`
		u.exec(c, "CREATE SCHEMA IF NOT EXISTS "+schema)
		u.exec(c, "CREATE TABLE "+table+" (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz)")
		u.exec(c, "CREATE TABLE "+lock+" (index serial PRIMARY KEY, is_locked integer)")
		for _, row := range rows {
			u.exec(c, "INSERT INTO "+lock+" (is_locked) VALUES ("+row+")")
		}
	}
	if err := c.Close(u.t.Context()); err != nil {
		u.t.Fatal(err)
	}
}

func (u *unlocker) exec(c *pgx.Conn, statement string) {
	u.t.Helper()
	if _, err := c.Exec(u.t.Context(), statement); err != nil {
		u.t.Fatalf("%s: %v", statement, err)
	}
}

// rows are the values of is_locked in a table; NULL is "null".
func (u *unlocker) rows(database, table string) string {
	u.t.Helper()
	c := u.server.Connect(u.t, "postgres", database, "application_name", "psql")
	defer c.Close(u.t.Context())
	var out string
	err := c.QueryRow(u.t.Context(), "SELECT coalesce(string_agg(coalesce(is_locked::text, 'null'), ',' ORDER BY index), '') FROM "+table).Scan(&out)
	if err != nil {
		u.t.Fatal(err)
	}
	return out
}

// run is the Job's log and exit code.
func (u *unlocker) run() (string, int) {
	u.t.Helper()
	c := exec.CommandContext(u.t.Context(), u.shell[0], append(u.shell[1:], filepath.Join(u.scripts, "unlock.sh"))...)
	c.Env = []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range u.env {
		c.Env = append(c.Env, name+"="+value)
	}
	out, err := c.CombinedOutput()
	if strings.Contains(string(out), lab.Password) {
		u.t.Error("the log holds the password")
	}
	return string(out), exitCode(err)
}

// shells are those that images with psql have as /bin/sh: all that are here with the lab, otherwise this machine's.
func shells(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for name, command := range map[string][]string{"dash": {"dash"}, "busybox": {"busybox", "sh"}, "bash": {"bash", "--posix"}} {
		if _, err := exec.LookPath(command[0]); err == nil {
			out[name] = command
		}
	}
	if os.Getenv("AMEIDE_LAB") != "1" {
		return map[string][]string{"sh": {"sh"}}
	}
	return out
}

// damage is every state of a lock table, under names that need quotes.
func damage(u *unlocker) {
	u.database("portal", map[string][]string{`"public"."knex_migrations"`: {"1"}, `"search"."knex_migrations"`: {"1"}}) // division by schema
	u.database("plugin_catalog", map[string][]string{
		`"public"."knex_migrations"`:                                {"1"},
		`"public"."backstage_backend_public_keys__knex_migrations"`: {"0", "0"},
		`"public"."backstage_backend_tasks__knex_migrations"`:       {"NULL"},
		`"ingestion"."incremental_ingestion__knex_migrations"`:      {},
		`"Odd Schema"."A 'quoted' ""* Table"`:                       {"2"},
		`"healthy"."knex_migrations"`:                               {"0"},
	})
	u.database("plugin_Odd-Name", map[string][]string{`"public"."knex_migrations"`: {"0", "1"}})
	u.database("other_catalog", map[string][]string{`"public"."knex_migrations"`: {"1"}})
}

func TestTheUnlockJobHealsEveryLockTable(t *testing.T) {
	t.Parallel()
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUnlocker(t, shell...)
			damage(u)
			u.server.Exec(t, "plugin_catalog", `CREATE TABLE door_lock (index int, is_locked int)`, `INSERT INTO door_lock VALUES (1, 1)`)
			log, code := u.run()
			if code != 0 {
				t.Fatalf("exit code %d\n%s", code, log)
			}
			want := `plugin_Odd-Name public.knex_migrations_lock: cleared
plugin_catalog "Odd Schema"."A 'quoted' ""* Table_lock": cleared
plugin_catalog healthy.knex_migrations_lock: free
plugin_catalog ingestion.incremental_ingestion__knex_migrations_lock: cleared
plugin_catalog public.backstage_backend_public_keys__knex_migrations_lock: cleared
plugin_catalog public.backstage_backend_tasks__knex_migrations_lock: cleared
plugin_catalog public.knex_migrations_lock: cleared
portal public.knex_migrations_lock: cleared
portal search.knex_migrations_lock: cleared
`
			if diff := cmp.Diff(log, want); diff != "" {
				t.Errorf("log, -got +want:\n%s", diff)
			}
			for _, table := range []string{"public.knex_migrations_lock", "public.backstage_backend_public_keys__knex_migrations_lock",
				"public.backstage_backend_tasks__knex_migrations_lock", "ingestion.incremental_ingestion__knex_migrations_lock",
				`"Odd Schema"."A 'quoted' ""* Table_lock"`, "healthy.knex_migrations_lock"} {
				if got := u.rows("plugin_catalog", table); got != "0" {
					t.Errorf("%s holds %q, want one row with 0", table, got)
				}
			}
			if got := u.rows("portal", "search.knex_migrations_lock"); got != "0" {
				t.Errorf("a plugin's schema in the portal's database holds %q, want one row with 0", got)
			}
			if got := u.rows("plugin_catalog", "door_lock"); got != "1" {
				t.Errorf("a table that is no lock table of Knex was touched: %q", got)
			}
			if got := u.rows("other_catalog", "public.knex_migrations_lock"); got != "1" {
				t.Errorf("another application's database was touched: %q", got)
			}
			if log, code := u.run(); code != 0 || strings.Contains(log, "cleared") {
				t.Errorf("a second run: exit code %d\n%s", code, log)
			}
		})
	}
}

func TestTheUnlockJobKnowsDatabasesWithNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	u := newUnlocker(t, "sh")
	u.database("search", map[string][]string{`"public"."knex_migrations"`: {"1"}})
	u.env["DATABASES"] = "portal search"
	if log, code := u.run(); code != 0 || log != "search public.knex_migrations_lock: cleared\n" {
		t.Errorf("exit code %d\n%s", code, log)
	}
	u.env["PREFIX"], u.env["DATABASES"] = "x' OR true --", "y' OR true --"
	if log, code := u.run(); code != 0 || log != "" {
		t.Errorf("names are no SQL: exit code %d, want 0 and nothing visited\n%s", code, log)
	}
}

// A name that holds a line end falls apart in the shell: its parts must not become statements.
func TestTheUnlockJobTakesNoNameForAStatement(t *testing.T) {
	t.Parallel()
	u := newUnlocker(t, "sh")
	u.database("plugin_a=b host=nowhere", map[string][]string{`"public"."knex_migrations"`: {"1"}})
	u.database("plugin_catalog", map[string][]string{
		`"public"."knex_migrations"`:                                    {"1"},
		"\"public\".\"a\npublic.canary; DROP TABLE public.canary; --\"": {"1"},
	})
	u.server.Exec(t, "plugin_catalog", "CREATE TABLE canary ()", "ALTER TABLE canary OWNER TO backstage")
	log, code := u.run()
	for _, want := range []string{"plugin_a=b host=nowhere public.knex_migrations_lock: cleared", "plugin_catalog public.knex_migrations_lock: cleared", "no table, see above"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	if code != 1 {
		t.Errorf("exit code %d, want 1: a table was not looked at", code)
	}
	u.server.Exec(t, "plugin_catalog", "SELECT FROM canary")
	if t.Failed() {
		t.Log(log)
	}
}

func TestTheUnlockJobRefusesWhileAPluginIsConnected(t *testing.T) {
	t.Parallel()
	u := newUnlocker(t, "sh")
	damage(u)
	session := u.server.Connect(t, "backstage", "plugin_catalog", "application_name", "backstage_plugin_catalog")
	log, code := u.run()
	pid := strconv.FormatUint(uint64(session.PgConn().PID()), 10)
	if want := "plugin_catalog: refused, sessions of a plugin are alive (pid " + pid + " ); set replicaCount to 0 first"; code != 1 || !strings.Contains(log, want) {
		t.Errorf("exit code %d, want 1 and %q:\n%s", code, want, log)
	}
	if got := u.rows("plugin_catalog", "public.knex_migrations_lock"); got != "1" {
		t.Errorf("the lock was touched: %q", got)
	}
	if got := u.rows("plugin_Odd-Name", "public.knex_migrations_lock"); got != "0" {
		t.Errorf("a database without sessions was not healed: %q", got)
	}
}

func TestTheUnlockJobLeavesATableThatSomebodyHolds(t *testing.T) {
	t.Parallel()
	u := newUnlocker(t, "sh")
	damage(u)
	// What looks like an administrator's tool is no plugin, but it holds the table.
	holder := u.server.Connect(t, "backstage", "plugin_catalog", "application_name", "psql")
	u.exec(holder, "BEGIN")
	u.exec(holder, "LOCK TABLE public.knex_migrations_lock IN ROW EXCLUSIVE MODE")
	log, code := u.run()
	if want := "plugin_catalog public.knex_migrations_lock: not cleared, see above"; code != 1 || !strings.Contains(log, want) {
		t.Errorf("exit code %d, want 1 and %q:\n%s", code, want, log)
	}
	u.exec(holder, "ROLLBACK")
	if got := u.rows("plugin_catalog", "public.knex_migrations_lock"); got != "1" {
		t.Errorf("the lock was touched: %q", got)
	}
	if got := u.rows("plugin_catalog", "public.backstage_backend_tasks__knex_migrations_lock"); got != "0" {
		t.Errorf("the other tables were not healed: %q", got)
	}
}

// A command that fails where a loop's words come from would end the Job green, with nothing done.
func TestTheUnlockJobFailsWhenItCannotLook(t *testing.T) {
	t.Parallel()
	u := newUnlocker(t, "sh")
	damage(u)
	for name, value := range map[string]string{"POSTGRES_PASSWORD": "wrong", "POSTGRES_PORT": "1", "DATABASE": "nowhere"} {
		before := u.env[name]
		u.env[name] = value
		if log, code := u.run(); code == 0 {
			t.Errorf("%s=%s: exit code 0\n%s", name, value, log)
		}
		u.env[name] = before
	}
	u.server.Exec(t, "plugin_catalog", "ALTER TABLE public.knex_migrations_lock OWNER TO postgres")
	if log, code := u.run(); code != 1 || !strings.Contains(log, "plugin_catalog public.knex_migrations_lock: not cleared, see above") {
		t.Errorf("a table of somebody else: exit code %d\n%s", code, log)
	}
	u.server.Exec(t, "postgres", "REVOKE CONNECT ON DATABASE plugin_catalog FROM public, backstage")
	u.server.Exec(t, "portal", "UPDATE public.knex_migrations_lock SET is_locked = 1")
	if log, code := u.run(); code != 1 || !strings.Contains(log, "plugin_catalog: not looked at, see above") {
		t.Errorf("a database that is shut: exit code %d\n%s", code, log)
	}
	if got := u.rows("portal", "public.knex_migrations_lock"); got != "0" {
		t.Errorf("a database after one that is shut was not healed: %q", got)
	}
}
