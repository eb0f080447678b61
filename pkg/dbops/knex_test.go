package dbops_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/dbops"
)

// slow is a migration that takes seconds.
func slow(transaction bool) lab.Migration {
	return lab.Migration{Name: "1_slow.js", SQL: []string{"select pg_sleep(3)", "create table made (id int)"}, Transaction: transaction}
}

// asleep waits for the statement of a slow migration: before it Knex takes its lock, in a transaction of its own.
func asleep(t *testing.T, r dbops.Reader) dbops.Lock {
	t.Helper()
	l := eventually(t, r, dbops.Held)
	for range 200 {
		if l.Verdict == dbops.Held && len(l.Sessions) > 0 && strings.Contains(l.Sessions[0].Query, "pg_sleep") {
			return l
		}
		l = the(t, look(t, r))
	}
	t.Fatalf("the migration never slept: %s, %+v", l.Verdict, l.Sessions)
	return l
}

func TestALiveMigrationIsHeldRefusedAndUnharmed(t *testing.T) {
	lab.Slow(t)
	for _, transaction := range []bool{true, false} {
		t.Run(fmt.Sprintf("transaction %v", transaction), func(t *testing.T) {
			t.Parallel()
			s, r := catalog(t, "0")
			k := lab.Knex(t, s.DSN("backstage", "backstage_plugin_catalog"), "backstage_plugin_catalog", "latest", slow(transaction))
			l := asleep(t, r)
			if got, want := l.Rows[0].IsLocked.String(), map[bool]string{true: "0", false: "1"}[transaction]; got != want {
				t.Errorf("the row reads %s, want %s", got, want)
			}
			got := the(t, unlock(t, r))
			if got.Action != dbops.ActionRefused || len(got.Sessions) == 0 || got.Sessions[0].Query == "" {
				t.Errorf("got %+v, want it refused with its session", got)
			}
			if res := k.Result(t); !res.OK {
				t.Errorf("the migration was harmed: %+v", res)
			}
			time.Sleep(50 * time.Millisecond)
			if got := the(t, look(t, r)); got.Verdict != dbops.Free || got.LastMigration != "1_slow.js" {
				t.Errorf("afterwards %s, last migration %q", got.Verdict, got.LastMigration)
			}
		})
	}
}

func TestAKilledClientLeavesAnOrphanThenAStaleLock(t *testing.T) {
	lab.Slow(t)
	s, r := catalog(t, "0")
	m := lab.Migration{Name: "1_slow.js", SQL: []string{"select pg_sleep(4)"}}
	k := lab.Knex(t, s.DSN("backstage", "backstage_plugin_catalog"), "backstage_plugin_catalog", "latest", m)
	asleep(t, r)
	k.Kill()
	l := eventually(t, r, dbops.Orphan)
	if got := the(t, unlock(t, r)); got.Action != dbops.ActionRefused {
		t.Errorf("got %s, want refused", got.Action)
	}
	s.Exec(t, "postgres", fmt.Sprintf("select pg_terminate_backend(%d)", l.Sessions[0].PID)) // the advice
	eventually(t, r, dbops.Stale)
	if got := the(t, unlock(t, r)); got.Action != dbops.ActionCleared {
		t.Fatalf("got %s (%s), want cleared", got.Action, got.Reason)
	}
	m.SQL = []string{"select 1"}
	if res := lab.Knex(t, s.DSN("backstage", "backstage_plugin_catalog"), "", "latest", m).Result(t); !res.OK {
		t.Errorf("knex cannot migrate after the unlock: %+v", res)
	}
}

// What this package calls stuck, Knex cannot take; what it leaves, Knex can.
func TestVerdictsAgreeWithKnex(t *testing.T) {
	lab.Slow(t)
	for _, c := range []struct {
		values []string
		want   dbops.Verdict
		locked bool
	}{
		{[]string{"0"}, dbops.Free, false},
		{nil, dbops.Free, false},
		{[]string{"1"}, dbops.Stale, true},
		{[]string{"2"}, dbops.Corrupt, true},
		{[]string{"NULL"}, dbops.Corrupt, true},
		{[]string{"0", "0"}, dbops.Corrupt, true},
		{[]string{"1", "1"}, dbops.Corrupt, true},
		{[]string{"0", "1"}, dbops.Corrupt, false}, // once: it then sets both to 0
	} {
		t.Run(fmt.Sprint(c.values), func(t *testing.T) {
			t.Parallel()
			s, r := catalog(t, "")
			for _, statement := range inserts("knex_migrations", c.values) {
				s.Exec(t, "backstage_plugin_catalog", statement)
			}
			dsn := s.DSN("backstage", "backstage_plugin_catalog")
			m := lab.Migration{Name: "1_a.js", SQL: []string{"select 1"}, Transaction: true}
			if got := the(t, look(t, r)); got.Verdict != c.want {
				t.Errorf("got %s, want %s", got.Verdict, c.want)
			}
			if res := lab.Knex(t, dsn, "", "latest", m).Result(t); (res.Name == "MigrationLocked") != c.locked {
				t.Errorf("knex: %+v, want locked %v", res, c.locked)
			}
			unlock(t, r)
			if got := the(t, look(t, r)); got.Verdict != dbops.Free {
				t.Errorf("after unlock: %s", got.Verdict)
			}
			if res := lab.Knex(t, dsn, "", "latest", m).Result(t); !res.OK {
				t.Errorf("knex after unlock: %+v", res)
			}
		})
	}
}

// Racers start Knex over and over while unlock runs. The migrations prove that they are alone: each statement takes an
// advisory lock, which vanishes with its session, so that a killed run is not taken for a second one.
func TestUnlockNeverLetsTwoMigrationsRun(t *testing.T) {
	lab.Slow(t)
	length := time.Minute
	if text := os.Getenv("AMEIDE_LAB_RACE"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		length = d
	}
	s, r := catalog(t, "0")
	dsn := s.DSN("backstage", "backstage_plugin_catalog")
	deadline := time.Now().Add(length)
	var wg sync.WaitGroup
	var mu sync.Mutex
	counts := map[string]int{}
	note := func(what string) { mu.Lock(); counts[what]++; mu.Unlock() }
	for racer := range 8 {
		wg.Go(func() {
			for round := 0; time.Now().Before(deadline); round++ {
				race(t, s, racer, round, note)
			}
		})
	}
	for time.Now().Before(deadline) {
		snapshot, err := r.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range r.Apply(t.Context(), dbops.Plan(dbops.Judge(snapshot, r.Installation, nil), nil), nil) {
			note("unlock " + string(l.Verdict) + " " + string(l.Action))
		}
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
	}
	wg.Wait()
	t.Logf("%v", counts)
	if counts["migrated"] == 0 || length >= time.Minute && counts["unlock STALE cleared"] == 0 {
		t.Error("no migration ran, or no lock was ever cleared: the test proves nothing")
	}
	for range 100 { // the last run may have been a killed one
		if the(t, unlock(t, r)).Verdict == dbops.Free {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if res := lab.Knex(t, dsn, "", "latest").Result(t); !res.OK && res.Name == "MigrationLocked" {
		t.Errorf("a lock is left that knex cannot take: %+v", res)
	}
}

// race is one start of Knex; every third is killed half-way.
func race(t *testing.T, s *lab.Server, racer, round int, note func(string)) {
	dsn, name := s.DSN("backstage", "backstage_plugin_catalog"), fmt.Sprintf("racer-%d", racer)
	kill := round%3 == 2
	alone := "do $$ begin if not pg_try_advisory_xact_lock(1) then raise exception 'two at once'; end if; perform pg_sleep(0.05); end $$"
	m := lab.Migration{Name: fmt.Sprintf("%d_%d.js", racer, round), Transaction: !kill && round%2 == 0, SQL: []string{alone, alone}}
	k := lab.Knex(t, dsn, name, "latest", m)
	if kill && midMigration(t, s, k, name) {
		k.Kill()
		note("killed")
		return
	}
	switch res := k.Result(t); {
	case res.OK:
		note("migrated")
	case res.Name == "MigrationLocked":
		note("locked")
	case res.Code == "P0001":
		t.Errorf("two migrations at once: %+v", res)
	default:
		note("other: " + res.Message)
	}
}

// midMigration waits until a racer is in its migration; false when it ended before.
func midMigration(t *testing.T, s *lab.Server, k lab.KnexRun, name string) bool {
	watch := s.Connect(t, "postgres", "postgres")
	defer watch.Close(t.Context())
	for {
		var busy bool
		err := watch.QueryRow(t.Context(), "select exists (select from pg_stat_activity where application_name = $1 and state = 'active' and query like 'do %')", name).Scan(&busy)
		if err != nil {
			t.Error(err)
			return false
		}
		if busy {
			return true
		}
		select {
		case <-k.Done():
			return false
		case <-time.After(3 * time.Millisecond):
		}
	}
}
