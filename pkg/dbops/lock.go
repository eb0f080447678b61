package dbops

// Verdict is the state of one lock.
type Verdict string

const (
	// Free is a lock that Knex can take: one row 0, or no row (Knex inserts it).
	Free Verdict = "FREE"
	// Held is a lock of somebody who migrates; when uncertain, of somebody who may: connected but idle, or out of our sight.
	Held Verdict = "HELD"
	// Orphan is a lock whose client is gone while its server process still works.
	Orphan Verdict = "ORPHAN"
	// Stale is a lock that reads 1 and nobody is there.
	Stale Verdict = "STALE"
	// Corrupt is a lock that Knex can never take or give back: NULL, another value than 0 and 1, or several rows.
	Corrupt Verdict = "CORRUPT"
)

// Action is what was done about a lock.
type Action string

const (
	// ActionNone is nothing: nothing was needed, or it failed and the lock is as it was.
	ActionNone Action = "none"
	// ActionClear is what a dry run would do.
	ActionClear Action = "clear"
	// ActionCleared left one row that reads 0.
	ActionCleared Action = "cleared"
	// ActionRefused left the lock alone because a guard said no.
	ActionRefused Action = "refused"
	// ActionUnknown is a connection that was lost for good: old state or new, nobody can tell until it is back.
	ActionUnknown Action = "unknown"
)

// Lock is one lock table, judged.
type Lock struct {
	Database       string    `json:"database"`
	Schema         string    `json:"schema"`
	Table          string    `json:"table"`
	Plugin         string    `json:"plugin"`
	Verdict        Verdict   `json:"verdict"`
	Uncertain      bool      `json:"uncertain,omitempty"` // HELD only because that cannot be ruled out
	Rows           []Row     `json:"rows"`
	Sessions       []Session `json:"sessions"` // that may hold the lock
	LastMigration  string    `json:"last_migration"`
	Batch          int       `json:"batch"`
	MigratedAt     string    `json:"migrated_at,omitempty"`
	InvalidIndexes []string  `json:"invalid_indexes"`
	Leftovers      []string  `json:"leftovers,omitempty"` // what the next start will find in its way (42P07)
	Repair         []string  `json:"repair,omitempty"`    // statements that take the indexes away
	Advice         string    `json:"advice"`
	Action         Action    `json:"action"`
	Reason         string    `json:"reason,omitempty"` // of a refusal or a failure
	holders        []int32
	doubt          string // why nobody's absence proves nothing
}

// Doubts about a lock that nobody seems to hold.
const (
	doubtStandby = "this server is a standby, which shows no session of the primary"
	doubtMoving  = "its rows changed while they were looked at, or could be read only once"
)

// Clear tells whether a lock is FREE and nothing else is in the next start's way.
func (l Lock) Clear() bool {
	return l.Verdict == Free && len(l.InvalidIndexes) == 0 && len(l.Leftovers) == 0
}

// AtWork tells whether somebody migrates, as far as can be seen: to stop him would do harm.
func (l Lock) AtWork() bool { return l.Verdict == Held && (!l.Uncertain || l.doubt != "") }

// Name is the lock table, as a person writes it.
func (l Lock) Name() string { return l.Schema + "." + l.Table }

// Stuck tells whether clearing is what the lock needs.
func (l Lock) Stuck() bool { return l.Verdict == Stale || l.Verdict == Corrupt }
