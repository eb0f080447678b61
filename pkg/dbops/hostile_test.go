package dbops_test

import (
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/dbops"
)

// What the owner of a database calls like a function of PostgreSQL's, with types that fit better, is not what runs when
// somebody with more rights looks there, nor when he clears a lock.
func TestFunctionsOfTheDatabaseDoNotRun(t *testing.T) {
	t.Parallel()
	s, _ := catalog(t, "1")
	c := s.Connect(t, "backstage", "backstage_plugin_catalog", "application_name", "psql")
	for _, signature := range []string{
		"format(text, name, name) RETURNS text", `"right"(name, integer) RETURNS text`, `"left"(name, integer) RETURNS text`,
		"age(xid) RETURNS integer", "jsonb_build_object(text, integer, text, integer) RETURNS jsonb", "pg_get_userbyid(oid) RETURNS name",
	} {
		statement := "CREATE FUNCTION public." + signature + " LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END $$"
		if _, err := c.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Exec(t.Context(), "select format('%I.%I', n.nspname, n.nspname) from pg_catalog.pg_namespace n"); err == nil {
		t.Fatal("the functions do not hijack anything: the test proves nothing")
	}
	r := reader(t, s.DSN("postgres", "backstage_plugin_catalog"))
	if got := the(t, look(t, r)); got.Verdict != dbops.Stale {
		t.Errorf("got %s, want STALE", got.Verdict)
	}
	if got := the(t, unlock(t, r)); got.Action != dbops.ActionCleared || got.Advice != "It was stuck and is free now: start Backstage, or sync the Application again where its hook Job migrates." {
		t.Errorf("got %s: %s, %q", got.Action, got.Reason, got.Advice)
	}
}

// A row that a policy hides from us must not make a lock look free.
func TestATableWhosePolicyHidesRowsIsNotSeen(t *testing.T) {
	t.Parallel()
	s, _ := catalog(t, "1")
	s.Exec(t, "postgres", "CREATE ROLE other LOGIN PASSWORD '"+lab.Password+"'")
	s.Exec(t, "backstage_plugin_catalog", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO other", "ALTER TABLE knex_migrations_lock ENABLE ROW LEVEL SECURITY")
	snapshot, err := reader(t, s.DSN("other", "backstage_plugin_catalog")).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(snapshot.Unseen) != 1 || !strings.Contains(snapshot.Unseen[0].Reason, "row-level security") {
		t.Errorf("unseen: %+v", snapshot.Unseen)
	}
}

func TestWhatWouldRunWithTheClearersRightsIsRefused(t *testing.T) {
	t.Parallel()
	s, owner := catalog(t, "1")
	traps := map[string]string{ // by what is said of them
		"trigger trap":            "CREATE TRIGGER trap BEFORE DELETE ON knex_migrations_lock EXECUTE FUNCTION trap()",
		"rule trap":               "CREATE RULE trap AS ON INSERT TO knex_migrations_lock DO ALSO NOTIFY trap",
		"constraint trap":         "ALTER TABLE knex_migrations_lock ADD CONSTRAINT trap CHECK (plain() = 1)",
		"default of column index": "ALTER TABLE knex_migrations_lock ALTER COLUMN index SET DEFAULT plain()",
		"index public.trap":       "CREATE INDEX trap ON knex_migrations_lock ((plain() + is_locked))",
		"child table":             "CREATE TABLE child () INHERITS (knex_migrations_lock)",
	}
	said := map[string]string{}
	for what, statement := range traps {
		plugin := fmt.Sprintf("p%d", len(said))
		said[plugin] = what
		s.Exec(t, "postgres", "CREATE DATABASE backstage_plugin_"+plugin+" OWNER backstage TEMPLATE backstage_plugin_catalog STRATEGY file_copy")
		c := s.Connect(t, "backstage", "backstage_plugin_"+plugin, "application_name", "psql")
		for _, statement := range []string{
			"CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
			"CREATE FUNCTION plain() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1'", statement,
		} {
			if _, err := c.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	said["catalog"] = ""
	for _, l := range unlock(t, reader(t, s.DSN("postgres", "postgres"))) {
		what := said[l.Plugin]
		if refused := l.Action == dbops.ActionRefused && strings.Contains(l.Reason, what) && strings.Contains(l.Reason, "connect as backstage"); refused != (what != "") {
			t.Errorf("%s, as a superuser: %s: %s", what, l.Action, l.Reason)
		}
	}
	for _, l := range unlock(t, owner) {
		if what := said[l.Plugin]; what != "" && l.Action != dbops.ActionCleared {
			t.Errorf("%s, as the owner, whose own it is: %s: %s", what, l.Action, l.Reason)
		}
	}
}

func TestNamesAreNeverStatements(t *testing.T) {
	t.Parallel()
	s := lab.Postgres(t)
	const odd = "a\"b'c; DROP TABLE x; -- \\ $ameide$ %I :table\n\x1b[31m"
	database := dbops.DefaultPrefix + "=" + odd[:30]
	s.Exec(t, "postgres", "CREATE DATABASE "+ident(database))
	s.Exec(t, database, "CREATE SCHEMA "+ident(odd),
		fmt.Sprintf("CREATE TABLE %s.%s (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz)", ident(odd), ident(odd)),
		fmt.Sprintf("CREATE TABLE %s.%s (index serial PRIMARY KEY, is_locked integer)", ident(odd), ident(odd+"_lock")),
		fmt.Sprintf("INSERT INTO %s.%s (is_locked) VALUES (1)", ident(odd), ident(odd+"_lock")))
	r := reader(t, s.DSN("postgres", "postgres"))
	got := unlock(t, r)
	if len(got) != 1 || got[0].Database != database || got[0].Schema != odd || got[0].Table != odd+"_lock" || got[0].Action != dbops.ActionCleared {
		t.Fatalf("got %+v", got)
	}
	if got := look(t, r); got[0].Verdict != dbops.Free {
		t.Errorf("afterwards %s", got[0].Verdict)
	}
}

func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Tables that look a little like Knex's must not hide those that are.
func TestOddTablesHideNothing(t *testing.T) {
	t.Parallel()
	s, _ := catalog(t, "1")
	const sibling = "(id serial primary key, name varchar(255), batch integer, migration_time timestamptz)"
	s.Exec(t, "backstage_plugin_catalog",
		"CREATE TABLE door "+sibling, "CREATE TABLE door_lock (index integer, is_locked boolean)", "INSERT INTO door_lock VALUES (1, true)",
		"CREATE TABLE text "+sibling, "CREATE TABLE text_lock (index text, is_locked text)", "INSERT INTO text_lock VALUES ('a', 'b')",
		"CREATE TABLE odd (id serial primary key, name bytea, batch text, migration_time text)", "CREATE TABLE odd_lock (index bigint, is_locked bigint)",
		"INSERT INTO odd (name, batch, migration_time) VALUES ('x', 'many', 'soon')", "INSERT INTO odd_lock VALUES (9223372036854775807, 9223372036854775807)",
		"INSERT INTO knex_migrations (name, batch, migration_time) SELECT 'm' || i, i, now() FROM generate_series(1, 5000) i")
	locks := look(t, reader(t, s.DSN("postgres", "backstage_plugin_catalog")))
	if len(locks) != 2 || locks[1].Table != "odd_lock" || locks[1].Verdict != dbops.Corrupt {
		t.Errorf("got%s", summary(locks))
	}
	if got := the(t, locks); got.Verdict != dbops.Stale || got.LastMigration != "m5000" {
		t.Errorf("got %s, last migration %q", got.Verdict, got.LastMigration)
	}
}

func TestALongStatementIsShortened(t *testing.T) {
	t.Parallel()
	s, r := catalog(t, "1")
	c := s.Connect(t, "backstage", "backstage_plugin_catalog", "application_name", "backstage_plugin_catalog")
	if _, err := c.Exec(t.Context(), "select '"+strings.Repeat("long ", 100_000)+"'"); err != nil {
		t.Fatal(err)
	}
	if got := the(t, look(t, r)); len(got.Sessions) != 1 || len(got.Sessions[0].Query) > 300 {
		t.Errorf("got %+v", got.Sessions)
	}
}

// A look at 13 locks in 8 databases takes fewer turns of asking and answering than psql, run once for each database, needs to
// find and read the same rows.
func TestALookTakesFewerRoundTripsThanPsqlForEachDatabase(t *testing.T) {
	t.Parallel()
	psql, err := exec.LookPath("psql")
	if err != nil {
		lab.Missing(t, "psql on PATH")
	}
	s, _ := catalog(t, "0")
	names := []string{"backstage_plugin_catalog"}
	for i := range 7 {
		names = append(names, fmt.Sprintf("backstage_plugin_p%d", i))
		s.Exec(t, "postgres", "CREATE DATABASE "+names[i+1]+" TEMPLATE backstage_plugin_catalog STRATEGY file_copy")
	}
	for i := range 5 {
		knexTables(t, s, "backstage_plugin_catalog", fmt.Sprintf("more%d__knex_migrations", i), "0")
	}
	var turns atomic.Int64
	port := lab.Proxy(t, s.Port, func([]byte) lab.Cut { turns.Add(1); return lab.Pass })
	if got := look(t, reader(t, lab.DSN(port, "postgres", "postgres"))); len(got) != 13 {
		t.Fatalf("saw%s", summary(got))
	}
	ours := turns.Swap(0)
	r := reader(t, s.DSN("postgres", "postgres"))
	for _, name := range names {
		c := exec.Command(psql, "--no-psqlrc", "--dbname", lab.DSN(port, "postgres", name))
		c.Stdin = strings.NewReader("SELECT format('SELECT * FROM %s', t) FROM (" + r.Scripts.LockTables + ") AS q(t) \\gexec\n")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	theirs := turns.Load()
	t.Logf("%d turns, psql %d", ours, theirs)
	if ours >= theirs {
		t.Errorf("%d turns, and psql needs %d", ours, theirs)
	}
}
