package cmd

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ameideio/ameide/pkg/dbops"
)

func printLocks(env Env, format string, r locksReport) error {
	switch format {
	case formatJSON:
		return printJSON(env.Out, r)
	case formatLines:
		return lockFacts(env.Out, r)
	}
	p := newPrinter(env)
	p.line("server %s: PostgreSQL %s, role %s, %s", r.Server, r.Version, r.Role, encryption(r))
	if r.Standby {
		p.line("%s", p.color(yellow, "this server is a standby: it may lag behind, shows no session of the primary, and cannot be unlocked"))
	}
	p.locks(r.Locks)
	for _, planned := range r.plan {
		p.line("")
		p.line("%s in %s would execute:", plain(planned.lock.Name()), plain(planned.lock.Database))
		p.line("%s", plainLines([]byte(indent(strings.Join(planned.statements, ";\n")+";"))))
	}
	for _, u := range r.Unseen {
		p.line("%s  %s", p.color(yellow, "NOT SEEN"), plain(strings.TrimSuffix(u.Database+" "+u.Table, " ")+": "+u.Reason))
	}
	p.line("")
	p.line("%s", r.Summary)
	return p.err
}

func encryption(r locksReport) string {
	if r.TLS {
		return "TLS"
	}
	return "no TLS"
}

// locks is a table: one line for each lock, and below it what the reader must know.
func (p *printer) locks(locks []dbops.Lock) {
	width := [3]int{}
	for _, l := range locks {
		for i, cell := range []string{l.Plugin, l.Database, l.Name()} {
			width[i] = max(width[i], utf8.RuneCountInString(plain(cell)))
		}
	}
	for _, l := range locks {
		verdict := fmt.Sprintf("%-7s", l.Verdict)
		p.line("%s  %-*s  %-*s  %-*s  %-9s %s", p.color(verdictColor(l), verdict), width[0], plain(l.Plugin), width[1], plain(l.Database),
			width[2], plain(l.Name()), rowText(l.Rows), plain(lastMigration(l)))
		if !l.Clear() || l.Action != dbops.ActionNone || l.Reason != "" {
			p.lockDetails(l)
		}
	}
}

func (p *printer) lockDetails(l dbops.Lock) {
	for _, s := range l.Sessions {
		p.line("         pid %d %s for %d s, %s from %s: %s", s.PID, orUnknown(s.State), s.Seconds, plain(orUnknown(s.ApplicationName)),
			orUnknown(s.Client), plain(orNone(s.Query)))
		if s.Progress != nil {
			p.line("           %s, %s, %d %%", s.Progress.Command, s.Progress.Phase, s.Progress.Percent)
		}
	}
	for _, name := range l.InvalidIndexes {
		p.line("         left over: invalid index %s", plain(name))
	}
	for _, name := range l.Leftovers {
		p.line("         left over: %s", plain(name))
	}
	p.line("         %s", plain(l.Advice))
	for _, statement := range l.Repair {
		p.line("         repair: %s", plain(statement))
	}
	if l.Action != dbops.ActionNone || l.Reason != "" {
		p.line("         %s", p.color(actionLockColor(l.Action), plain(actionText(l))))
	}
}

func actionText(l dbops.Lock) string {
	text := map[dbops.Action]string{
		dbops.ActionNone: "not cleared", dbops.ActionClear: "would be cleared", dbops.ActionCleared: "cleared",
		dbops.ActionRefused: "refused", dbops.ActionUnknown: "unknown",
	}[l.Action]
	if l.Reason != "" {
		text += ": " + l.Reason
	}
	return text
}

func actionLockColor(a dbops.Action) string {
	switch a {
	case dbops.ActionCleared:
		return green
	case dbops.ActionClear:
		return cyan
	case dbops.ActionNone, dbops.ActionRefused, dbops.ActionUnknown:
		return red
	}
	return grey
}

func verdictColor(l dbops.Lock) string {
	switch l.Verdict {
	case dbops.Free:
		if l.Clear() {
			return green
		}
		return yellow
	case dbops.Held:
		return cyan
	case dbops.Orphan, dbops.Stale, dbops.Corrupt:
		return red
	}
	return grey
}

func rowText(rows []dbops.Row) string {
	if len(rows) == 0 {
		return "no row"
	}
	values := make([]string, len(rows))
	for i, r := range rows {
		values[i] = "NULL"
		if r.IsLocked != nil {
			values[i] = r.IsLocked.String()
		}
	}
	return "row " + strings.Join(values, ",")
}

func lastMigration(l dbops.Lock) string {
	if l.LastMigration == "" {
		return "no migration recorded"
	}
	return fmt.Sprintf("%s, batch %d, %s", l.LastMigration, l.Batch, l.MigratedAt)
}

func orNone(s string) string {
	if s == "" {
		return "no statement"
	}
	return s
}
