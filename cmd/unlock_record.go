package cmd

import (
	"bytes"
	"context"
	"log/slog"
	"time"

	"github.com/ameideio/ameide/pkg/dbops"
)

// unlockRecord says who did what, when, why, and what was seen before. It never holds a password.
type unlockRecord struct {
	Time     string       `json:"time"`
	Operator string       `json:"operator"` // the user who ran the command
	Role     string       `json:"role"`     // the database role
	Server   string       `json:"server"`
	Reason   string       `json:"reason"`
	DryRun   bool         `json:"dry_run"`
	Assumed  []int32      `json:"assumed_dead"`
	Locks    []lockRecord `json:"locks"`
	Scaled   *scaleRecord `json:"scaled,omitempty"`
	Error    string       `json:"error,omitempty"`
}

// lockRecord is one lock that was not free: seen before, done, and why.
type lockRecord struct {
	Database string        `json:"database"`
	Table    string        `json:"table"`
	Plugin   string        `json:"plugin"`
	Seen     dbops.Verdict `json:"seen"`
	Rows     string        `json:"rows"`
	PIDs     []int32       `json:"pids"`
	Action   dbops.Action  `json:"action"`
	Reason   string        `json:"reason,omitempty"`
}

func (o unlockOptions) newRecord(env Env, t dbops.Target) unlockRecord {
	operator := env.getenv("SUDO_USER")
	for _, key := range []string{"USER", "LOGNAME"} {
		if operator == "" {
			operator = env.getenv(key)
		}
	}
	if operator == "" {
		operator = env.User
	}
	return unlockRecord{
		Time: env.Now().UTC().Format(time.RFC3339), Operator: orUnknown(operator), Server: t.Server(), Reason: o.reason, DryRun: o.dryRun,
		Assumed: append([]int32{}, o.dead...), Locks: []lockRecord{},
	}
}

func (r *unlockRecord) see(locks []dbops.Lock) {
	for _, l := range locks {
		if l.Verdict == dbops.Free {
			continue
		}
		one := lockRecord{Database: l.Database, Table: l.Name(), Plugin: l.Plugin, Seen: l.Verdict, Rows: rowText(l.Rows), PIDs: []int32{}, Action: l.Action}
		for _, s := range l.Sessions {
			one.PIDs = append(one.PIDs, s.PID)
		}
		r.Locks = append(r.Locks, one)
	}
}

// finish adds what was done and writes the record as one line on stderr.
func (r *unlockRecord) finish(env Env, locks []dbops.Lock, err error) {
	for i, one := range r.Locks {
		for _, l := range locks {
			if l.Database == one.Database && l.Name() == one.Table {
				r.Locks[i].Action, r.Locks[i].Reason = l.Action, l.Reason
			}
		}
	}
	if err != nil {
		r.Error = err.Error()
	}
	line := slog.NewRecord(env.Now(), slog.LevelInfo, "unlock-migrations", 0)
	line.AddAttrs(slog.Any("record", r))
	var text bytes.Buffer
	_ = slog.NewJSONHandler(&text, nil).Handle(context.Background(), line) // a buffer takes everything
	_, _ = env.Err.Write(plainJSON(text.Bytes()))                          // stderr is the last resort itself
}
