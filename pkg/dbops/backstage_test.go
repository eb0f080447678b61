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

// Thirteen lock tables, each stuck in turn: Backstage fails with the incident's error, or hides it, and starts once the
// lock is cleared.
func TestEveryLockOfBackstageIsFoundAndHealed(t *testing.T) {
	s, r := started(t, lab.BackstageDatabase{})
	all := look(t, r)
	if got := stuck(all); len(got) > 0 {
		t.Fatalf("stuck after a clean stop: %v", got)
	}
	for _, l := range all {
		t.Run(l.Plugin+"/"+l.Table, func(t *testing.T) {
			setLock(t, s, l, "update $ set is_locked = 1")
			b := lab.StartBackstage(t, s, lab.BackstageDatabase{})
			incident(t, r, b, l)
			awaitNobody(t, s)
			if got := stuck(look(t, r)); !slices.Equal(got, []string{l.Database + "/" + l.Name() + " STALE"}) {
				t.Fatalf("stuck: %v", got)
			}
			unlock(t, r)
			if got := stuck(look(t, r)); len(got) > 0 {
				t.Fatalf("still stuck: %v", got)
			}
		})
	}
	b := lab.StartBackstage(t, s, lab.BackstageDatabase{})
	b.AwaitReady(t)
	for _, l := range look(t, r) {
		if l.Verdict != dbops.Free {
			t.Errorf("with Backstage running: %s %s", l.Plugin, l.Verdict)
		}
	}
}

// incident waits for Backstage's error. A stuck lock of the scheduler ends nothing: Backstage becomes ready and is silent.
func incident(t *testing.T, r dbops.Reader, b *lab.Backstage, l dbops.Lock) {
	t.Helper()
	if strings.HasPrefix(l.Table, "backstage_backend_tasks__") {
		b.AwaitReady(t)
		got := the(t, look(t, r), l.Plugin+" "+l.Name())
		if got.Verdict != dbops.Held || !got.Uncertain || !strings.Contains(got.Advice, "looks healthy") {
			t.Errorf("behind a healthy Backstage: %s, %q", got.Verdict, got.Advice)
		}
		b.Stop()
		return
	}
	if err := b.Wait(t); err == nil {
		t.Error("backstage ended with 0")
	}
	if !strings.Contains(b.Output(), "MigrationLocked") {
		t.Errorf("not the incident:\n%s", b.Output())
	}
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
			time.Sleep(5 * time.Millisecond)
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

// Replicas that start together on fresh databases leave two rows sooner or later, which lock for ever.
func TestTwoReplicasThatLeftTwoRowsAreHealed(t *testing.T) {
	for try := range 10 {
		s := install(t)
		r := reader(t, s.DSN("backstage", "postgres"))
		one, two := lab.StartBackstage(t, s, lab.BackstageDatabase{}), lab.StartBackstage(t, s, lab.BackstageDatabase{})
		settle(one, two)
		one.Stop()
		two.Stop()
		awaitNobody(t, s)
		locks := look(t, r)
		if !slices.ContainsFunc(locks, func(l dbops.Lock) bool { return l.Verdict == dbops.Corrupt && len(l.Rows) == 2 }) {
			s.Close()
			continue
		}
		t.Logf("try %d:%s", try, summary(locks))
		if b := lab.StartBackstage(t, s, lab.BackstageDatabase{}); true {
			_ = b.Wait(t) // two rows: it cannot start
			awaitNobody(t, s)
		}
		unlock(t, r)
		repair(t, s, r)
		lab.StartBackstage(t, s, lab.BackstageDatabase{}).AwaitReady(t)
		return
	}
	t.Skip("two replicas left no two rows in 10 tries; the state itself is covered by the other tests")
}

// settle waits until each has ended or is ready.
func settle(all ...*lab.Backstage) {
	for _, b := range all {
		for range 600 {
			select {
			case <-b.Done():
			default:
				if !b.Ready() {
					time.Sleep(50 * time.Millisecond)
					continue
				}
			}
			break
		}
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
	if got := stuck(look(t, r)); len(got) > 0 {
		t.Errorf("after the start: %v", got)
	}
}
