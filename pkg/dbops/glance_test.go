package dbops

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/templates"
)

const strange = `o'Hare <b>&amp; %1$s {x} $rows$ "quoted"`

// The glance and the full look must not tell different things of a healthy database, and the glance must say nothing of
// any other.
func TestGlanceSaysOfHealthyTablesWhatTheFullLookSays(t *testing.T) {
	t.Parallel()
	s := lab.Postgres(t)
	escaped := strings.ReplaceAll(strange, `"`, `""`)
	s.Exec(t, "postgres", "CREATE ROLE reader LOGIN PASSWORD '"+lab.Password+"'", "CREATE SCHEMA \"o'Hare\"",
		`CREATE TABLE "o'Hare"."`+escaped+`" (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz)`,
		`CREATE TABLE "o'Hare"."`+escaped+`_lock" (index serial PRIMARY KEY, is_locked integer)`,
		`INSERT INTO "o'Hare"."`+escaped+`" (name, batch, migration_time) VALUES (E'1 <&> "é" \n', 1, now()), (NULL, NULL, NULL)`,
		"CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz)",
		"CREATE TABLE knex_migrations_lock (index serial PRIMARY KEY, is_locked integer)", "INSERT INTO knex_migrations_lock (is_locked) VALUES (0)",
		"CREATE TABLE other (a integer)")
	for _, c := range []struct {
		name, change, back string
		role               string
		healthy            bool
	}{
		{name: "as it should be", healthy: true},
		{name: "locked", change: "UPDATE knex_migrations_lock SET is_locked = 1", back: "UPDATE knex_migrations_lock SET is_locked = 0"},
		{name: "NULL", change: "UPDATE knex_migrations_lock SET is_locked = NULL", back: "UPDATE knex_migrations_lock SET is_locked = 0"},
		{name: "two rows", change: "INSERT INTO knex_migrations_lock (is_locked) VALUES (0)", back: "DELETE FROM knex_migrations_lock WHERE index > 1"},
		{name: "an index that a migration leaves", change: "CREATE INDEX " + knownIndexes()[0] + " ON other (a)", back: "DROP INDEX " + knownIndexes()[0]},
		{name: "an invalid index", change: "UPDATE pg_index SET indisvalid = false WHERE indrelid = 'knex_migrations'::regclass", back: "UPDATE pg_index SET indisvalid = true"},
		{name: "a name that XML cannot hold", change: "INSERT INTO knex_migrations (name) VALUES (chr(1))", back: "DELETE FROM knex_migrations"},
		{name: "a table that may not be read", role: "reader"},
		{name: "as it was", healthy: true},
	} {
		if c.change != "" {
			s.Exec(t, "postgres", c.change)
		}
		role := "postgres"
		if c.role != "" {
			role = c.role
		}
		t.Run(c.name, func(t *testing.T) { compareLooks(t, s, role, c.healthy) })
		if c.back != "" {
			s.Exec(t, "postgres", c.back)
		}
	}
}

func compareLooks(t *testing.T, s *lab.Server, role string, healthy bool) {
	t.Helper()
	scripts, err := LoadScripts(templates.GitOps())
	if err != nil {
		t.Fatal(err)
	}
	c, err := pgconn.Connect(t.Context(), s.DSN(role, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer closeQuietly(c)
	m := looks(scripts, "")
	var full contents
	if err := ask(t.Context(), c, m.full, &full); err != nil {
		t.Fatal(err)
	}
	if len(full.Tables) != 2 {
		t.Fatalf("%d tables instead of 2", len(full.Tables))
	}
	both, err := readGlance(t.Context(), c, m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(full.database("x"), both.database("x"), cmp.AllowUnexported(Database{})); diff != "" {
		t.Errorf("the full look alone, and behind a glance:\n%s", diff)
	}
	var g glance
	if err := ask(t.Context(), c, m.glance, &g); err != nil {
		if healthy {
			t.Fatal(err)
		}
		return
	}
	if _, ok := g.contents(); ok != healthy {
		t.Errorf("the glance is enough: %v", ok)
	}
}
