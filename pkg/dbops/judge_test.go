package dbops

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func number(text string) *json.Number {
	n := json.Number(text)
	return &n
}

func rows(values ...string) []Row {
	var out []Row
	for i, v := range values {
		index := int64(i + 1)
		r := Row{Index: &index}
		if v != "NULL" {
			r.IsLocked = number(v)
		}
		out = append(out, r)
	}
	return out
}

func session(pid int32, state string, change ...func(*Session)) Session {
	s := Session{PID: pid, ApplicationName: "backstage_plugin_catalog", Client: "10.0.0.5:4000", State: state, Started: "1", Migrator: true, Query: "CREATE INDEX x"}
	for _, c := range change {
		c(&s)
	}
	return s
}

func named(name string) func(*Session)   { return func(s *Session) { s.ApplicationName = name } }
func waiting(s *Session)                 { s.Waiting = true }
func otherTool(s *Session)               { s.ApplicationName, s.Migrator = "psql", false }
func from(client string) func(*Session)  { return func(s *Session) { s.Client = client } }
func started(text string) func(*Session) { return func(s *Session) { s.Started = text } }

const installed = "backstage_plugin_catalog"

func TestVerdictComesFromRowsLocksAndSessionsTogether(t *testing.T) {
	closed := parseSockets("  0: 00000000:1538 0500000A:0FA0 08 0\n")
	open := parseSockets("  0: 00000000:1538 0500000A:0FA0 01 0\n")
	siblings := []Database{
		{Name: "backstage_plugin_auth", Tables: []Table{{Schema: "public", Name: "knex_migrations_lock", Rows: rows("0")}}},
		{Name: "backstage_plugin_search", Tables: []Table{{Schema: "public", Name: "knex_migrations_lock", Rows: rows("0")}}},
	}
	for _, c := range []struct {
		name      string
		rows      []Row
		sessions  []Session
		holders   []int32
		sockets   socketTable
		others    []Database
		assumed   []Identity
		want      Verdict
		uncertain bool
		action    Action
	}{
		{name: "one row 0", rows: rows("0"), want: Free, action: ActionNone},
		{name: "one row 0 and a connected plugin", rows: rows("0"), sessions: []Session{session(1, "idle")}, want: Free, action: ActionNone},
		{name: "no row", rows: nil, want: Free, action: ActionNone},
		{name: "1 and nobody there", rows: rows("1"), want: Stale, action: ActionClear},
		{name: "1 and only a psql", rows: rows("1"), sessions: []Session{session(1, "active", otherTool)}, want: Stale, action: ActionClear},
		{name: "1 and an idle plugin", rows: rows("1"), sessions: []Session{session(1, "idle")}, want: Held, uncertain: true, action: ActionRefused},
		{name: "1 and an idle client without a name", rows: rows("1"), sessions: []Session{session(1, "idle", named(""))}, want: Held, uncertain: true, action: ActionRefused},
		{name: "1 and an idle plugin that is assumed dead", rows: rows("1"), sessions: []Session{session(1, "idle")}, assumed: []Identity{{1, "1"}}, want: Stale, action: ActionClear},
		{name: "1 and the pid of the assumed is somebody else's now", rows: rows("1"), sessions: []Session{session(1, "idle", started("2"))}, assumed: []Identity{{1, "1"}}, want: Held, uncertain: true, action: ActionRefused},
		{name: "1 and the assumed is not idle any more", rows: rows("1"), sessions: []Session{session(1, "active")}, assumed: []Identity{{1, "1"}}, want: Held, action: ActionRefused},
		{name: "1 and only one of two is assumed dead", rows: rows("1"), sessions: []Session{session(1, "idle"), session(2, "idle")}, assumed: []Identity{{1, "1"}}, want: Held, uncertain: true, action: ActionRefused},
		{name: "1 and the assumed holds the table", rows: rows("1"), sessions: []Session{session(1, "idle")}, holders: []int32{1}, assumed: []Identity{{1, "1"}}, want: Held, action: ActionRefused},
		{name: "1 and a statement runs", rows: rows("1"), sessions: []Session{session(1, "active")}, want: Held, action: ActionRefused},
		{name: "1 and a transaction is open", rows: rows("1"), sessions: []Session{session(1, "idle in transaction")}, want: Held, action: ActionRefused},
		{name: "1 and a session that this role may not look into", rows: rows("1"), sessions: []Session{session(1, "")}, want: Held, uncertain: true, action: ActionRefused},
		{name: "0 and a migration in its transaction", rows: rows("0"), sessions: []Session{session(1, "active")}, holders: []int32{1}, want: Held, action: ActionRefused},
		{name: "0 and a frozen holder", rows: rows("0"), sessions: []Session{session(1, "idle in transaction"), session(2, "active", waiting)}, holders: []int32{1, 2}, want: Held, action: ActionRefused},
		{name: "0 and a holder that calls itself psql", rows: rows("0"), sessions: []Session{session(1, "active", otherTool)}, holders: []int32{1}, want: Held, action: ActionRefused},
		{name: "0 and a holder without a session", rows: rows("0"), holders: []int32{99}, want: Held, action: ActionRefused},
		{name: "1 and the client closed its connection", rows: rows("1"), sessions: []Session{session(1, "active")}, sockets: closed, want: Orphan, action: ActionRefused},
		{name: "0, in a transaction whose client is gone", rows: rows("0"), sessions: []Session{session(1, "active")}, holders: []int32{1}, sockets: closed, want: Orphan, action: ActionRefused},
		{name: "gone, with a new pod waiting behind it", rows: rows("0"), sessions: []Session{session(1, "active"), session(2, "active", waiting, from("10.0.0.6:1"))}, holders: []int32{1, 2}, sockets: closed, want: Orphan, action: ActionRefused},
		{name: "gone, while another migrates", rows: rows("1"), sessions: []Session{session(1, "active"), session(2, "active", from("10.0.0.6:1"))}, sockets: closed, want: Held, action: ActionRefused},
		{name: "1, its socket open, and nobody else of many plugins", rows: rows("1"), sessions: []Session{session(1, "active")}, sockets: open, others: siblings, want: Held, action: ActionRefused},
		{name: "1, and nobody else of many plugins", rows: rows("1"), sessions: []Session{session(1, "active")}, others: siblings, want: Orphan, action: ActionRefused},
		{name: "1, a client that is no plugin, and nobody else", rows: rows("1"), sessions: []Session{session(1, "active", named("migrate"))}, others: siblings, want: Held, action: ActionRefused},
		{name: "NULL", rows: rows("NULL"), want: Corrupt, action: ActionClear},
		{name: "2", rows: rows("2"), want: Corrupt, action: ActionClear},
		{name: "-1", rows: rows("-1"), want: Corrupt, action: ActionClear},
		{name: "two rows, both 0", rows: rows("0", "0"), want: Corrupt, action: ActionClear},
		{name: "two rows, 0 and 1", rows: rows("0", "1"), want: Corrupt, action: ActionClear},
		{name: "two rows and an idle plugin", rows: rows("0", "0"), sessions: []Session{session(1, "idle")}, want: Corrupt, action: ActionRefused},
		{name: "two rows and an idle plugin that is assumed dead", rows: rows("0", "0"), sessions: []Session{session(1, "idle")}, assumed: []Identity{{1, "1"}}, want: Corrupt, action: ActionClear},
		{name: "two rows and somebody in a transaction", rows: rows("0", "0"), sessions: []Session{session(1, "active")}, holders: []int32{1}, want: Held, action: ActionRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Database{Name: installed, Sessions: c.sessions, sockets: c.sockets,
				Tables: []Table{{Schema: "public", Name: "knex_migrations_lock", Rows: c.rows, Holders: c.holders}}}
			locks := Judge(Snapshot{Databases: append([]Database{d}, c.others...)}, Installation{Prefix: DefaultPrefix}, c.assumed)
			got := Plan(locks, []string{"catalog"})
			if len(got) != 1 {
				t.Fatalf("got %d locks of plugin catalog, want 1", len(got))
			}
			if got[0].Verdict != c.want || got[0].Uncertain != c.uncertain || got[0].Action != c.action {
				t.Errorf("got %s uncertain=%v action %s, want %s uncertain=%v action %s", got[0].Verdict, got[0].Uncertain, got[0].Action, c.want, c.uncertain, c.action)
			}
			if got[0].Advice == "" {
				t.Error("no advice")
			}
			if got[0].Action == ActionRefused && got[0].Reason == "" {
				t.Error("refused without a reason")
			}
		})
	}
}

func TestSchemaModeKeepsPluginsApart(t *testing.T) {
	d := Database{Name: "backstage", Sessions: []Session{session(1, "idle", named("backstage_plugin_auth"))}, Tables: []Table{
		{Schema: "auth", Name: "knex_migrations_lock", Rows: rows("1")},
		{Schema: "catalog", Name: "knex_migrations_lock", Rows: rows("1")},
	}}
	locks := Judge(Snapshot{Databases: []Database{d}}, Installation{Prefix: DefaultPrefix, Database: "backstage"}, nil)
	got := []string{locks[0].Plugin, string(locks[0].Verdict), locks[1].Plugin, string(locks[1].Verdict)}
	if diff := cmp.Diff([]string{"auth", "HELD", "catalog", "STALE"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A module of the catalog may have a schema of its own, and migrates in the catalog's sessions.
func TestASchemaThatIsNoPluginsIsHeldByAnySession(t *testing.T) {
	lockOf := func(schema string, sessions ...Session) Lock {
		d := Database{Name: "backstage", Sessions: sessions, Tables: []Table{
			{Schema: "catalog", Name: "knex_migrations_lock", Rows: rows("0")},
			{Schema: schema, Name: "knex_migrations_lock", Rows: rows("1")},
		}}
		locks := Judge(Snapshot{Databases: []Database{d}}, Installation{Prefix: DefaultPrefix, Database: "backstage"}, nil)
		return locks[slices.IndexFunc(locks, func(l Lock) bool { return l.Schema == schema })]
	}
	catalog := func(state string) Session { return session(1, state, named("backstage_plugin_catalog")) }
	for _, c := range []struct {
		name string
		lock Lock
		want Verdict
	}{
		{"a module's, its plugin at work", lockOf("ingestion", catalog("active")), Held},
		{"a module's, its plugin between two statements", lockOf("ingestion", catalog("idle")), Held},
		{"a module's, nobody there", lockOf("ingestion"), Stale},
		{"that of a plugin which a session names", lockOf("ingestion", catalog("idle"), session(2, "idle", named("backstage_plugin_ingestion"))), Held},
		{"that of a plugin of Backstage, another one there", lockOf("search", catalog("active")), Stale},
	} {
		if c.lock.Verdict != c.want {
			t.Errorf("%s: %s, want %s", c.name, c.lock.Verdict, c.want)
		}
	}
}

func TestPluginIsToldByOverridePrefixOrSchema(t *testing.T) {
	i := Installation{Prefix: "myidp_", Database: "backstage", Plugins: map[string]string{"catalog": "my_catalog"}}
	for _, c := range []struct {
		database, schema, want string
		owns                   bool
	}{
		{"myidp_auth", "public", "auth", true},
		{"myidp_catalog", "ingestion", "catalog", true},
		{"my_catalog", "public", "catalog", true},
		{"backstage", "search", "search", true},
		{"backstage", "public", "backstage", true},
		{"backstage_plugin_auth", "public", "backstage_plugin_auth", false},
		{"grafana", "public", "grafana", false},
	} {
		if got := i.Plugin(c.database, c.schema); got != c.want {
			t.Errorf("Plugin(%s, %s): got %s, want %s", c.database, c.schema, got, c.want)
		}
		if got := i.Owns(c.database); got != c.owns {
			t.Errorf("Owns(%s): got %v, want %v", c.database, got, c.owns)
		}
	}
}

func TestDamageIsReportedWhereTheSchemaIsReported(t *testing.T) {
	before, after := []Migration{{Name: "20230101_a.js"}}, []Migration{{Name: "20230101_a.js"}, {Name: "20240130092632_search_index.js"}}
	for _, c := range []struct {
		name                     string
		table                    Table
		indexes                  []Index
		invalid, leftovers, want []string
	}{
		{name: "an interrupted build", table: Table{Rows: rows("1"), Migrations: before},
			indexes: []Index{{Schema: "public", Name: "public.search_key_value_idx"}},
			invalid: []string{"public.search_key_value_idx"}, want: []string{"DROP INDEX CONCURRENTLY public.search_key_value_idx;"}},
		{name: "a build that is going on", table: Table{Rows: rows("1"), Migrations: before},
			indexes: []Index{{Schema: "public", Name: "public.x", Building: true}}},
		{name: "another schema's index", table: Table{Rows: rows("1")}, indexes: []Index{{Schema: "other", Name: "other.x"}}},
		{name: "a known migration that was not recorded, lock free", table: Table{Rows: rows("0"), Migrations: before, Indexes: []string{"search_key_value_idx"}},
			leftovers: []string{"index public.search_key_value_idx"}, want: []string{"DROP INDEX CONCURRENTLY public.search_key_value_idx;"}},
		{name: "the same index, recorded", table: Table{Rows: rows("0"), Migrations: after, Indexes: []string{"search_key_value_idx"}}},
		{name: "the same index, and no migration at all", table: Table{Rows: rows("0"), Indexes: []string{"search_key_value_idx"}}},
		{name: "younger than the lock", table: Table{Rows: rows("1"), Migrations: before, Newer: []Relation{{"table", "public.t"}}},
			leftovers: []string{"table public.t"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.table.Schema, c.table.Name = "public", "knex_migrations_lock"
			other := Table{Schema: "public", Name: "backstage_backend_tasks__knex_migrations_lock", Rows: rows("0")}
			locks := Judge(Snapshot{Databases: []Database{{Name: installed, Tables: []Table{other, c.table}, Indexes: c.indexes}}}, Installation{Prefix: DefaultPrefix}, nil)
			if len(locks[0].InvalidIndexes)+len(locks[0].Leftovers) > 0 {
				t.Errorf("reported with %s, too", locks[0].Table)
			}
			got := [][]string{locks[1].InvalidIndexes, locks[1].Leftovers, locks[1].Repair}
			want := [][]string{append([]string{}, c.invalid...), c.leftovers, c.want}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if clean := len(c.invalid)+len(c.leftovers) == 0; locks[1].Verdict == Free && locks[1].Clear() != clean {
				t.Errorf("Clear: got %v, want %v", locks[1].Clear(), clean)
			}
		})
	}
}

func TestAdviceNamesWhatMatters(t *testing.T) {
	building := session(7, "active", func(s *Session) {
		s.Seconds, s.Progress = 300, &Progress{"CREATE INDEX CONCURRENTLY", "building index", 41}
	})
	for _, c := range []struct {
		lock Lock
		want string
	}{
		{Lock{Verdict: Held, Sessions: []Session{building}}, "pid 7 has been active for 5 min (CREATE INDEX CONCURRENTLY, building index, 41 %)"},
		{Lock{Verdict: Held, Sessions: []Session{session(8, "idle in transaction")}}, "SELECT pg_terminate_backend(8)"},
		{Lock{Verdict: Held, Uncertain: true, Sessions: []Session{session(8, "idle")}}, "scale the Deployment to 0"},
		{Lock{Verdict: Held, Uncertain: true, Sessions: []Session{session(8, "")}}, "pg_read_all_stats"},
		{Lock{Verdict: Orphan, Sessions: []Session{session(9, "active", func(s *Session) { s.Gone = "why" })}}, `works on "CREATE INDEX x": wait for it to end, or interrupt that with SELECT pg_terminate_backend(9)`},
		{Lock{Verdict: Stale, Plugin: "catalog", Repair: []string{"DROP"}}, "or it fails with 42P07"},
		{Lock{Verdict: Stale, Plugin: "search", Table: tasksTable}, "Backstage looks healthy"},
		{Lock{Verdict: Corrupt, Rows: rows("0", "0")}, "several rows, which no UPDATE heals"},
		{Lock{Verdict: Corrupt, Rows: rows("NULL")}, "NULL"},
	} {
		if got := advice(c.lock); !strings.Contains(got, c.want) {
			t.Errorf("advice of %s: got %q, want it to contain %q", c.lock.Verdict, got, c.want)
		}
	}
}

func TestSocketTableIsReadForBothFamilies(t *testing.T) {
	table := parseSockets("  sl  local_address rem_address   st\n" +
		"   0: 0100007F:1538 0100007F:C350 08 00000000\n" +
		"   1: 0100007F:1538 0100007F:C351 01 00000000\n" +
		"   2: 0000000000000000FFFF00000100007F:1538 0000000000000000FFFF00000200000A:0001 08\n" +
		"   3: zz:1538 1:2 08\n")
	for client, want := range map[string]bool{"127.0.0.1:50000": true, "127.0.0.1:50001": false, "10.0.0.2:1": true, "10.0.0.2:2": false, "": false} {
		if got := table.closed(client); got != want {
			t.Errorf("closed(%q): got %v, want %v", client, got, want)
		}
	}
}
