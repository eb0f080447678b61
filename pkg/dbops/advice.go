package dbops

import (
	"fmt"
	"strings"
)

// tasksTable is the lock of Backstage's scheduler. A plugin that cannot take it starts all the same.
const tasksTable = "backstage_backend_tasks__knex_migrations_lock"

// restart is what ends the incident: where a hook Job migrates, the portal itself never does.
const restart = "start Backstage, or sync the Application again where its hook Job migrates"

// advice is one sentence: what this means and the one safe thing to do.
func advice(l Lock) string {
	switch l.Verdict {
	case Free:
		return adviceFree(l)
	case Held:
		return adviceHeld(l)
	case Orphan:
		return adviceOrphan(l)
	case Stale:
		return "Stuck, and nobody is there: run unlock-migrations --plugin " + shellWord(l.Plugin) + ", then " + restart + "." + afterwards(l) + silent(l)
	case Corrupt:
		return adviceCorrupt(l)
	}
	return ""
}

func adviceFree(l Lock) string {
	switch {
	case len(l.Repair) > 0:
		return "The lock is free, but a half-built migration is in the next start's way: with the Deployment at 0, run the repair statements, then " + restart + "."
	case len(l.Leftovers) > 0:
		return "The lock is free, but a half-built migration is in the next start's way: remove what is listed, then " + restart + "."
	case len(l.Rows) == 0:
		return "Nothing to do: Knex inserts the missing row itself."
	}
	return "Nothing to do."
}

func adviceHeld(l Lock) string {
	switch l.doubt {
	case doubtStandby:
		return "Whether anybody holds it, only the primary can tell: look again there (the -rw Service)." + silent(l)
	case doubtMoving:
		return "Somebody seems to be at work (" + l.doubt + "): look again in a moment." + silent(l)
	}
	if l.Uncertain {
		text := "Somebody is connected and idle, which cannot be told from a migration between two statements (a failed start stays connected since Backstage 1.44): scale the Deployment to 0 and look again."
		if len(l.Sessions) > 0 && l.Sessions[0].State == "" {
			text = "This role may not see what the sessions do: look again as a member of pg_read_all_stats, or scale the Deployment to 0 and look again."
		}
		return text + silent(l)
	}
	if len(l.Sessions) == 0 {
		return "Somebody holds the table without a session in this database (a prepared transaction, or it has just ended): look again, and see pg_prepared_xacts."
	}
	s := l.Sessions[0]
	text := fmt.Sprintf("Leave it alone and wait: pid %d has been %s for %s", s.PID, s.State, duration(s.Seconds))
	if s.Progress != nil {
		text += fmt.Sprintf(" (%s, %s, %d %%)", s.Progress.Command, s.Progress.Phase, s.Progress.Percent)
	}
	if s.State == "idle in transaction" {
		return text + "; if its pod or node is gone, SELECT pg_terminate_backend(" + fmt.Sprint(s.PID) + ") rolls it back."
	}
	return text + "."
}

func adviceOrphan(l Lock) string {
	for _, s := range l.Sessions {
		if s.Gone != "" {
			return fmt.Sprintf("The client of pid %d is gone (%s) and the server still works on %q: wait for it to end, or interrupt that with SELECT pg_terminate_backend(%d); then look again.",
				s.PID, s.Gone, brief(s.Query), s.PID)
		}
	}
	return ""
}

func adviceCorrupt(l Lock) string {
	what := "a value that Knex never frees"
	switch {
	case len(l.Rows) > 1:
		what = "several rows, which no UPDATE heals"
	case l.Rows[0].IsLocked == nil:
		what = "NULL, which locks for ever"
	}
	do := "run unlock-migrations --plugin " + shellWord(l.Plugin) + ", which leaves one row 0, then " + restart + "."
	if len(l.Sessions) > 0 {
		do = "scale the Deployment to 0 until its sessions are gone, then " + do
	}
	return "The table holds " + what + ": " + do + afterwards(l) + silent(l)
}

// afterwards is what must follow the clearing.
func afterwards(l Lock) string {
	if len(l.Repair) > 0 {
		return " Before the start, run the repair statements, or it fails with 42P07."
	}
	if len(l.Leftovers) > 0 {
		return " The start fails with 42P07 on what is left over."
	}
	return ""
}

// adviceCleared is what is left to do.
func adviceCleared(l Lock) string {
	if rest := afterwards(l); rest != "" {
		return "It was stuck and is free now." + rest
	}
	return "It was stuck and is free now: " + restart + "."
}

// silent warns of the lock that nobody notices.
func silent(l Lock) string {
	if l.Table != tasksTable {
		return ""
	}
	return " Until then Backstage looks healthy, but the scheduled tasks of plugin " + l.Plugin + " do not run."
}

// shellWord is a text as a shell takes it for one word: advice is copied.
func shellWord(s string) string {
	unsafe := strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
	})
	if s != "" && !unsafe {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func brief(query string) string {
	query = strings.Join(strings.Fields(query), " ")
	if r := []rune(query); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return query
}

func duration(seconds int64) string {
	switch {
	case seconds < 120:
		return fmt.Sprintf("%d s", seconds)
	case seconds < 7200:
		return fmt.Sprintf("%d min", seconds/60)
	}
	return fmt.Sprintf("%d h", seconds/3600)
}
