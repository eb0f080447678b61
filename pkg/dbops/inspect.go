package dbops

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed inspect.sql
var inspectSQL string

// Limits of every statement that reads: looking never waits behind a migration, and never long. Compiling a query that runs
// once would take longer than running it.
const limits = "SET LOCAL jit = off; SET LOCAL lock_timeout = '250ms'; SET LOCAL statement_timeout = '8s'; SET LOCAL idle_in_transaction_session_timeout = '30s';"

// databaseList is every database that can be connected to, and whether this role may.
const databaseList = `(SELECT json_agg(json_build_object('name', datname, 'open', has_database_privilege(oid, 'CONNECT')) ORDER BY datname)
     FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate)`

// inspection is the answer of inspect.sql.
type inspection struct {
	Database
	Version   string       `json:"version"`
	Role      string       `json:"role"`
	Standby   bool         `json:"standby"`
	OurPort   int          `json:"our_port"`
	Databases []candidate  `json:"databases"`
	Sessions  []rawSession `json:"sessions"`
}

type candidate struct {
	Name string `json:"name"`
	Open bool   `json:"open"`
}

type rawSession struct {
	Session
	Migrator bool `json:"migrator"`
}

// inspectQuery is the one statement list that reads a database. Its two halves must share a transaction.
func inspectQuery(s Scripts, withDatabases bool) string {
	databases := "'[]'::json"
	if withDatabases {
		databases = databaseList
	}
	known := make([]string, 0, 2)
	for _, name := range knownIndexes() {
		known = append(known, "'"+name+"'")
	}
	return strings.NewReplacer("/*LOCK_TABLES*/", s.LockTables, "/*SESSIONS*/", s.Sessions, "/*DATABASES*/", databases,
		"/*KNOWN_INDEXES*/", strings.Join(known, ", "), "/*MAX_ROWS*/", strconv.Itoa(MaxRows)).Replace(inspectSQL)
}

// readOnly runs the query in a read-only transaction of its own: one message, one round trip.
func readOnly(query string) string {
	return "BEGIN TRANSACTION READ ONLY; " + limits + "\n" + query + "\nCOMMIT;"
}

// inspect sends a statement list made by inspectQuery and decodes its one row. It uses the simple protocol, which works
// through PgBouncer in transaction mode.
func inspect(ctx context.Context, c *pgconn.PgConn, query string) (inspection, error) {
	var out inspection
	results, err := c.Exec(ctx, query).ReadAll()
	if err != nil {
		return out, err
	}
	text := singleValue(results)
	if err := json.Unmarshal(text, &out); err != nil {
		return out, fmt.Errorf("decode what the server says: %w", err)
	}
	for _, s := range out.Sessions {
		s.Session.Migrator = s.Migrator
		out.Database.Sessions = append(out.Database.Sessions, s.Session)
	}
	if slices.ContainsFunc(out.Database.Sessions, works) {
		if out.sockets, err = sockets(ctx, c, out.OurPort); err != nil {
			return out, err
		}
	}
	return out, nil
}

// socketsQuery reads the server's socket table, which only members of pg_read_server_files may do. Refused, it yields nothing
// and leaves the transaction that it runs in alone.
const socketsQuery = `DO $ameide$
DECLARE
  sockets text := '';
BEGIN
  BEGIN
    EXECUTE 'SELECT pg_read_file(''/proc/net/tcp'')' INTO sockets;
    EXECUTE 'SELECT $1 || pg_read_file(''/proc/net/tcp6'')' INTO sockets USING sockets;
  EXCEPTION WHEN OTHERS THEN
    NULL;
  END;
  PERFORM set_config('ameide.sockets', sockets, true);
END
$ameide$;
SELECT current_setting('ameide.sockets');`

// sockets is the socket table that proves which clients are gone: the server's, or this machine's where it is the same.
// Nobody's when neither may be read.
func sockets(ctx context.Context, c *pgconn.PgConn, portSeen int) (socketTable, error) {
	if sharesLoopback(c, portSeen) {
		if text := localSockets(); text != "" {
			return parseSockets(text), nil
		}
	}
	results, err := c.Exec(ctx, socketsQuery).ReadAll()
	if err != nil {
		return nil, err
	}
	text := singleValue(results)
	if len(text) == 0 {
		return nil, nil
	}
	return parseSockets(string(text)), nil
}

// works tells whether a session may be a migration that does something now: then it matters whether its client lives.
func works(s Session) bool { return s.Migrator && !s.idle() }

// singleValue is the first value of the only result that has rows.
func singleValue(results []*pgconn.Result) []byte {
	for _, r := range results {
		if len(r.Rows) > 0 && len(r.Rows[0]) > 0 {
			return r.Rows[0][0]
		}
	}
	return nil
}

// sharesLoopback tells whether server and we are in one network namespace: both ends of our connection are the loopback
// address, and the server sees the very port that we have. A port-forward looks the same but for the port.
func sharesLoopback(c *pgconn.PgConn, portSeen int) bool {
	local, ok := c.Conn().LocalAddr().(*net.TCPAddr)
	remote, isTCP := c.Conn().RemoteAddr().(*net.TCPAddr)
	return ok && isTCP && local.IP.IsLoopback() && remote.IP.IsLoopback() && local.Port == portSeen
}

// localSockets is the socket table of this machine, empty where there is none.
func localSockets() string {
	v4, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return ""
	}
	v6, _ := os.ReadFile("/proc/net/tcp6") // missing where IPv6 is off
	return string(v4) + string(v6)
}
