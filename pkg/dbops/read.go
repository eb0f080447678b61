package dbops

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"
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

// Read looks at every database of the installation that the role can see. It changes nothing, waits for nobody's lock,
// and costs one connection and one round trip for each database. What it cannot read it lists in Unseen; an error means
// that it could see nothing at all.
func (r Reader) Read(ctx context.Context) (Snapshot, error) {
	s := Snapshot{Server: r.Target.Server()}
	first, encrypted, err := r.look(ctx, r.Target.Database(), readOnly(inspectQuery(r.Scripts, true)))
	if err != nil {
		return s, err
	}
	s.Version, s.Role, s.Standby, s.Encrypted = first.Version, first.Role, first.Standby, encrypted
	names := []string{}
	for _, c := range first.Databases {
		switch {
		case !r.Installation.Owns(c.Name) || c.Name == first.Name:
		case !c.Open:
			s.Unseen = append(s.Unseen, Unseen{Database: c.Name, Reason: "role " + s.Role + " has no CONNECT privilege"})
		default:
			names = append(names, c.Name)
		}
	}
	found, unseen := r.lookAll(ctx, names)
	s.Databases = append(found, first.Database)
	s.Unseen = append(s.Unseen, unseen...)
	s.sort()
	return s, ctx.Err()
}

// lookAll looks at databases side by side.
func (r Reader) lookAll(ctx context.Context, names []string) ([]Database, []Unseen) {
	query := readOnly(inspectQuery(r.Scripts, false))
	found := make([]*Database, len(names))
	reasons := make([]string, len(names))
	var g errgroup.Group
	g.SetLimit(Connections)
	for i, name := range names {
		g.Go(func() error {
			got, _, err := r.look(ctx, name, query)
			if err != nil {
				reasons[i] = r.reason(err)
				return nil
			}
			found[i] = &got.Database
			return nil
		})
	}
	_ = g.Wait() // no function returns an error: what fails is listed
	var out []Database
	var unseen []Unseen
	for i, name := range names {
		if found[i] != nil {
			out = append(out, *found[i])
		} else {
			unseen = append(unseen, Unseen{Database: name, Reason: reasons[i]})
		}
	}
	return out, unseen
}

func (r Reader) look(ctx context.Context, database, query string) (inspection, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, perDatabase)
	defer cancel()
	c, err := pgconn.ConnectConfig(ctx, r.Target.in(database))
	if err != nil {
		return inspection{}, false, r.Target.connectError(database, err)
	}
	defer closeQuietly(c)
	got, err := inspect(ctx, c, query)
	if err != nil {
		return inspection{}, false, r.Target.connectError(database, err)
	}
	_, encrypted := c.Conn().(*tls.Conn)
	return got, encrypted, nil
}

// closeQuietly says goodbye; the server notices a lost connection by itself.
func closeQuietly(c *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.Close(ctx)
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
