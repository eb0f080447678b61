package dbops

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed activity.sql
var activitySQL string

// activity is what activity.sql says about a server: who is connected to the databases that it was asked about, who holds
// their lock tables, and which indexes are being built.
type activity struct {
	Started  string `json:"server_started"`
	OurPort  int    `json:"our_port"`
	Sessions []struct {
		Session
		Database string `json:"database"`
		Migrator bool   `json:"migrator"`
	} `json:"sessions"`
	Holders []struct {
		Database string `json:"database"`
		Relation int64  `json:"relation"`
		PID      int32  `json:"pid"`
	} `json:"holders"`
	Builds []struct {
		Progress
		Database string `json:"database"`
		PID      int32  `json:"pid"`
		Table    *int64 `json:"table"` // nil when the role may not see it
		Index    *int64 `json:"index"` // 0 until it exists
	} `json:"builds"`
	sockets socketTable
}

// activityQuery asks once about all of these databases. The views show the whole server from any database of it, and each
// look at them costs by the number of its sessions and locks.
func activityQuery(s Scripts, databases []Database) string {
	names := make([]string, len(databases))
	var relations []string
	for i, d := range databases {
		names[i] = literal(d.Name)
		for _, t := range d.Tables {
			relations = append(relations, fmt.Sprint(t.OID))
		}
	}
	slices.Sort(relations)
	relations = slices.Compact(relations) // databases that were made alike have tables of the same oid
	return strings.NewReplacer("/*SESSIONS*/", s.everywhere(), "/*DATABASES*/", "ARRAY["+strings.Join(names, ",")+"]",
		"/*RELATIONS*/", "ARRAY["+strings.Join(relations, ",")+"]").Replace(activitySQL)
}

// readActivity adds what only a second question can tell: which clients of working sessions are gone. A client that ended
// well between the two looks as if it had been killed at work, so that the sessions are then asked for once more: who is at
// work after its client was seen to be gone has lost it.
func readActivity(ctx context.Context, c *pgconn.PgConn, query string) (activity, error) {
	var a activity
	if err := ask(ctx, c, query, &a); err != nil {
		return a, err
	}
	if !a.working(func(Session) bool { return true }) {
		return a, nil
	}
	table, err := sockets(ctx, c, a.OurPort)
	if err == nil && a.working(func(s Session) bool { return table.closed(s.Client) }) {
		a = activity{}
		err = ask(ctx, c, query, &a)
	}
	a.sockets = table
	return a, err
}

// working tells whether one of these sessions may be a migration that does something now.
func (a activity) working(which func(Session) bool) bool {
	for _, s := range a.Sessions {
		if s.Migrator && !s.idle() && which(s.Session) {
			return true
		}
	}
	return false
}

// join adds to databases what a server shows of them. It replaces what an earlier one showed.
func join(databases []Database, a activity) {
	at := map[string]*Database{}
	for i := range databases {
		d := &databases[i]
		at[d.Name], d.Sessions, d.sockets = d, nil, a.sockets
		for t := range d.Tables {
			d.Tables[t].Holders = nil
		}
		for x := range d.Indexes {
			d.Indexes[x].Building = false
		}
	}
	for _, s := range a.Sessions {
		if d := at[s.Database]; d != nil {
			s.Session.Migrator = s.Migrator
			d.Sessions = append(d.Sessions, s.Session)
		}
	}
	for _, h := range a.Holders {
		if d := at[h.Database]; d != nil {
			d.heldBy(h.Relation, h.PID)
		}
	}
	joinBuilds(at, a)
}

func joinBuilds(at map[string]*Database, a activity) {
	for _, b := range a.Builds {
		d := at[b.Database]
		if d == nil {
			continue
		}
		for i, s := range d.Sessions {
			if s.PID == b.PID && b.Command != "" {
				d.Sessions[i].Progress = &b.Progress
			}
		}
		for i, x := range d.Indexes {
			// What cannot be seen may be any of them: advice to drop a living one would be worse than none.
			if b.Table == nil || b.Index == nil || *b.Index == x.OID || *b.Index == 0 && *b.Table == x.Table {
				d.Indexes[i].Building = true
			}
		}
	}
}

func (d *Database) heldBy(relation int64, pid int32) {
	for i, t := range d.Tables {
		if t.OID == relation {
			d.Tables[i].Holders = append(t.Holders, pid)
		}
	}
}
