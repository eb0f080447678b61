package dbops

import "encoding/json"

// Snapshot is what one look at a server showed.
type Snapshot struct {
	Server    string     // host:port as the DSN names it
	Version   string     // server_version
	Role      string     // who looked
	Standby   bool       // the server replays another's log and cannot be written
	Encrypted bool       // the connections used TLS
	Databases []Database // those of the installation, by name
	Unseen    []Unseen   // what belongs to the installation and could not be read
}

// Unseen is a database or a table that could not be read, and why.
type Unseen struct {
	Database string `json:"database"`
	Table    string `json:"table,omitempty"`
	Reason   string `json:"reason"`
}

// Database is the state of one database of the installation.
type Database struct {
	Name     string
	Tables   []Table
	Sessions []Session   // every client of this database but ourselves
	Indexes  []Index     // invalid ones
	sockets  socketTable // nil when nobody may read one
	server   string      // when the server that said so was started, which tells servers apart
}

// Table is one lock table and what belongs to it.
type Table struct {
	OID        int64       `json:"oid"`
	Schema     string      `json:"schema"`
	Name       string      `json:"name"`
	Rows       []Row       `json:"rows"`       // at most MaxRows of them
	Stamp      string      `json:"stamp"`      // changes with every write to the rows, also with one that leaves their values
	Unreadable string      `json:"unreadable"` // the server's error instead of rows
	Holders    []int32     `json:"-"`          // sessions with a granted lock on the table that a reader does not take; 0 is a prepared transaction
	Migrations []Migration `json:"migrations"` // what its sibling lists, oldest first
	Indexes    []string    `json:"-"`          // valid indexes of the schema that knownLeftovers asks for
	Newer      []Relation  `json:"newer"`      // tables and indexes younger than the lock and the newest recorded migration
	Unsettled  bool        `json:"-"`          // its rows kept changing while they were read, or could be read only once
}

// MaxRows is how many rows of a lock table are read; a healthy one has one.
const MaxRows = 10

// maxMigrations is how many of the newest migrations are read. Backstage's longest list has less than a hundred.
const maxMigrations = 2000

// Row is one row of a lock table. Null is a value that locks for ever.
type Row struct {
	Index    *int64       `json:"index"`
	IsLocked *json.Number `json:"is_locked"`
}

// Migration is one applied migration.
type Migration struct {
	Name  string `json:"name" xml:"name"`
	Batch int    `json:"batch" xml:"batch"`
	Time  string `json:"time" xml:"time"` // RFC 3339, UTC
}

// Relation is a table or an index of the schema of a lock table.
type Relation struct {
	Kind string `json:"kind"` // table or index
	Name string `json:"name"` // quoted, with its schema
}

// Index is an index that an interrupted build left behind: the planner ignores it, and its name is taken.
type Index struct {
	Schema   string `json:"schema"`
	Name     string `json:"name"`  // quoted, with its schema
	OID      int64  `json:"oid"`   // its own
	Table    int64  `json:"table"` // its table's oid
	Building bool   `json:"-"`     // a session is building it right now
}

// Session is a client of a database as pg_stat_activity shows it.
type Session struct {
	PID             int32     `json:"pid"`
	ApplicationName string    `json:"application_name"`
	User            string    `json:"user,omitempty"`
	Client          string    `json:"client,omitempty"`  // address:port; empty on a Unix socket
	State           string    `json:"state"`             // empty when the role may not see it
	Seconds         int64     `json:"seconds"`           // in this state
	Query           string    `json:"query"`             // current or last statement, shortened
	Waiting         bool      `json:"waiting,omitempty"` // for somebody else's lock
	Progress        *Progress `json:"progress,omitempty"`
	Gone            string    `json:"client_gone,omitempty"` // why we know that its client is gone
	Started         string    `json:"started"`               // backend_start; with the pid the identity of a session
	Migrator        bool      `json:"-"`                     // it may be a migration, as sessions.sql says
}

// Progress is how far an index build is.
type Progress struct {
	Command string `json:"command"`
	Phase   string `json:"phase"`
	Percent int    `json:"percent"`
}

// idle tells whether a session does nothing and holds nothing, as far as we may see.
func (s Session) idle() bool { return s.State == "idle" }
