package dbops

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Bounds of one clearing. They hold when the command is interrupted, too: a COMMIT is never left half-way on purpose.
const (
	perLock   = 30 * time.Second
	aftercare = 20 * time.Second
)

// Apply clears the locks that Plan marked, each in a transaction of its own, and returns all of them with what was done.
// One that fails does not keep the next from being tried. Afterwards no lock is ActionClear.
func (r Reader) Apply(ctx context.Context, locks []Lock, assumed []Identity) []Lock {
	out := make([]Lock, len(locks))
	for i, l := range locks {
		if l.Action == ActionClear {
			l = r.clear(ctx, l, assumed)
		}
		out[i] = l
	}
	return out
}

func (r Reader) clear(ctx context.Context, l Lock, assumed []Identity) Lock {
	if err := ctx.Err(); err != nil {
		return failed(l, "not tried: interrupted")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), perLock)
	defer cancel()
	c, err := pgconn.ConnectConfig(ctx, r.Target.in(l.Database))
	if err != nil {
		return failed(l, "not tried: "+r.reason(r.Target.connectError(l.Database, err)))
	}
	defer closeQuietly(c)
	if l = r.prepare(ctx, c, l, assumed); l.Action != ActionCleared {
		if !c.IsClosed() {
			_, _ = c.Exec(ctx, "ROLLBACK").ReadAll() // closing the session would do the same
		}
		return l
	}
	return r.commit(ctx, c, l)
}

func failed(l Lock, reason string) Lock { return l.done(ActionNone, reason) }

func (l Lock) done(action Action, reason string) Lock {
	l.Action, l.Reason = action, reason
	return l
}

func cleared(l Lock, reason string) Lock {
	l.Action, l.Reason, l.Advice = ActionCleared, reason, adviceCleared(l)
	return l
}

// prepare does everything but COMMIT: takes the table without waiting, judges again under that lock, and leaves one row
// that reads 0. Any action but ActionCleared must be rolled back.
func (r Reader) prepare(ctx context.Context, c *pgconn.PgConn, l Lock, assumed []Identity) Lock {
	got, err := r.underLock(ctx, c, l)
	if err != nil {
		return l.done(refusedOrNone(err), r.explain(c, err))
	}
	if l = r.again(got, l, assumed); l.Action != ActionClear {
		return l
	}
	if reason, err := r.runsForOthers(ctx, c, l); err != nil || reason != "" {
		if err != nil {
			return failed(l, r.explain(c, err))
		}
		return l.done(ActionRefused, reason)
	}
	check := "SELECT count(*) || ' ' || count(*) FILTER (WHERE is_locked = 0) FROM " + l.identifier() + ";"
	results, err := c.Exec(ctx, r.Scripts.unlock(l)+check).ReadAll()
	if err != nil {
		return failed(l, r.explain(c, err))
	}
	if rows := string(singleValue(results)); rows != "1 1" {
		return failed(l, "the table would not hold exactly one row 0 (rows, zeros: "+rows+"); rolled back")
	}
	return l.done(ActionCleared, "")
}

// underLock takes the table without waiting and reads what the judgement needs. Nobody can write the rows any more: whoever
// is not among the sessions that are read after them does not hold the lock.
func (r Reader) underLock(ctx context.Context, c *pgconn.PgConn, l Lock) (Database, error) {
	begin := "BEGIN; " + limits + "LOCK TABLE " + l.identifier() + " IN ACCESS EXCLUSIVE MODE NOWAIT;\n"
	d, err := readContents(ctx, c, l.Database, begin+contentsQuery(r.Scripts))
	if err != nil {
		return d, err
	}
	one := []Database{d}
	a, err := readActivity(ctx, c, activityQuery(r.Scripts, one))
	join(one, a)
	return one[0], err
}

// again is the judgement under the lock. Whatever differs from what was judged before is a reason to do nothing; a lock that
// is FREE by now is that, and no longer what was judged.
func (r Reader) again(got Database, l Lock, assumed []Identity) Lock {
	for _, now := range Judge(Snapshot{Databases: []Database{got}}, r.Installation, assumed) {
		if now.Schema != l.Schema || now.Table != l.Table {
			continue
		}
		action, reason := decide(now)
		switch {
		case now.Verdict == Free:
			return now.done(ActionNone, "somebody freed it meanwhile; nothing was done")
		case action == ActionRefused:
			return l.done(ActionRefused, "changed since it was judged: "+reason+"; nothing was done")
		case now.Verdict != l.Verdict || !reflect.DeepEqual(now.Rows, l.Rows):
			return l.done(ActionRefused, "its rows changed since it was judged; nothing was done")
		}
		return l.done(action, reason)
	}
	return l.done(ActionRefused, "the table is no Knex lock table any more; nothing was done")
}

// commit ends the transaction and says which state stands, also when the answer is lost.
func (r Reader) commit(ctx context.Context, c *pgconn.PgConn, l Lock) Lock {
	results, err := c.Exec(ctx, "COMMIT").ReadAll()
	if err == nil && len(results) == 1 && results[0].CommandTag.String() == "COMMIT" {
		return cleared(l, "")
	}
	if err == nil {
		return failed(l, "the server rolled back; the old state stands")
	}
	if sqlState(err) != "" && !c.IsClosed() {
		return failed(l, r.explain(c, err))
	}
	return r.afterLostCommit(ctx, l)
}

// afterLostCommit looks until the server answers again: the transaction is whole or not there at all.
func (r Reader) afterLostCommit(ctx context.Context, l Lock) Lock {
	ctx, cancel := context.WithTimeout(ctx, aftercare)
	defer cancel()
	for {
		if t, ok := r.lookAt(ctx, l); ok {
			if reflect.DeepEqual(append([]Row{}, t.Rows...), l.Rows) {
				return failed(l, "the connection was lost at COMMIT; looked again: the old state stands")
			}
			return cleared(l, "the connection was lost at COMMIT; looked again: the new state stands")
		}
		select {
		case <-ctx.Done():
			l.Action, l.Reason = ActionUnknown, "the connection was lost at COMMIT and the server does not answer: it is whole, old or new; run migrations when it is back"
			return l
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// lookAt reads one lock table; not while the lost session still holds it.
func (r Reader) lookAt(ctx context.Context, l Lock) (Table, bool) {
	one := make([]Database, 1)
	c, err := r.connect(ctx, l.Database)
	if err != nil {
		return Table{}, false
	}
	defer closeQuietly(c)
	if one[0], err = readContents(ctx, c, l.Database, readOnly(contentsQuery(r.Scripts))); err != nil {
		return Table{}, false
	}
	a, err := readActivity(ctx, c, readOnly(activityQuery(r.Scripts, one)))
	if err != nil {
		return Table{}, false
	}
	join(one, a)
	for _, t := range one[0].Tables {
		if t.Schema == l.Schema && t.Name == l.Table && t.Unreadable == "" && len(t.Holders) == 0 {
			return t, true
		}
	}
	return Table{}, false
}

// SQLSTATE of what stops a clearing.
const (
	lockNotAvailable = "55P03"
	readOnlyServer   = "25006"
	inRecovery       = "55000" // LOCK TABLE on a standby
)

// refusedOrNone is refused where a guard of the database said no.
func refusedOrNone(err error) Action {
	if state := sqlState(err); state == lockNotAvailable || state == readOnlyServer || state == inRecovery {
		return ActionRefused
	}
	return ActionNone
}

// explain says why a transaction failed, and that the old state stands.
func (r Reader) explain(c *pgconn.PgConn, err error) string {
	what := r.Target.Redact(cause(err))
	switch {
	case sqlState(err) == lockNotAvailable:
		what = "somebody else uses the table right now"
	case sqlState(err) == "42501":
		what += "; connect as the role that owns the table"
	case errors.Is(err, context.DeadlineExceeded):
		what = fmt.Sprintf("no answer within %s", perLock)
	case sqlState(err) == "" && c.IsClosed():
		what = "the connection was lost before COMMIT: " + what
	}
	return what + "; the old state stands"
}
