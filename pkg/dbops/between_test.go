package dbops_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/dbops"
)

// between looks through a proxy that stops the look just before the n-th time that it asks for the sessions, or for the
// rows; both count from 1.
func between(t *testing.T, s *lab.Server, sessions, rows func(n int)) dbops.Reader {
	t.Helper()
	var mu sync.Mutex
	count := map[string]int{}
	port := lab.Proxy(t, s.Port, func(chunk []byte) lab.Cut {
		mu.Lock()
		defer mu.Unlock()
		for marker, act := range map[string]func(int){"pg_stat_progress_create_index": sessions, "AS listed(lock_table)": rows} {
			if bytes.Contains(chunk, []byte(marker)) {
				count[marker]++
				act(count[marker])
			}
		}
		return lab.Pass
	})
	return reader(t, lab.DSN(port, "backstage", "backstage_plugin_catalog"))
}

// migrator takes and frees catalog's lock as Knex does outside a transaction.
type migrator struct {
	t    *testing.T
	s    *lab.Server
	conn *pgx.Conn
}

func (m *migrator) run(statement string) {
	if _, err := m.conn.Exec(context.Background(), statement); err != nil {
		m.t.Error(err)
	}
}

func (m *migrator) connect() {
	m.conn = m.s.Connect(m.t, "backstage", "backstage_plugin_catalog", "application_name", "backstage_plugin_catalog")
}

func (m *migrator) begin() {
	m.connect()
	m.run("update knex_migrations_lock set is_locked = 1 where is_locked = 0")
}

// end frees the lock and waits until the server has forgotten the session.
func (m *migrator) end() {
	m.run("update knex_migrations_lock set is_locked = 0")
	_ = m.conn.Close(context.Background())
	awaitNoPlugin(m.t, m.s)
}

// awaitNoPlugin waits until no session but ours, who look, is left.
func awaitNoPlugin(t *testing.T, s *lab.Server) {
	t.Helper()
	await(t, s, "postgres", "select not exists (select from pg_stat_activity where usename = 'backstage' and application_name not like 'ameide-%')")
}

func TestAMigrationThatBeginsOrEndsDuringALookIsNeverStale(t *testing.T) {
	t.Parallel()
	nothing := func(*migrator, int) {}
	at := func(when int, do func(*migrator)) func(*migrator, int) {
		return func(m *migrator, n int) {
			if n == when {
				do(m)
			}
		}
	}
	for _, c := range []struct {
		name     string
		running  bool // a migration runs when the look begins
		value    string
		sessions func(m *migrator, n int)
		rows     func(m *migrator, n int)
		want     dbops.Verdict
		doubt    string // in the reason of the refusal
	}{
		{"nothing happens, and the lock is stuck", false, "1", nothing, nothing, dbops.Stale, ""},
		{"nothing happens, and somebody migrates", true, "0", nothing, nothing, dbops.Held, "may be migrating"},
		{"it ends before the sessions are read", true, "0", at(1, (*migrator).end), nothing, dbops.Free, ""},
		{"it ends, and the next begins after the sessions are read", true, "0", at(1, (*migrator).end), at(2, (*migrator).begin), dbops.Held, "may be migrating"},
		{"it ends, and the next begins and ends", true, "0", at(1, (*migrator).end), at(2, func(m *migrator) { m.begin(); m.end() }), dbops.Free, ""},
		{"one after another, for ever", true, "0", func(m *migrator, _ int) { m.end() }, func(m *migrator, n int) {
			if n > 1 {
				m.begin()
			}
		}, dbops.Held, "changed while they were looked at"},
		{"one in a transaction begins before the sessions are read", false, "0", at(1, func(m *migrator) {
			m.connect()
			m.run("begin")
			m.run("update knex_migrations_lock set is_locked = 1 where is_locked = 0")
		}), nothing, dbops.Held, "still migrating"},
		{"a stuck lock is taken over after the sessions are read", false, "1", nothing, at(2, func(m *migrator) {
			m.connect()
			m.run("update knex_migrations_lock set is_locked = 0")
			m.run("update knex_migrations_lock set is_locked = 1")
		}), dbops.Held, "may be migrating"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _ := catalog(t, c.value)
			m := &migrator{t: t, s: s}
			if c.running {
				m.begin()
			}
			r := between(t, s, func(n int) { c.sessions(m, n) }, func(n int) { c.rows(m, n) })
			got := the(t, dbops.Plan(look(t, r), nil))
			if got.Verdict != c.want || !strings.Contains(got.Reason, c.doubt) {
				t.Errorf("got %s (%s), want %s (%s)", got.Verdict, got.Reason, c.want, c.doubt)
			}
			if c.want == dbops.Held && got.Action != dbops.ActionRefused {
				t.Errorf("got %s, want refused", got.Action)
			}
		})
	}
}

func TestAnIndexThatIsFinishedDuringALookIsNoLeftOver(t *testing.T) {
	t.Parallel()
	s, _ := catalog(t, "0")
	s.Exec(t, "backstage_plugin_catalog", "CREATE TABLE search (key text)", "CREATE INDEX made ON search (key)",
		"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'made'::regclass")
	r := between(t, s, func(n int) {
		if n == 1 {
			s.Exec(t, "backstage_plugin_catalog", "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'made'::regclass")
		}
	}, func(int) {})
	if got := the(t, look(t, r)); !got.Clear() {
		t.Errorf("got %s, left over %v", got.Verdict, got.InvalidIndexes)
	}
}

func TestARealMigrationThatEndsDuringALookIsFree(t *testing.T) {
	lab.Slow(t)
	s, r := catalog(t, "0")
	keeper := s.Connect(t, "postgres", "backstage_plugin_catalog", "application_name", "psql")
	if _, err := keeper.Exec(t.Context(), "select pg_advisory_lock(1)"); err != nil {
		t.Fatal(err)
	}
	k := lab.Knex(t, s.DSN("backstage", "backstage_plugin_catalog"), "backstage_plugin_catalog", "latest",
		lab.Migration{Name: "1_waits.js", SQL: []string{"select pg_advisory_lock(1)"}})
	eventually(t, r, dbops.Held)
	through := between(t, s, func(n int) {
		if n == 1 {
			_ = keeper.Close(context.Background())
			_ = k.Wait(t)
			awaitNoPlugin(t, s)
		}
	}, func(int) {})
	if got := the(t, look(t, through)); got.Verdict != dbops.Free || got.LastMigration != "1_waits.js" {
		t.Errorf("got %s, last migration %q; want FREE after 1_waits.js", got.Verdict, got.LastMigration)
	}
}

// Real migrations come and go, none is killed: whoever looks sees them held, or free, and never stuck.
func TestLivingMigrationsAreNeverCalledStuck(t *testing.T) {
	lab.Slow(t)
	s, r := catalog(t, "0")
	var enough atomic.Bool
	var wg sync.WaitGroup
	for racer := range 4 {
		wg.Go(func() {
			for round := 0; !enough.Load(); round++ {
				m := lab.Migration{Name: fmt.Sprintf("%d_%d.js", racer, round), SQL: []string{"select 1", "select pg_sleep(0.2)"}, Transaction: round%2 == 0}
				lab.Knex(t, s.DSN("backstage", "backstage_plugin_catalog"), "", "latest", m).Result(t)
			}
		})
	}
	seen := map[dbops.Verdict]int{}
	begin := time.Now()
	for time.Since(begin) < 8*time.Second || min(seen[dbops.Held], seen[dbops.Free]) < 5 && time.Since(begin) < time.Minute {
		got := the(t, look(t, r))
		seen[got.Verdict]++
		if got.Stuck() || got.Verdict == dbops.Orphan {
			t.Errorf("%s: %+v", got.Verdict, got)
		}
	}
	enough.Store(true)
	wg.Wait()
	t.Logf("%v", seen)
	if min(seen[dbops.Held], seen[dbops.Free]) < 5 {
		t.Errorf("saw only %v: the test proves nothing", seen)
	}
}
