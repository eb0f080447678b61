package dbops

import (
	"context"
	"slices"
)

// settleRounds is how often rows are read again while they keep changing.
const settleRounds = 3

// settle reads again what a verdict would be built on that somebody might just have changed: rows that do not read 0 while
// nobody holds their table, and invalid indexes that nobody builds. Databases in which they stayed the same are settled.
// The others are taken as they are now, together with who is there now, and read once more. Tables that never stay the same
// are marked: somebody is at work there. A database that could be read only once is returned, too.
func (h home) settle(ctx context.Context, databases []Database) ([]Unseen, error) {
	open := unsettled(databases)
	var unseen []Unseen
	for range settleRounds {
		if len(open) == 0 {
			break
		}
		var again []Database
		again, unseen = h.lookAll(ctx, open)
		changed := replaceChanged(databases, open, again)
		if len(changed) == 0 {
			return nil, nil
		}
		if err := h.attendAgain(ctx, databases, changed); err != nil {
			return nil, err
		}
		open = slices.DeleteFunc(unsettled(databases), func(name string) bool { return !slices.Contains(changed, name) })
	}
	for i, d := range databases {
		if !slices.Contains(open, d.Name) {
			continue
		}
		for t := range d.Tables {
			databases[i].Tables[t].Unsettled = true
		}
		databases[i].Indexes = nil // one that comes and goes is being built
	}
	return slices.DeleteFunc(unseen, func(u Unseen) bool { return !slices.Contains(open, u.Database) }), nil
}

// attendAgain joins who is there now to the named databases alone: the others' rows fit what was seen before.
func (h home) attendAgain(ctx context.Context, databases []Database, names []string) error {
	var some []Database
	for _, d := range databases {
		if slices.Contains(names, d.Name) {
			some = append(some, d)
		}
	}
	if err := h.attend(ctx, some); err != nil {
		return err
	}
	for _, d := range some {
		databases[slices.IndexFunc(databases, func(o Database) bool { return o.Name == d.Name })] = d
	}
	return nil
}

// unsettled names the databases that must be read again.
func unsettled(databases []Database) []string {
	var names []string
	for _, d := range databases {
		if slices.ContainsFunc(d.Tables, Table.doubtful) || slices.ContainsFunc(d.Indexes, func(x Index) bool { return !x.Building }) {
			names = append(names, d.Name)
		}
	}
	return names
}

// doubtful tells whether a table's verdict rests on who is not there.
func (t Table) doubtful() bool { return shape(t.Rows) != Free && len(t.Holders) == 0 }

// replaceChanged compares a second look at the named databases with the first, puts it in the place of those that differ,
// and names them. A database that could not be looked at again counts as one that differs.
func replaceChanged(databases []Database, names []string, again []Database) []string {
	var changed []string
	for _, name := range names {
		i := slices.IndexFunc(databases, func(d Database) bool { return d.Name == name })
		j := slices.IndexFunc(again, func(d Database) bool { return d.Name == name })
		switch {
		case j < 0:
			changed = append(changed, name)
		case !sameDoubts(databases[i], again[j]):
			databases[i] = again[j]
			changed = append(changed, name)
		}
	}
	return changed
}

// sameDoubts tells whether all that made a first look doubtful was the very same in the second.
func sameDoubts(first, second Database) bool {
	for _, t := range first.Tables {
		if t.doubtful() && !slices.ContainsFunc(second.Tables, func(o Table) bool { return o.OID == t.OID && o.Stamp == t.Stamp && o.Unreadable == "" }) {
			return false
		}
	}
	for _, x := range first.Indexes {
		if !x.Building && !slices.ContainsFunc(second.Indexes, func(o Index) bool { return o.OID == x.OID }) {
			return false
		}
	}
	return true
}
