package dbops

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"
)

// home is the connection that stays open during a look: who is connected to any database is asked through it.
type home struct {
	Reader
	conn   *pgconn.PgConn
	server string // Database.server of whoever answers it
}

// errOtherServer is an answer of a server that home does not know the sessions of: behind a pooler that spreads databases,
// or of a list of hosts of which one has just gone.
var errOtherServer = errors.New("another server than before answered: name the server of this database itself")

// attend joins to databases who is there now.
func (h home) attend(ctx context.Context, databases []Database) error {
	ctx, cancel := context.WithTimeout(ctx, perDatabase)
	defer cancel()
	a, err := readActivity(ctx, h.conn, readOnly(activityQuery(h.Scripts, databases)))
	if err == nil && a.Started != h.server {
		err = errOtherServer
	}
	if err != nil {
		return h.Target.connectError(h.Target.Database(), err)
	}
	join(databases, a)
	return nil
}

// lookAll looks at the tables of databases side by side.
func (h home) lookAll(ctx context.Context, names []string) ([]Database, []Unseen) {
	m := looks(h.Scripts, "")
	found := make([]*Database, len(names))
	reasons := make([]string, len(names))
	var g errgroup.Group
	g.SetLimit(Connections - 1)
	for i, name := range names {
		g.Go(func() error {
			d, err := h.look(ctx, name, m)
			if err == nil && d.server != h.server {
				err = errOtherServer
			}
			if err != nil {
				reasons[i] = h.reason(err)
				return nil
			}
			found[i] = &d
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
