package dbops

import (
	"cmp"
	"net"
	"slices"
	"strings"
)

// Judge decides about every lock of a snapshot. assumed are sessions that the operator declares dead; they count as gone
// only while they are idle and hold nothing. Its result is sorted by database, schema and table.
func Judge(s Snapshot, i Installation, assumed []Identity) []Lock {
	j := judge{installation: i, standby: s.Standby, assumed: assumed, plugins: map[string]bool{}, named: map[string]bool{}, addresses: map[string]int{}}
	for _, d := range s.Databases {
		j.survey(d)
	}
	locks := []Lock{}
	for _, d := range s.Databases {
		for _, t := range d.Tables {
			if t.Unreadable == "" || len(t.Holders) > 0 {
				locks = append(locks, j.lock(d, t))
			}
		}
	}
	slices.SortFunc(locks, func(a, b Lock) int {
		return cmp.Or(cmp.Compare(a.Database, b.Database), cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Table, b.Table))
	})
	return locks
}

// Identity is one session for as long as it lives: a pid alone may be given to another.
type Identity struct {
	PID     int32
	Started string
}

type judge struct {
	installation Installation
	standby      bool
	assumed      []Identity
	plugins      map[string]bool // every plugin that has a lock table
	named        map[string]bool // every plugin that a session names
	addresses    map[string]int  // sessions of plugins, by the client's address, in all databases
}

func (j *judge) survey(d Database) {
	for _, t := range d.Tables {
		j.plugins[j.installation.Plugin(d.Name, t.Schema)] = true
	}
	for _, s := range d.Sessions {
		if id, ok := strings.CutPrefix(s.ApplicationName, ApplicationPrefix); ok {
			j.named[id] = true
		}
		if host, _, err := net.SplitHostPort(s.Client); err == nil && strings.HasPrefix(s.ApplicationName, ApplicationPrefix) {
			j.addresses[host]++
		}
	}
}

func (j *judge) lock(d Database, t Table) Lock {
	l := Lock{
		Database: d.Name, Schema: t.Schema, Table: t.Name, Plugin: j.installation.Plugin(d.Name, t.Schema),
		Rows: append([]Row{}, t.Rows...), InvalidIndexes: []string{}, Action: ActionNone, holders: t.Holders,
	}
	if n := len(t.Migrations); n > 0 {
		last := t.Migrations[n-1]
		l.LastMigration, l.Batch, l.MigratedAt = last.Name, last.Batch, last.Time
	}
	l.Sessions = j.present(d, t, l.Plugin)
	l.Verdict, l.Uncertain = verdict(t, l.Sessions)
	switch {
	case l.Verdict == Stale && j.standby:
		l.Verdict, l.doubt = Held, doubtStandby
	case l.Stuck() && t.Unsettled:
		l.Verdict, l.doubt = Held, doubtMoving
	}
	l.Uncertain = l.Uncertain || l.doubt != ""
	if l.Verdict == Free {
		l.Sessions = []Session{}
	}
	damage(&l, d, t)
	l.Advice = advice(l)
	return l
}

// present lists the sessions that may hold a lock: every one that holds the relation, and every client of the plugin's
// database that is not known to be something else. Those that are assumed dead, and are idle, are left out.
func (j *judge) present(d Database, t Table, plugin string) []Session {
	out := []Session{}
	for _, s := range d.Sessions {
		holds := slices.Contains(t.Holders, s.PID)
		switch {
		case !holds && (!s.Migrator || j.ofAnother(s, d, plugin)):
		case !holds && s.idle() && slices.Contains(j.assumed, Identity{s.PID, s.Started}):
		default:
			s.Gone = j.gone(s, d)
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Session) int { return cmp.Or(rank(a, t)-rank(b, t), cmp.Compare(a.PID, b.PID)) })
	return out
}

// rank puts the one that works before those that wait for it, and both before the idle.
func rank(s Session, t Table) int {
	holds := slices.Contains(t.Holders, s.PID)
	switch {
	case holds && !s.Waiting:
		return 0
	case !holds && !s.idle() && !s.Waiting:
		return 1
	case !s.idle():
		return 2
	}
	return 3
}

// ofAnother tells whether a session names another plugin whose tables live in another schema of the same database. Where
// nothing says that the lock's schema is a plugin's, it may be that of a module, which migrates in the sessions of its
// plugin (incremental ingestion did, in the schema ingestion): then no session is another's.
func (j *judge) ofAnother(s Session, d Database, plugin string) bool {
	id, ok := strings.CutPrefix(s.ApplicationName, ApplicationPrefix)
	if !ok || id == plugin || !j.named[plugin] && !shipped(plugin) {
		return false
	}
	return slices.ContainsFunc(d.Tables, func(t Table) bool { return j.installation.Plugin(d.Name, t.Schema) == id })
}

// shipped tells whether a plugin comes with Backstage and keeps its tables with Knex.
func shipped(plugin string) bool {
	return slices.Contains([]string{"app", "auth", "catalog", "events", "notifications", "scaffolder", "search", "user-settings"}, plugin)
}

// manyPlugins is from how many plugins on a living Backstage must show more than one session.
const manyPlugins = 3

// gone says why the client of a working session must be dead, or nothing. The server's socket table is proof. Without it,
// a session of a Backstage plugin that is the only one left from its address is: a living Backstage with several plugins
// keeps idle sessions of the others.
func (j *judge) gone(s Session, d Database) string {
	if s.idle() || s.State == "" || s.Client == "" {
		return ""
	}
	if d.sockets != nil {
		if d.sockets.closed(s.Client) {
			return "its connection is closed on the client's side"
		}
		return ""
	}
	host, _, err := net.SplitHostPort(s.Client)
	if err == nil && strings.HasPrefix(s.ApplicationName, ApplicationPrefix) && j.addresses[host] == 1 && len(j.plugins) >= manyPlugins {
		return "no other session from " + host + " is left, and a running Backstage has many"
	}
	return ""
}

// verdict decides from the rows, from who holds the relation, and from who is there.
func verdict(t Table, present []Session) (v Verdict, uncertain bool) {
	rows := shape(t.Rows)
	working := slices.DeleteFunc(slices.Clone(present), Session.idle)
	switch {
	case len(t.Holders) > 0: // in a transaction: what the row reads says nothing
		return heldOr(working), false
	case rows == Free, rows == Corrupt:
		return rows, false
	case len(present) == 0:
		return Stale, false
	case len(working) == 0:
		return Held, true
	case slices.ContainsFunc(working, func(s Session) bool { return s.State == "" }):
		return Held, true
	}
	return heldOr(working), false
}

// heldOr is ORPHAN when every session that works for itself has lost its client.
func heldOr(working []Session) Verdict {
	gone := 0
	for _, s := range working {
		if s.Gone == "" && !s.Waiting {
			return Held
		}
		if s.Gone != "" {
			gone++
		}
	}
	if gone > 0 {
		return Orphan
	}
	return Held
}

// shape is what the rows alone say: FREE, STALE (it reads 1) or CORRUPT. Knex takes its lock with UPDATE … SET is_locked=1
// WHERE is_locked=0 and demands exactly one changed row.
func shape(rows []Row) Verdict {
	switch {
	case len(rows) == 0:
		return Free
	case len(rows) > 1 || rows[0].IsLocked == nil:
		return Corrupt
	case rows[0].IsLocked.String() == "0":
		return Free
	case rows[0].IsLocked.String() == "1":
		return Stale
	}
	return Corrupt
}
