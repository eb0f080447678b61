package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/dbops"
)

type unlockOptions struct {
	databaseFlags
	plugins []string
	dead    []int32
	dryRun  bool
	yes     bool
	reason  string
	scale   scaleFlags
	tells   tellFlags
}

func newUnlockMigrationsCmd(env Env) *cobra.Command {
	var o unlockOptions
	c := &cobra.Command{
		Use:   "unlock-migrations",
		Short: "Break-glass: clear stuck Knex migration locks",
		Long: `Clear the migration locks that are stuck (STALE or CORRUPT) while no session of their plugin is alive.

Left alone: every lock that somebody holds, even by a doubt. Scale the Deployment to 0 first, or let --scale-down do it and
undo it. A connected but idle session can be declared dead by its pid; an active one cannot. Each lock is judged again under
an exclusive lock, in one transaction that leaves exactly one row 0. Every run leaves a record on stderr.

With --env alone the database is found in the environment's cluster with your own rights: Secret, Service and Pods are read,
and the primary is reached through a port-forward.`,
		Example: `  ameide platform backstage unlock-migrations --dry-run
  ameide platform backstage unlock-migrations --env production --scale-down --reason "INC-4711: node lost during upgrade"
  ameide platform backstage unlock-migrations --plugin catalog --reason "INC-4711: node lost during upgrade"
  ameide platform backstage unlock-migrations --plugin search --assume-dead 4711,4712
  ameide platform backstage unlock-migrations --yes --json      # in a script`,
		Args: noDSNArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runUnlock(c.Context(), env, o) },
	}
	o.register(c)
	f := c.Flags()
	f.StringSliceVar(&o.plugins, "plugin", nil, "only the locks of this plugin (repeatable; default all)")
	f.Int32SliceVar(&o.dead, "assume-dead", nil, "pids of idle sessions that you know to be dead; checked again to be the same and still idle")
	f.BoolVar(&o.dryRun, "dry-run", false, "show the statements and change nothing")
	f.BoolVar(&o.yes, "yes", false, "do not ask; needed without a terminal")
	f.StringVar(&o.reason, "reason", "", "why, for the record")
	o.scale.register(c)
	o.tells.register(c)
	return c
}

// refuse refuses flags that cannot be followed.
func (o unlockOptions) refuse(env Env) error {
	switch {
	case !o.dryRun && !o.yes && !env.InTTY:
		return usage(errors.New("there is no terminal to ask for confirmation"), "look with --dry-run, then run it with --yes")
	case o.env == "" && (o.scale.down || o.tells.events):
		return usage(errors.New("--scale-down and --events need --env"), "name the environment whose Deployment is meant, for example --env production")
	case o.scale.wait <= 0:
		return usage(fmt.Errorf("--timeout %s", o.scale.wait), "a time such as 2m")
	}
	return nil
}

func runUnlock(ctx context.Context, env Env, o unlockOptions) error {
	if err := o.refuse(env); err != nil {
		return err
	}
	env.In = bufio.NewReader(env.In)
	r, err := o.reader(ctx, env)
	if err != nil {
		return err
	}
	rec := o.newRecord(env, r.Target)
	report, err := o.around(ctx, env, r, &rec)
	rec.finish(env, report.Locks, err)
	o.tell(ctx, env, rec)
	if report.Locks == nil {
		return err
	}
	report.Record = &rec
	report.Summary = lockSummary(report.Locks) + "; " + actionSummary(report.Locks)
	if perr := printLocks(env, o.name(), report); perr != nil {
		return perr
	}
	return err
}

// unlock reads, judges, plans, asks and applies. Its report has locks as soon as there was something to see.
func (o unlockOptions) unlock(ctx context.Context, env Env, r dbops.Reader, rec *unlockRecord) (locksReport, error) {
	s, err := r.Read(ctx)
	if err != nil {
		return locksReport{}, unavailable(err, "")
	}
	rec.Role = s.Role
	assumed := o.assume(env, s)
	if o.dryRun && o.scale.down {
		assumed = append(assumed, s.Idle()...) // the Pods' own, of which none would be left
	}
	judged := dbops.Judge(s, r.Installation, assumed)
	if err := o.knowPlugins(s, judged); err != nil {
		return locksReport{}, err
	}
	locks := dbops.Plan(judged, o.plugins)
	rec.see(locks)
	report := newLocksReport(s, locks)
	if s.Standby {
		refuseAll(locks, "this server is a standby")
		return report, refused(errors.New("this server is a standby"), "connect to the primary (the -rw Service)")
	}
	if o.dryRun {
		report.plan = planned(r.Scripts, locks)
		return report, lockOutcome(locks, s.Unseen)
	}
	if err := o.confirm(ctx, env, s.Server, locks); err != nil {
		refuseAll(locks, "not confirmed")
		return report, err
	}
	report.Locks = r.Apply(ctx, locks, assumed)
	return report, lockOutcome(report.Locks, s.Unseen)
}

// assume finds the sessions that --assume-dead names, and says which it cannot take.
func (o unlockOptions) assume(env Env, s dbops.Snapshot) []dbops.Identity {
	found, missing, busy := dbops.Identify(s, o.dead)
	for _, pid := range missing {
		fmt.Fprintf(env.Err, "ameide: note: pid %d has no session in a database of this installation\n", pid)
	}
	for _, pid := range busy {
		fmt.Fprintf(env.Err, "ameide: note: pid %d is not idle, and only an idle session can be assumed dead\n", pid)
	}
	return found
}

// knowPlugins refuses a plugin that has no lock; one whose lock may only not have been seen is no typing error.
func (o unlockOptions) knowPlugins(s dbops.Snapshot, locks []dbops.Lock) error {
	var known []string
	for _, l := range locks {
		if !slices.Contains(known, l.Plugin) {
			known = append(known, l.Plugin)
		}
	}
	for _, p := range o.plugins {
		switch {
		case slices.Contains(known, p):
		case len(s.Unseen) > 0:
			return unavailable(fmt.Errorf("no lock of plugin %q was seen; %w", p, notSeen(s.Unseen)), "those that were seen: "+plain(strings.Join(known, ", ")))
		default:
			return usage(fmt.Errorf("plugin %q has no migration lock on this server", p), "those that have: "+strings.Join(known, ", "))
		}
	}
	return nil
}

func refuseAll(locks []dbops.Lock, reason string) {
	for i := range locks {
		if locks[i].Action == dbops.ActionClear {
			locks[i].Action, locks[i].Reason = dbops.ActionRefused, reason
		}
	}
}

type plannedLock struct {
	lock       dbops.Lock
	statements []string
}

func planned(s dbops.Scripts, locks []dbops.Lock) []plannedLock {
	var out []plannedLock
	for _, l := range locks {
		if l.Action == dbops.ActionClear {
			out = append(out, plannedLock{l, s.Statements(l)})
		}
	}
	return out
}

// notSeen says what could not be looked at.
func notSeen(parts []dbops.Unseen) error {
	var out []string
	for _, u := range parts {
		out = append(out, strings.TrimSuffix(u.Database+" "+u.Table, " ")+": "+u.Reason)
	}
	return fmt.Errorf("%s of the installation could not be looked at: %s", plural(len(parts), "part"), plain(strings.Join(out, "; ")))
}

// lockOutcome is the error of a whole run: what failed weighs more than what was refused, and that more than what nobody
// could see.
func lockOutcome(locks []dbops.Lock, parts []dbops.Unseen) error {
	var failed, no []string
	for _, l := range locks {
		text := l.Database + " " + l.Name() + ": " + l.Reason
		switch {
		case l.Action == dbops.ActionRefused:
			no = append(no, text)
		case l.Action == dbops.ActionUnknown, l.Action == dbops.ActionNone && l.Stuck():
			failed = append(failed, text)
		}
	}
	switch {
	case len(failed) > 0:
		return unavailable(fmt.Errorf("%d of %d locks could not be cleared: %s", len(failed), len(locks), plain(strings.Join(append(failed, no...), "; "))), "")
	case len(no) > 0:
		return refused(fmt.Errorf("%d of %d locks were left alone", len(no), len(locks)), plain(strings.Join(no, "; ")))
	case len(parts) > 0:
		return unavailable(notSeen(parts), "the locks in there may be stuck: look again when the server has room, or as a role that may")
	}
	return nil
}

func actionSummary(locks []dbops.Lock) string {
	count := map[dbops.Action]int{}
	for _, l := range locks {
		count[l.Action]++
	}
	return fmt.Sprintf("%d cleared, %d refused", count[dbops.ActionCleared], count[dbops.ActionRefused])
}
