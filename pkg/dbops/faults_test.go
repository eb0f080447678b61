package dbops_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/dbops"
)

func TestANewcomerBetweenJudgementAndLockStopsIt(t *testing.T) {
	t.Parallel()
	s, r := catalog(t, "1")
	plan := dbops.Plan(look(t, r), nil)
	c := s.Connect(t, "backstage", "backstage_plugin_catalog", "application_name", "backstage_plugin_catalog")
	got := the(t, r.Apply(t.Context(), plan, nil))
	if got.Action != dbops.ActionRefused || !strings.Contains(got.Reason, "changed since it was judged") {
		t.Errorf("got %s: %s", got.Action, got.Reason)
	}
	lab.End(c)
	s.Exec(t, "backstage_plugin_catalog", "update knex_migrations_lock set is_locked = 0")
	got = the(t, r.Apply(t.Context(), plan, nil))
	if got.Action != dbops.ActionNone || !strings.Contains(got.Reason, "freed it meanwhile") || got.Verdict != dbops.Free || got.Advice != "Nothing to do." {
		t.Errorf("got %s, %s: %s (%s)", got.Verdict, got.Action, got.Reason, got.Advice)
	}
	s.Exec(t, "backstage_plugin_catalog", "update knex_migrations_lock set is_locked = 3")
	if got = the(t, r.Apply(t.Context(), plan, nil)); got.Action != dbops.ActionRefused {
		t.Errorf("got %s: %s", got.Action, got.Reason)
	}
}

func TestAssumedSessionsAreCheckedAgain(t *testing.T) {
	t.Parallel()
	s, r := catalog(t, "1")
	c := s.Connect(t, "backstage", "backstage_plugin_catalog", "application_name", "backstage_plugin_catalog")
	l := the(t, look(t, r))
	if l.Verdict != dbops.Held || !l.Uncertain {
		t.Fatalf("got %s, uncertain %v", l.Verdict, l.Uncertain)
	}
	snapshot, err := r.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dead, missing, busy := dbops.Identify(snapshot, []int32{l.Sessions[0].PID, 1})
	if len(dead) != 1 || len(missing) != 1 || len(busy) != 0 {
		t.Fatalf("got %v, %v, %v", dead, missing, busy)
	}
	plan := dbops.Plan(dbops.Judge(snapshot, r.Installation, dead), nil)
	if _, err := c.Exec(t.Context(), "begin"); err != nil { // no longer idle
		t.Fatal(err)
	}
	if got := the(t, r.Apply(t.Context(), plan, dead)); got.Action != dbops.ActionRefused {
		t.Errorf("a session that woke up: got %s (%s), want refused", got.Action, got.Reason)
	}
	if _, err := c.Exec(t.Context(), "rollback"); err != nil {
		t.Fatal(err)
	}
	if got := the(t, r.Apply(t.Context(), plan, dead)); got.Action != dbops.ActionCleared {
		t.Errorf("got %s (%s), want cleared", got.Action, got.Reason)
	}
}

func TestReadingWaitsForNobody(t *testing.T) {
	t.Parallel()
	s, r := catalog(t, "0")
	c := s.Connect(t, "backstage", "backstage_plugin_catalog")
	for _, statement := range []string{"begin", "lock table knex_migrations_lock in access exclusive mode"} {
		if _, err := c.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	got := the(t, look(t, r))
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("took %s", took)
	}
	if got.Verdict != dbops.Held {
		t.Errorf("got %s, want HELD", got.Verdict)
	}
}

func TestALostConnectionLeavesOldOrNewAndSaysWhich(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		marker string // what the client sends when the cut comes
		cut    lab.Cut
		want   dbops.Action
		reason string
		after  dbops.Verdict
	}{
		{"before the lock", "LOCK TABLE \"public\"", lab.CutBefore, dbops.ActionNone, "the old state stands", dbops.Stale},
		{"before the DELETE", "DELETE FROM", lab.CutBefore, dbops.ActionNone, "the old state stands", dbops.Stale},
		{"after the DELETE", "DELETE FROM", lab.CutAfter, dbops.ActionNone, "the old state stands", dbops.Stale},
		{"before COMMIT", "COMMIT\x00", lab.CutBefore, dbops.ActionNone, "at COMMIT; looked again: the old state stands", dbops.Stale},
		{"after COMMIT", "COMMIT\x00", lab.CutAfter, dbops.ActionCleared, "at COMMIT; looked again: the new state stands", dbops.Free},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, r := catalog(t, "1")
			var once sync.Once
			port := lab.Proxy(t, s.Port, func(chunk []byte) lab.Cut {
				cut := lab.Pass
				if bytes.Contains(chunk, []byte(c.marker)) && !bytes.Contains(chunk, []byte("READ ONLY")) {
					once.Do(func() { cut = c.cut })
				}
				return cut
			})
			through := reader(t, lab.DSN(port, "backstage", "backstage_plugin_catalog"))
			got := the(t, unlock(t, through))
			if got.Action != c.want || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("got %s: %s", got.Action, got.Reason)
			}
			time.Sleep(100 * time.Millisecond)
			if now := the(t, look(t, r)); now.Verdict != c.after {
				t.Errorf("afterwards %s, want %s", now.Verdict, c.after)
			}
		})
	}
}

func TestAServerThatRestartsMidTransaction(t *testing.T) {
	t.Parallel()
	s, r := catalog(t, "1")
	s.Exec(t, "postgres", "CHECKPOINT") // the lab's servers do not wait for their disk
	var once sync.Once
	port := lab.Proxy(t, s.Port, func(chunk []byte) lab.Cut {
		if bytes.HasPrefix(chunk, []byte("Q")) && bytes.Contains(chunk, []byte("COMMIT\x00")) {
			once.Do(func() {
				s.Stop(syscall.SIGQUIT)
				if err := s.Start(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		return lab.Pass
	})
	got := the(t, unlock(t, reader(t, lab.DSN(port, "backstage", "backstage_plugin_catalog"))))
	if got.Action != dbops.ActionNone || !strings.Contains(got.Reason, "the old state stands") {
		t.Errorf("got %s: %s", got.Action, got.Reason)
	}
	if now := the(t, look(t, r)); now.Verdict != dbops.Stale {
		t.Errorf("afterwards %s, want STALE", now.Verdict)
	}
	if got := the(t, unlock(t, r)); got.Action != dbops.ActionCleared {
		t.Errorf("tried again: %s: %s", got.Action, got.Reason)
	}
}

func TestExhaustedConnectionsAreSaid(t *testing.T) {
	t.Parallel()
	s := lab.Postgres(t, "max_connections=8")
	s.Exec(t, "postgres", "CREATE ROLE backstage LOGIN CREATEDB PASSWORD '"+lab.Password+"'")
	for range 5 { // three of eight are the superuser's
		s.Connect(t, "backstage", "postgres")
	}
	_, err := reader(t, s.DSN("backstage", "postgres")).Read(t.Context())
	var connect *dbops.ConnectError
	if !errors.As(err, &connect) || !strings.Contains(connect.Hint(), "every connection is taken") {
		t.Errorf("got %v", err)
	}
	if _, err := reader(t, s.DSN("postgres", "postgres")).Read(t.Context()); err != nil {
		t.Errorf("as a superuser: %v", err)
	}
}

func TestATableOfSomebodyElseIsSaid(t *testing.T) {
	t.Parallel()
	s, _ := catalog(t, "1")
	s.Exec(t, "postgres", "CREATE ROLE other LOGIN PASSWORD '"+lab.Password+"'", "CREATE DATABASE backstage_plugin_auth OWNER backstage",
		"REVOKE CONNECT ON DATABASE backstage_plugin_auth FROM PUBLIC")
	r := reader(t, s.DSN("other", "postgres"))
	snapshot, err := r.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(snapshot.Unseen) != 2 || snapshot.Unseen[0].Database != "backstage_plugin_auth" || !strings.Contains(snapshot.Unseen[1].Reason, "permission denied") {
		t.Errorf("unseen: %+v", snapshot.Unseen)
	}
	s.Exec(t, "backstage_plugin_catalog", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO other")
	got := the(t, unlock(t, r))
	if got.Action != dbops.ActionNone || !strings.Contains(got.Reason, "connect as the role that owns the table") {
		t.Errorf("got %s: %s", got.Action, got.Reason)
	}
	if now := the(t, look(t, r)); now.Verdict != dbops.Stale {
		t.Errorf("afterwards %s", now.Verdict)
	}
}

func TestAFullDiskLeavesTheOldState(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		lab.Missing(t, "a small disk, which only root can mount")
	}
	s, r := catalog(t, "")
	disk, err := os.MkdirTemp("", "ameide-disk-") //nolint:usetesting // another user mounts it: a test's own directory is closed to it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(disk) })
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=256k,mode=0777", "tmpfs", disk).CombinedOutput(); err != nil {
		lab.Missing(t, "a small disk: "+string(out))
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", disk).Run() })
	space := filepath.Join(disk, "space")
	if err := errors.Join(os.Mkdir(space, 0o700), os.Chown(space, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	s.Exec(t, "postgres", "CREATE TABLESPACE small LOCATION '"+space+"'")
	s.Exec(t, "backstage_plugin_catalog", "ALTER TABLE knex_migrations_lock SET TABLESPACE small",
		"INSERT INTO knex_migrations_lock (is_locked) SELECT 1 FROM generate_series(1, 226)") // a whole page: 226 rows of two int4
	filler, err := os.Create(filepath.Join(disk, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	_ = filler.Close()
	if got := the(t, look(t, r)); got.Verdict != dbops.Corrupt {
		t.Fatalf("got %s", got.Verdict)
	}
	got := the(t, unlock(t, r))
	if got.Action != dbops.ActionNone || !strings.Contains(got.Reason, "No space left on device") {
		t.Errorf("got %s: %s", got.Action, got.Reason)
	}
	if now := the(t, look(t, r)); now.Verdict != dbops.Corrupt {
		t.Errorf("afterwards %s", now.Verdict)
	}
	if err := os.Remove(filler.Name()); err != nil {
		t.Fatal(err)
	}
	if got := the(t, unlock(t, r)); got.Action != dbops.ActionCleared {
		t.Errorf("with space again: %s: %s", got.Action, got.Reason)
	}
}

func TestSeveralLocksAreAllTried(t *testing.T) {
	t.Parallel()
	s, r := catalog(t, "1")
	s.Exec(t, "postgres", "CREATE DATABASE backstage_plugin_auth OWNER backstage", "CREATE DATABASE backstage_plugin_search OWNER backstage")
	knexTables(t, s, "backstage_plugin_auth", "knex_migrations", "1")
	knexTables(t, s, "backstage_plugin_search", "knex_migrations", "0", "0")
	plan := dbops.Plan(look(t, r), nil)
	s.Exec(t, "backstage_plugin_auth", "ALTER TABLE knex_migrations_lock OWNER TO postgres")
	var got []string
	for _, l := range r.Apply(t.Context(), plan, nil) {
		got = append(got, l.Plugin+" "+string(l.Action))
	}
	if want := "auth none, catalog cleared, search cleared"; strings.Join(got, ", ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestAStandbyIsReadAndRefused(t *testing.T) {
	t.Parallel()
	s, _ := catalog(t, "1")
	r := reader(t, s.Replica(t).DSN("backstage", "backstage_plugin_catalog"))
	snapshot, err := r.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	locks := dbops.Judge(snapshot, r.Installation, nil)
	if got := the(t, locks); !snapshot.Standby || got.Verdict != dbops.Held || !got.Uncertain || !strings.Contains(got.Advice, "only the primary can tell") {
		t.Errorf("standby %v: %s, uncertain %v, %q", snapshot.Standby, got.Verdict, got.Uncertain, got.Advice)
	}
	got := the(t, r.Apply(t.Context(), dbops.Plan(locks, nil), nil))
	if got.Action == dbops.ActionCleared {
		t.Errorf("cleared on a standby")
	}
}

func TestItWorksThroughPgBouncerInTransactionMode(t *testing.T) {
	t.Parallel()
	s, _ := catalog(t, "1")
	r := reader(t, lab.DSN(lab.PgBouncer(t, s, "backstage"), "backstage", "backstage_plugin_catalog"))
	if got := the(t, look(t, r)); got.Verdict != dbops.Stale {
		t.Fatalf("got %s: %+v", got.Verdict, got.Sessions)
	}
	if got := the(t, unlock(t, r)); got.Action != dbops.ActionCleared {
		t.Errorf("got %s: %s", got.Action, got.Reason)
	}
}

func TestTLSIsVerifiedAsAsked(t *testing.T) {
	t.Parallel()
	s, _ := catalog(t, "0")
	dsn := func(query url.Values) string {
		return strings.TrimSuffix(s.DSN("backstage", "postgres"), "sslmode=disable") + query.Encode()
	}
	snapshot, err := reader(t, dsn(url.Values{"sslmode": {"verify-full"}, "sslrootcert": {s.CA()}})).Read(t.Context())
	if err != nil || !snapshot.Encrypted {
		t.Errorf("verify-full with the right authority: %v, encrypted %v", err, snapshot.Encrypted)
	}
	other := lab.Postgres(t)
	if _, err := reader(t, dsn(url.Values{"sslmode": {"verify-full"}, "sslrootcert": {other.CA()}})).Read(t.Context()); err == nil {
		t.Error("verify-full with another authority connected")
	}
	plain := lab.Postgres(t, "ssl=off")
	if _, err := reader(t, strings.TrimSuffix(plain.DSN("postgres", "postgres"), "disable")+"require").Read(t.Context()); err == nil {
		t.Error("require connected without TLS")
	}
}

func TestAnIndexBuildShowsItsProgressAndWhatItLeaves(t *testing.T) {
	t.Parallel()
	s, r := catalog(t, "1")
	s.Exec(t, "backstage_plugin_catalog", "CREATE TABLE search (key text, value text)", "ALTER TABLE search OWNER TO backstage",
		"INSERT INTO search SELECT i, i FROM generate_series(1, 1000) i")
	blocker := s.Connect(t, "postgres", "backstage_plugin_catalog", "application_name", "psql")
	for _, statement := range []string{"begin", "insert into search values ('a', 'b')"} {
		if _, err := blocker.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	builder := s.Connect(t, "backstage", "backstage_plugin_catalog", "application_name", "backstage_plugin_catalog")
	go func() {
		_, _ = builder.Exec(t.Context(), "CREATE INDEX CONCURRENTLY search_key_value_idx ON search (key, value)")
	}()
	l := eventually(t, r, dbops.Held)
	for range 100 {
		if l = the(t, look(t, r)); l.Verdict == dbops.Held && l.Sessions[0].Progress != nil {
			break
		}
	}
	if p := l.Sessions[0].Progress; p == nil || p.Command != "CREATE INDEX CONCURRENTLY" {
		t.Fatalf("no progress: %+v", l.Sessions)
	}
	s.Exec(t, "postgres", fmt.Sprintf("SELECT pg_terminate_backend(%d)", l.Sessions[0].PID))
	l = eventually(t, r, dbops.Stale)
	if len(l.InvalidIndexes) != 1 || l.InvalidIndexes[0] != "public.search_key_value_idx" {
		t.Errorf("got %v", l.InvalidIndexes)
	}
}
