package dbops

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Plan decides what to do about each lock of the named plugins, or of all when none is named: clear what is stuck while
// nobody is there, refuse what somebody holds, leave the rest.
func Plan(locks []Lock, plugins []string) []Lock {
	out := []Lock{}
	for _, l := range locks {
		if len(plugins) > 0 && !slices.Contains(plugins, l.Plugin) {
			continue
		}
		l.Action, l.Reason = decide(l)
		out = append(out, l)
	}
	return out
}

func decide(l Lock) (Action, string) {
	switch {
	case l.Verdict == Free:
		return ActionNone, ""
	case l.doubt != "":
		return ActionRefused, l.doubt
	case l.Verdict == Held && l.Uncertain:
		return ActionRefused, fmt.Sprintf("pid %s of plugin %s is connected and may be migrating", pids(l.Sessions), l.Plugin)
	case l.Verdict == Held:
		return ActionRefused, fmt.Sprintf("pid %s is still migrating plugin %s", pids(working(l)), l.Plugin)
	case l.Verdict == Orphan:
		return ActionRefused, fmt.Sprintf("the server still works for a client that is gone (pid %s)", pids(working(l)))
	case len(l.Sessions) > 0:
		return ActionRefused, fmt.Sprintf("sessions of plugin %s are alive (pid %s)", l.Plugin, pids(l.Sessions))
	}
	return ActionClear, ""
}

func working(l Lock) []Session {
	busy := slices.DeleteFunc(slices.Clone(l.Sessions), func(s Session) bool { return s.idle() && !slices.Contains(l.holders, s.PID) })
	if len(busy) == 0 {
		return l.Sessions
	}
	return busy
}

func pids(sessions []Session) string {
	if len(sessions) == 0 {
		return "unknown"
	}
	out := make([]string, len(sessions))
	for i, s := range sessions {
		out[i] = fmt.Sprint(s.PID)
	}
	return strings.Join(out, ", ")
}

// Idle is every session of a snapshot that does nothing: what Judge would not count if it were gone.
func (s Snapshot) Idle() []Identity {
	var out []Identity
	for _, d := range s.Databases {
		for _, x := range d.Sessions {
			if x.idle() && x.Started != "" {
				out = append(out, Identity{x.PID, x.Started})
			}
		}
	}
	return out
}

// Identify turns pids that the operator declares dead into the sessions that they are now. missing are those that no
// database of the installation knows, busy those that are not idle: an active session is never assumed dead.
func Identify(s Snapshot, dead []int32) (found []Identity, missing, busy []int32) {
	for _, pid := range dead {
		i, idle := identity(s, pid)
		switch {
		case i.PID == 0:
			missing = append(missing, pid)
		case !idle:
			busy = append(busy, pid)
		default:
			found = append(found, i)
		}
	}
	return found, missing, busy
}

func identity(s Snapshot, pid int32) (Identity, bool) {
	for _, d := range s.Databases {
		for _, x := range d.Sessions {
			if x.PID == pid && x.Started != "" {
				return Identity{pid, x.Started}, x.idle()
			}
		}
	}
	return Identity{}, false
}

var tableParameter = regexp.MustCompile(`:table\b`)

// Statements is what clearing a lock executes, in order: what --dry-run shows. Between LOCK and DELETE the whole judgement
// is made again.
func (s Scripts) Statements(l Lock) []string {
	out := []string{"BEGIN", "SET LOCAL lock_timeout = '250ms'"}
	for statement := range strings.SplitSeq(s.unlockCode(), ";") { // a table's name may hold one
		if statement = strings.TrimSpace(statement); statement != "" {
			out = append(out, withTable(statement, l))
		}
	}
	return append(out, "COMMIT")
}

// unlock is the shared script for one table.
func (s Scripts) unlock(l Lock) string { return withTable(s.unlockCode(), l) }

func withTable(code string, l Lock) string {
	return tableParameter.ReplaceAllLiteralString(code, l.identifier())
}

// unlockCode is the shared script without its comments.
func (s Scripts) unlockCode() string {
	var code strings.Builder
	for line := range strings.Lines(s.Unlock) {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			code.WriteString(line)
		}
	}
	return code.String()
}

// identifier is the table as SQL names it, always quoted.
func (l Lock) identifier() string {
	return `"` + strings.ReplaceAll(l.Schema, `"`, `""`) + `"."` + strings.ReplaceAll(l.Table, `"`, `""`) + `"`
}
