package dbops

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Connections is how many are open at once, at most.
const Connections = 16

// perDatabase bounds the look at one database, connecting included.
const perDatabase = 20 * time.Second

// Reader looks at one installation on one server.
type Reader struct {
	Target       Target
	Installation Installation
	Scripts      Scripts
}

// Read looks at every database of the installation that the role can see. It changes nothing, waits for nobody's lock, and
// costs one connection for each database, with one round trip where all is well and two elsewhere. What it cannot read it
// lists in Unseen; an error means that it could see nothing at all.
//
// The rows are read first, in each database; then once, for the whole server, who is connected and who holds a table; then
// the rows that do not read 0 a second time (settle). The order carries the verdicts:
//
//   - A migration that lives through both of the first two is seen: its 1 by the rows or its lock by pg_locks, and itself.
//   - A row that is the same version before and after the look at the sessions read 1 during it, too. Knex holds its lock
//     only while it is connected: when nobody was there, nobody held it. So STALE is never a migration that ended (it
//     wrote 0), nor one that began (it wrote 1, if only over an equal one), in between.
//   - What begins after the look is not seen by any order. Apply therefore judges again, under a lock that stops Knex.
func (r Reader) Read(ctx context.Context) (Snapshot, error) {
	s := Snapshot{Server: r.Target.Server()}
	c, err := r.connect(ctx, r.Target.Database())
	if err != nil {
		return s, err
	}
	defer closeQuietly(c)
	_, s.Encrypted = c.Conn().(*tls.Conn)
	first, others, err := r.survey(ctx, c, &s)
	if err != nil {
		return s, err
	}
	h := home{r, c, first.server}
	found, unseen := h.lookAll(ctx, s.visible(r.Installation, first.Name, others))
	s.Databases = append(found, first)
	s.Unseen = append(s.Unseen, unseen...)
	if err := h.attend(ctx, s.Databases); err != nil {
		return s, err
	}
	unseen, err = h.settle(ctx, s.Databases)
	if err != nil {
		return s, err
	}
	s.Unseen = append(s.Unseen, unseen...)
	s.sort()
	return s, ctx.Err()
}

// survey reads what the server is, and the tables of the first database; it returns the server's other databases, too.
func (r Reader) survey(ctx context.Context, c *pgconn.PgConn, s *Snapshot) (Database, []candidate, error) {
	ctx, cancel := context.WithTimeout(ctx, perDatabase)
	defer cancel()
	var o overview
	found, err := readGlance(ctx, c, looks(r.Scripts, overviewQuery), &o)
	if err != nil {
		return Database{}, nil, r.Target.connectError(r.Target.Database(), err)
	}
	s.Version, s.Role, s.Standby = o.Version, o.Role, o.Standby
	return found.database(o.Name), o.Databases, nil
}

// visible are the other databases of the installation. Those that the role may not enter become Unseen.
func (s *Snapshot) visible(i Installation, first string, others []candidate) []string {
	var names []string
	for _, c := range others {
		switch {
		case !i.Owns(c.Name) || c.Name == first:
		case !c.Open:
			s.Unseen = append(s.Unseen, Unseen{Database: c.Name, Reason: "role " + s.Role + " has no CONNECT privilege"})
		default:
			names = append(names, c.Name)
		}
	}
	return names
}

func (r Reader) look(ctx context.Context, database string, m messages) (Database, error) {
	ctx, cancel := context.WithTimeout(ctx, perDatabase)
	defer cancel()
	c, err := r.connect(ctx, database)
	if err != nil {
		return Database{}, err
	}
	defer closeQuietly(c)
	found, err := readGlance(ctx, c, m)
	if err != nil {
		return Database{}, r.Target.connectError(database, err)
	}
	return found.database(database), nil
}

func (r Reader) connect(ctx context.Context, database string) (*pgconn.PgConn, error) {
	c, err := pgconn.ConnectConfig(ctx, r.Target.in(database))
	if err != nil {
		return nil, r.Target.connectError(database, err)
	}
	return c, nil
}

func (r Reader) reason(err error) string {
	var e *ConnectError
	if errors.As(err, &e) {
		return e.Cause
	}
	return r.Target.Redact(err.Error())
}

// sort orders a snapshot and lists the tables that could not be read.
func (s *Snapshot) sort() {
	slices.SortFunc(s.Databases, func(a, b Database) int { return strings.Compare(a.Name, b.Name) })
	for _, d := range s.Databases {
		for _, t := range d.Tables {
			if t.Unreadable != "" && len(t.Holders) == 0 {
				s.Unseen = append(s.Unseen, Unseen{Database: d.Name, Table: t.Schema + "." + t.Name, Reason: t.Unreadable})
			}
		}
	}
	slices.SortFunc(s.Unseen, func(a, b Unseen) int { return strings.Compare(a.Database+"/"+a.Table, b.Database+"/"+b.Table) })
}
