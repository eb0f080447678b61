package dbops

import (
	"context"
	_ "embed"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed tables.sql
var tablesSQL string

// Limits of every statement that reads: looking never waits behind a migration, and never long. Compiling a query that runs
// once would take longer than running it. Nothing that the owner of a database has put into it may run in place of what is
// meant, nor hide a row from us: no schema but PostgreSQL's own is searched, and a policy on a table makes it unreadable.
const limits = "SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL row_security = off; SET LOCAL jit = off; " +
	"SET LOCAL lock_timeout = '250ms'; SET LOCAL statement_timeout = '8s'; SET LOCAL idle_in_transaction_session_timeout = '30s';\n"

// overviewQuery says what the server is, and every database that can be connected to with whether this role may.
const overviewQuery = `SELECT json_build_object('name', current_database(), 'version', current_setting('server_version'),
  'role', current_user, 'standby', pg_is_in_recovery(), 'databases',
  (SELECT json_agg(json_build_object('name', datname, 'open', has_database_privilege(oid, 'CONNECT')) ORDER BY datname)
     FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate));
`

// overview is the answer to overviewQuery.
type overview struct {
	Name      string      `json:"name"`
	Version   string      `json:"version"`
	Role      string      `json:"role"`
	Standby   bool        `json:"standby"`
	Databases []candidate `json:"databases"`
}

type candidate struct {
	Name string `json:"name"`
	Open bool   `json:"open"`
}

// contents is what tables.sql says about the database that it runs in. Who is connected is not part of it.
type contents struct {
	Started string  `json:"server_started"`
	Tables  []Table `json:"tables"`
	Indexes []struct {
		Index
		Plain string `json:"plain"`
		Valid bool   `json:"valid"`
	} `json:"indexes"`
}

// database sorts the indexes: an invalid one is damage, a valid one of a known name may be a left-over.
func (c contents) database(name string) Database {
	d := Database{Name: name, Tables: c.Tables, server: c.Started}
	for _, x := range c.Indexes {
		if !x.Valid {
			d.Indexes = append(d.Indexes, x.Index)
			continue
		}
		for i, t := range d.Tables {
			if t.Schema == x.Schema {
				d.Tables[i].Indexes = append(t.Indexes, x.Plain)
			}
		}
	}
	return d
}

// contentsQuery is the statement list that reads the tables of one database. Its halves must share a transaction. Each
// connection plans it anew, which costs more than running it: it asks nothing that a healthy database has no answer to.
func contentsQuery(s Scripts) string { return fill(tablesSQL, s) }

// fill puts what both ways of reading share into a query.
func fill(query string, s Scripts) string {
	var known, exist []string
	for _, name := range knownIndexes() {
		known = append(known, literal(name))
		exist = append(exist, "to_regclass(format('%I.%I', identity[1], "+literal(name)+")) IS NOT NULL")
	}
	return strings.NewReplacer("/*LOCK_TABLES*/", s.LockTables, "/*KNOWN_INDEXES*/", strings.Join(known, ", "),
		"/*KNOWN_EXIST*/", strings.Join(exist, " OR "),
		"/*MAX_ROWS*/", strconv.Itoa(MaxRows), "/*MAX_MIGRATIONS*/", strconv.Itoa(maxMigrations)).Replace(query)
}

// readOnly runs statements in a read-only transaction of its own: one message, one round trip.
func readOnly(statements string) string {
	return "BEGIN TRANSACTION READ ONLY; " + limits + statements + "COMMIT;"
}

// readContents reads the tables of the database that a connection is in.
func readContents(ctx context.Context, c *pgconn.PgConn, name, query string) (Database, error) {
	var out contents
	err := ask(ctx, c, query, &out)
	return out.database(name), err
}
