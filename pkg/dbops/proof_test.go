package dbops_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/templates"
)

// reader looks at a server of the lab through a DSN.
func reader(t *testing.T, dsn string) dbops.Reader {
	t.Helper()
	target, err := dbops.ParseTarget(dsn)
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := dbops.LoadScripts(templates.GitOps())
	if err != nil {
		t.Fatal(err)
	}
	return dbops.Reader{Target: target, Installation: dbops.Installation{Prefix: dbops.DefaultPrefix, Database: "backstage"}, Scripts: scripts}
}

// look reads and judges.
func look(t *testing.T, r dbops.Reader, assumed ...dbops.Identity) []dbops.Lock {
	t.Helper()
	s, err := r.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return dbops.Judge(s, r.Installation, assumed)
}

// the is the lock of a table; catalog's main one when nothing is named.
func the(t *testing.T, locks []dbops.Lock, name ...string) dbops.Lock {
	t.Helper()
	want := "catalog public.knex_migrations_lock"
	if len(name) > 0 {
		want = name[0]
	}
	for _, l := range locks {
		if l.Plugin+" "+l.Name() == want {
			return l
		}
	}
	t.Fatalf("no lock %s among %s", want, summary(locks))
	return dbops.Lock{}
}

func summary(locks []dbops.Lock) string {
	var b strings.Builder
	for _, l := range locks {
		fmt.Fprintf(&b, "\n%s %s %s %s (%s) %v %v", l.Verdict, l.Plugin, l.Name(), l.Action, l.Reason, l.InvalidIndexes, l.Leftovers)
	}
	return b.String()
}

// unlock plans and applies for everything.
func unlock(t *testing.T, r dbops.Reader, assumed ...dbops.Identity) []dbops.Lock {
	t.Helper()
	return r.Apply(t.Context(), dbops.Plan(look(t, r, assumed...), nil), assumed)
}

// eventually polls until a lock has a verdict.
func eventually(t *testing.T, r dbops.Reader, want dbops.Verdict) dbops.Lock {
	t.Helper()
	var last []dbops.Lock
	for range 200 {
		last = look(t, r)
		for _, l := range last {
			if l.Verdict == want {
				return l
			}
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("never %s:%s", want, summary(last))
	return dbops.Lock{}
}

// catalog is a server with the catalog's database, owned by role backstage, and one Knex lock table that reads value.
func catalog(t *testing.T, value string) (*lab.Server, dbops.Reader) {
	t.Helper()
	s := lab.Postgres(t)
	s.Exec(t, "postgres", "CREATE ROLE backstage LOGIN CREATEDB PASSWORD '"+lab.Password+"'", "CREATE DATABASE backstage_plugin_catalog OWNER backstage")
	knexTables(t, s, "backstage_plugin_catalog", "knex_migrations", value)
	return s, reader(t, s.DSN("backstage", "backstage_plugin_catalog"))
}

// knexTables are the statements of Knex 3's table-creator.
func knexTables(t *testing.T, s *lab.Server, database, name string, values ...string) {
	t.Helper()
	c := s.Connect(t, "backstage", database)
	for _, statement := range append([]string{
		fmt.Sprintf(`create table %q ("id" serial primary key, "name" varchar(255), "batch" integer, "migration_time" timestamptz)`, name),
		fmt.Sprintf(`create table %q ("index" serial primary key, "is_locked" integer)`, name+"_lock"),
	}, inserts(name, values)...) {
		if _, err := c.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	lab.End(c)
}

func inserts(name string, values []string) []string {
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, fmt.Sprintf(`insert into %q (is_locked) values (%s)`, name+"_lock", v))
		}
	}
	return out
}
