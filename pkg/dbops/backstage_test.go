package dbops_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/dbops"
)

// install is a server with the role of a fresh installation.
func install(t *testing.T) *lab.Server {
	t.Helper()
	lab.Slow(t)
	s := lab.Postgres(t)
	s.Exec(t, "postgres", "CREATE ROLE backstage LOGIN CREATEDB PASSWORD '"+lab.Password+"'")
	return s
}

// started is an installation that has been ready once and is scaled to 0 again.
func started(t *testing.T, db lab.BackstageDatabase) (*lab.Server, dbops.Reader) {
	t.Helper()
	s := install(t)
	if db.Schema != "" {
		s.Exec(t, "postgres", "CREATE DATABASE "+db.Schema+" OWNER backstage")
	}
	r := reader(t, s.DSN("backstage", "postgres"))
	if db.Schema != "" {
		r = reader(t, s.DSN("backstage", db.Schema))
	}
	if db.Prefix != "" {
		r.Installation.Prefix = db.Prefix
	}
	r.Installation.Plugins = db.Plugins
	b := lab.StartBackstage(t, s, db)
	b.AwaitReady(t)
	awaitTasks(t, r)
	b.Stop()
	awaitNobody(t, s)
	return s, r
}

// awaitTasks waits for the scheduler's tables, which appear after readiness.
func awaitTasks(t *testing.T, r dbops.Reader) {
	t.Helper()
	for range 100 {
		if len(look(t, r)) == 13 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("not 13 lock tables:%s", summary(look(t, r)))
}

// awaitNobody waits until the server has noticed that Backstage is gone.
func awaitNobody(t *testing.T, s *lab.Server) {
	t.Helper()
	c := s.Connect(t, "postgres", "postgres")
	for range 400 {
		var n int
		if err := c.QueryRow(t.Context(), "select count(*) from pg_stat_activity where usename = 'backstage'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("sessions stay")
}

func setLock(t *testing.T, s *lab.Server, l dbops.Lock, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		s.Exec(t, l.Database, strings.ReplaceAll(statement, "$", fmt.Sprintf("%q.%q", l.Schema, l.Table)))
	}
}

func stuck(locks []dbops.Lock) []string {
	out := []string{}
	for _, l := range locks {
		if !l.Clear() {
			out = append(out, l.Database+"/"+l.Name()+" "+string(l.Verdict))
		}
	}
	return out
}

// Thirteen lock tables, each stuck in turn: Backstage fails with the incident's error, or hides it, and becomes ready once
// the lock is cleared. Two installations share the tables, because every table costs two starts.
func TestEveryLockOfBackstageIsFoundAndHealed(t *testing.T) {
	lab.Slow(t)
	const halves = 2
	for half := range halves {
		t.Run(fmt.Sprintf("half %d", half+1), func(t *testing.T) {
			t.Parallel()
			s, r := started(t, lab.BackstageDatabase{})
			all := look(t, r)
			if got := stuck(all); len(got) > 0 {
				t.Fatalf("stuck after a clean stop: %v", got)
			}
			for i := half; i < len(all); i += halves {
				t.Run(all[i].Plugin+"/"+all[i].Table, func(t *testing.T) { lockFailHealReady(t, s, r, all[i]) })
			}
		})
	}
}

func lockFailHealReady(t *testing.T, s *lab.Server, r dbops.Reader, l dbops.Lock) {
	setLock(t, s, l, "update $ set is_locked = 1")
	if isTasks(l) {
		s.Exec(t, l.Database, "delete from backstage_backend_tasks__tasks")
	}
	incident(t, r, lab.StartBackstage(t, s, lab.BackstageDatabase{}), l)
	awaitNobody(t, s)
	if got := stuck(look(t, r)); !slices.Equal(got, []string{l.Database + "/" + l.Name() + " STALE"}) {
		t.Fatalf("stuck: %v", got)
	}
	unlock(t, r)
	b := lab.StartBackstage(t, s, lab.BackstageDatabase{})
	b.AwaitReady(t)
	if isTasks(l) {
		awaitRows(t, s, l.Database, "backstage_backend_tasks__tasks", 1) // the plugin's tasks are scheduled again
	}
	awaitFree(t, r)
	b.Stop()
	awaitNobody(t, s)
}

// awaitFree waits until every lock is free: a scheduler migrates when it gets its first task, which may be after Backstage
// says that it is ready.
func awaitFree(t *testing.T, r dbops.Reader) {
	t.Helper()
	var taken []string
	for range 60 {
		taken = nil
		for _, l := range look(t, r) {
			if l.Verdict != dbops.Free {
				taken = append(taken, fmt.Sprintf("%s %s %s", l.Plugin, l.Name(), l.Verdict))
			}
		}
		if len(taken) == 0 {
			return
		}
		time.Sleep(250 * time.Millisecond)
	}
	t.Errorf("with Backstage running: %q", taken)
}

func isTasks(l dbops.Lock) bool { return strings.HasPrefix(l.Table, "backstage_backend_tasks__") }

// awaitRows waits until a table has at least so many rows.
func awaitRows(t *testing.T, s *lab.Server, database, table string, want int) {
	t.Helper()
	await(t, s, database, fmt.Sprintf("select count(*) >= %d from %q", want, table))
}

// await waits until a query says true.
func await(t *testing.T, s *lab.Server, database, query string) {
	t.Helper()
	c := s.Connect(t, "postgres", database, "application_name", "psql")
	defer c.Close(t.Context())
	for range 2400 {
		var yes bool
		if err := c.QueryRow(t.Context(), query).Scan(&yes); err != nil {
			t.Fatal(err)
		}
		if yes {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("not within a minute: %s", query)
}

// incident waits for Backstage's error. A stuck lock of the scheduler ends nothing: Backstage becomes ready, its task
// tables stay empty, and only its log shows why.
func incident(t *testing.T, r dbops.Reader, b *lab.Backstage, l dbops.Lock) {
	t.Helper()
	if isTasks(l) {
		b.AwaitReady(t)
		for range 200 { // the scheduler begins when Backstage is ready
			if strings.Contains(b.Output(), "MigrationLocked") {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		awaitTold(t, r, l)
	} else if err := b.Wait(t); err == nil {
		t.Error("backstage ended with 0")
	}
	if !strings.Contains(b.Output(), "MigrationLocked") {
		t.Errorf("not the incident:\n%s", b.Output())
	}
	b.Stop()
}

// awaitTold waits until what is said of a lock behind a healthy Backstage is right: while plugins still start, one may be at
// work in the same database.
func awaitTold(t *testing.T, r dbops.Reader, l dbops.Lock) {
	t.Helper()
	var got dbops.Lock
	for range 60 {
		got = the(t, look(t, r), l.Plugin+" "+l.Name())
		if got.Verdict == dbops.Held && got.Uncertain && strings.Contains(got.Advice, "looks healthy") {
			return
		}
		time.Sleep(250 * time.Millisecond)
	}
	t.Errorf("behind a healthy Backstage: %s, %q", got.Verdict, got.Advice)
}

func TestOtherLayoutsAreFoundAndHealed(t *testing.T) {
	for name, db := range map[string]lab.BackstageDatabase{
		"schema mode":  {Schema: "backstage"},
		"prefix, name": {Prefix: "myidp_", Plugins: map[string]string{"catalog": "my_catalog"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := started(t, db)
			schema := "public"
			if db.Schema != "" {
				schema = "catalog"
			}
			l := the(t, look(t, r), "catalog "+schema+".knex_migrations_lock")
			setLock(t, s, l, "update $ set is_locked = 1")
			incident(t, r, lab.StartBackstage(t, s, db), l)
			awaitNobody(t, s)
			unlock(t, r)
			lab.StartBackstage(t, s, db).AwaitReady(t)
		})
	}
}

// A kill in the middle of the first migration leaves catalog's lock: verdict, unlock, ready.
func TestAKilledFirstStartIsHealed(t *testing.T) {
	for try := range 12 {
		s := install(t)
		r := reader(t, s.DSN("backstage", "postgres"))
		b := lab.StartBackstage(t, s, lab.BackstageDatabase{})
		for !strings.Contains(b.Output(), "Performing database migration") {
			select {
			case <-b.Done():
				t.Fatalf("backstage ended before it migrated:\n%s", b.Output())
			case <-time.After(5 * time.Millisecond):
			}
		}
		time.Sleep(time.Duration(200+try%6*100) * time.Millisecond)
		b.Kill()
		awaitNobody(t, s)
		got := stuck(look(t, r))
		if len(got) == 0 {
			s.Close()
			continue
		}
		t.Logf("try %d: %s", try, summary(look(t, r)))
		unlock(t, r)
		repair(t, s, r)
		lab.StartBackstage(t, s, lab.BackstageDatabase{}).AwaitReady(t)
		return
	}
	t.Fatal("no kill left a lock in 12 tries")
}

// repair follows the advice.
func repair(t *testing.T, s *lab.Server, r dbops.Reader) {
	t.Helper()
	for _, l := range look(t, r) {
		for _, statement := range l.Repair {
			s.Exec(t, l.Database, statement)
		}
	}
}

// gate stops whoever inserts the first row of catalog's lock table, for as long as somebody holds the advisory lock 1.
var gate = []string{
	`CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$`,
	`CREATE FUNCTION put_gate() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
		IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'public.knex_migrations_lock') THEN
			CREATE TRIGGER gate BEFORE INSERT ON public.knex_migrations_lock EXECUTE FUNCTION gate();
		END IF;
	END $$`,
	`CREATE EVENT TRIGGER put_gate ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION put_gate()`,
}

// Replicas that start together on fresh databases can leave two rows, which lock for ever: each finds Knex's lock table
// empty and inserts the row. The gate holds both at that statement, so that the race always happens.
func TestTwoReplicasThatLeftTwoRowsAreHealed(t *testing.T) {
	s := install(t)
	r := reader(t, s.DSN("backstage", "postgres"))
	s.Exec(t, "postgres", "CREATE DATABASE backstage_plugin_catalog OWNER backstage")
	s.Exec(t, "backstage_plugin_catalog", gate...)
	keeper := s.Connect(t, "postgres", "backstage_plugin_catalog")
	if _, err := keeper.Exec(t.Context(), "select pg_advisory_lock(1)"); err != nil {
		t.Fatal(err)
	}
	const atTheGate = "select count(*) = %d from pg_stat_activity where usename = 'backstage' and wait_event = 'advisory' and query like 'insert into \"knex_migrations_lock\"%%'"
	one := lab.StartBackstage(t, s, lab.BackstageDatabase{})
	await(t, s, "postgres", fmt.Sprintf(atTheGate, 1))
	two := lab.StartBackstage(t, s, lab.BackstageDatabase{})
	await(t, s, "postgres", fmt.Sprintf(atTheGate, 2))
	for _, b := range []*lab.Backstage{one, two} {
		b.Pause() // or the faster one would go on before the other's row is there
	}
	if err := keeper.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	awaitRows(t, s, "backstage_plugin_catalog", "knex_migrations_lock", 2)
	s.Exec(t, "backstage_plugin_catalog", "DROP EVENT TRIGGER put_gate", "DROP TRIGGER gate ON knex_migrations_lock")
	for _, b := range []*lab.Backstage{one, two} {
		b.Resume()
	}
	incident(t, r, one, dbops.Lock{})
	incident(t, r, two, dbops.Lock{})
	incident(t, r, lab.StartBackstage(t, s, lab.BackstageDatabase{}), dbops.Lock{}) // and no start will ever do better
	awaitNobody(t, s)
	l := the(t, look(t, r))
	if l.Verdict != dbops.Corrupt || len(l.Rows) != 2 || !strings.Contains(l.Advice, "several rows") {
		t.Fatalf("got %s: %v, %q", l.Verdict, l.Rows, l.Advice)
	}
	unlock(t, r)
	repair(t, s, r)
	lab.StartBackstage(t, s, lab.BackstageDatabase{}).AwaitReady(t)
	if l = the(t, look(t, r)); l.Verdict != dbops.Free || len(l.Rows) != 1 {
		t.Errorf("afterwards %s: %v", l.Verdict, l.Rows)
	}
}

// The half-built index: clearing alone leads to 42P07, the advice leads to a start.
func TestAHalfBuiltIndexIsReportedAndItsAdviceHeals(t *testing.T) {
	s, r := started(t, lab.BackstageDatabase{})
	l := the(t, look(t, r))
	setLock(t, s, l, "update $ set is_locked = 1",
		"delete from knex_migrations where name = '20240130092632_search_index.js'",
		"update pg_index set indisvalid = false where indexrelid = 'search_key_value_idx'::regclass")
	l = the(t, look(t, r))
	if l.Verdict != dbops.Stale || !slices.Equal(l.InvalidIndexes, []string{"public.search_key_value_idx"}) ||
		!slices.Contains(l.Leftovers, "index public.search_key_original_value_idx") {
		t.Fatalf("got %+v", l)
	}
	unlock(t, r)
	b := lab.StartBackstage(t, s, lab.BackstageDatabase{})
	if err := b.Wait(t); err == nil || !strings.Contains(b.Output(), "already exists") {
		t.Fatalf("expected 42P07:\n%s", b.Output())
	}
	awaitNobody(t, s)
	if got := the(t, look(t, r)); got.Clear() || got.Verdict != dbops.Free {
		t.Errorf("a free lock with leftovers: %+v", got)
	}
	repair(t, s, r)
	lab.StartBackstage(t, s, lab.BackstageDatabase{}).AwaitReady(t)
	awaitFree(t, r)
	if got := stuck(look(t, r)); len(got) > 0 {
		t.Errorf("after the start: %v", got)
	}
}
