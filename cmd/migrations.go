package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/dbops"
)

func newMigrationsCmd(env Env) *cobra.Command {
	var f databaseFlags
	c := &cobra.Command{
		Use:   "migrations",
		Short: "Inspect every Knex migration lock (read only)",
		Long: `Inspect every Knex migration lock of the installation: who holds it, whether somebody really migrates, what an
interrupted migration left behind, and the one safe thing to do about each.

Looks at every database of the installation that the role can see, and at the database that the DSN names. Nothing is
changed and nobody is waited for: read-only transactions with short timeouts. With --env alone the database is found in the
environment's cluster with your own rights, and reached through a port-forward. Exit 1 when a lock is not FREE, when something
is left over, or when a part could not be seen.`,
		Example: `  AMEIDE_DSN=postgres://backstage@localhost:5432/backstage PGPASSWORD=… ameide platform backstage migrations
  ameide platform backstage migrations --env production --json`,
		Args: noDSNArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runMigrations(c.Context(), env, f) },
	}
	f.register(c)
	return c
}

func runMigrations(ctx context.Context, env Env, f databaseFlags) error {
	r, err := f.reader(ctx, env)
	if err != nil {
		return err
	}
	s, err := r.Read(ctx)
	if err != nil {
		return unavailable(err, "")
	}
	locks := dbops.Judge(s, r.Installation, nil)
	if err := printLocks(env, f.name(), newLocksReport(s, locks)); err != nil {
		return err
	}
	if len(s.Unseen) > 0 {
		return errFindings
	}
	for _, l := range locks {
		if !l.Clear() {
			return errFindings
		}
	}
	return nil
}

// locksReport is the document that migrations and unlock-migrations print with --json.
type locksReport struct {
	Server  string         `json:"server"`
	Version string         `json:"version"`
	Role    string         `json:"role"`
	Standby bool           `json:"standby"`
	TLS     bool           `json:"tls"`
	Summary string         `json:"summary"`
	Locks   []dbops.Lock   `json:"locks"`
	Unseen  []dbops.Unseen `json:"unseen"`
	Record  *unlockRecord  `json:"record,omitempty"`
	plan    []plannedLock
}

func newLocksReport(s dbops.Snapshot, locks []dbops.Lock) locksReport {
	return locksReport{
		Server: s.Server, Version: s.Version, Role: s.Role, Standby: s.Standby, TLS: s.Encrypted,
		Summary: lockSummary(locks), Locks: locks, Unseen: append([]dbops.Unseen{}, s.Unseen...),
	}
}

func lockSummary(locks []dbops.Lock) string {
	count := map[dbops.Verdict]int{}
	left := 0
	for _, l := range locks {
		count[l.Verdict]++
		left += len(l.InvalidIndexes) + len(l.Leftovers)
	}
	text := fmt.Sprintf("%d locks", len(locks))
	for _, v := range []dbops.Verdict{dbops.Free, dbops.Held, dbops.Orphan, dbops.Stale, dbops.Corrupt} {
		if count[v] > 0 {
			text += fmt.Sprintf(", %d %s", count[v], v)
		}
	}
	if left > 0 {
		text += fmt.Sprintf(", %d left over by an interrupted migration", left)
	}
	return text
}
