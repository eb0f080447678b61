package dbops

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ConnectError is a server or database that could not be reached.
type ConnectError struct {
	Target   string // without the password
	Database string
	Cause    string
	code     string // SQLSTATE, when the server answered
	way      string // hint of whoever makes the connection, for example which right a port-forward lacks
	err      error
}

func (e *ConnectError) Error() string {
	return fmt.Sprintf("connect to %s, database %s: %s", e.Target, e.Database, e.Cause)
}

// SQLState is PostgreSQL's error code; empty when the server did not answer.
func (e *ConnectError) SQLState() string { return e.code }

// Unwrap is a context's error or nothing: the library's own may carry the DSN.
func (e *ConnectError) Unwrap() error { return e.err }

// Hint is the next thing to look at.
func (e *ConnectError) Hint() string {
	switch {
	case e.way != "":
		return e.way
	case e.code == "53300":
		return "every connection is taken: end an idle one, connect as a superuser (some slots are reserved), or go through PgBouncer"
	case e.code == "28P01", e.code == "28000":
		return "check user and password (POSTGRES_USER and POSTGRES_PASSWORD of the installation's Secret)"
	case e.code == "42501":
		return "grant this role CONNECT, or use the role that owns the plugins' databases"
	case e.code == "3D000":
		return "name a database that exists, for example the installation's own"
	case strings.Contains(e.Cause, "server refused TLS"):
		return "the server speaks no TLS; if that is right, say sslmode=disable"
	case e.code == "":
		return "is it the address of the primary (-rw), and can it be reached from here?"
	}
	return ""
}

func (t Target) connectError(database string, err error) error {
	out := &ConnectError{Target: t.Server(), Database: database, Cause: t.Redact(cause(err)), code: sqlState(err)}
	var way interface{ Hint() string }
	if errors.As(err, &way) {
		out.way = way.Hint()
	}
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			out.err = known
		}
	}
	return out
}

// cause is what went wrong, in the words of the one who knows: the server, or the network.
func cause(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return fmt.Sprintf("%s (SQLSTATE %s)", pg.Message, pg.Code)
	}
	text := err.Error()
	var connect *pgconn.ConnectError
	if inner := errors.Unwrap(err); errors.As(err, &connect) && inner != nil {
		text = inner.Error()
	}
	return strings.Join(strings.Fields(text), " ")
}

func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}
