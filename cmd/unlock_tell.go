package cmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/pkg/kube"
)

// tellFlags say who else is told of a break-glass.
type tellFlags struct {
	events  bool
	metrics string
}

func (f *tellFlags) register(c *cobra.Command) {
	c.Flags().BoolVar(&f.events, "events", false, "with --env: also write the record as an Event on the Deployment")
	c.Flags().StringVar(&f.metrics, "metrics-file", "", "also write the record for Prometheus, for node-exporter's textfile collector (*.prom)")
	_ = c.MarkFlagFilename("metrics-file", "prom")
}

// tellTime is how long telling may take; it is done after an interrupted run, too.
const tellTime = 15 * time.Second

// tell writes what was done where it was asked for. The work is done: what cannot be written is a note.
func (o unlockOptions) tell(ctx context.Context, env Env, rec unlockRecord) {
	if o.dryRun {
		return
	}
	if o.tells.metrics != "" {
		if err := replaceFile(o.tells.metrics, []byte(rec.metrics(o.env, env.Now()))); err != nil {
			fmt.Fprintf(env.Err, "ameide: note: the metrics file was not written: %v\n", err)
		}
	}
	if !o.tells.events || o.site == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime)
	defer cancel()
	_, err := ask(ctx, o.site, func(ctx context.Context, c *kube.Client) (struct{}, error) {
		return struct{}{}, c.Record(ctx, kube.Event{
			Namespace: o.site.Namespace, Deployment: portalDeployment, Reason: "MigrationUnlock", Message: rec.sentence(),
			Warning: true, Time: env.Now(), Component: "ameide",
		})
	})
	if err != nil {
		_, hint := classify(err)
		fmt.Fprintf(env.Err, "ameide: note: the Event was not written: %v (%s)\n", err, hint)
	}
}

// count is how many locks of the record ended so.
func (r unlockRecord) count(action dbops.Action) int {
	n := 0
	for _, l := range r.Locks {
		if l.Action == action {
			n++
		}
	}
	return n
}

// sentence is the record for people who read Events.
func (r unlockRecord) sentence() string {
	text := fmt.Sprintf("%s ran ameide unlock-migrations on %s: %d cleared, %d refused", r.Operator, r.Server, r.count(dbops.ActionCleared), r.count(dbops.ActionRefused))
	if r.Reason != "" { // before the list, which may be cut off
		text += "; reason: " + r.Reason
	}
	if r.Error != "" {
		text += "; error: " + r.Error
	}
	for _, l := range r.Locks {
		text += fmt.Sprintf("; %s %s of %s was %s: %s", l.Plugin, l.Table, l.Database, l.Seen, l.Action)
	}
	return plain(text)
}

// metrics is the record as Prometheus's text format has it. The gauges are of the last run alone.
func (r unlockRecord) metrics(environment string, now time.Time) string {
	label := fmt.Sprintf("env=%s,server=%s", quoteLabel(environment), quoteLabel(r.Server))
	success := 1
	if r.Error != "" {
		success = 0
	}
	var b strings.Builder
	gauge := func(name, help string) {
		fmt.Fprintf(&b, "# HELP %[1]s %[2]s\n# TYPE %[1]s gauge\n", name, help)
	}
	gauge("ameide_unlock_migrations_timestamp_seconds", "When migration locks were last cleared by hand.")
	fmt.Fprintf(&b, "ameide_unlock_migrations_timestamp_seconds{%s} %d\n", label, now.Unix())
	gauge("ameide_unlock_migrations_success", "Whether that run did all that it was asked for.")
	fmt.Fprintf(&b, "ameide_unlock_migrations_success{%s} %d\n", label, success)
	gauge("ameide_unlock_migrations_locks", "Locks that were not free, by what that run did about them.")
	for _, action := range []dbops.Action{dbops.ActionCleared, dbops.ActionRefused, dbops.ActionUnknown, dbops.ActionNone} {
		fmt.Fprintf(&b, "ameide_unlock_migrations_locks{%s,action=%s} %d\n", label, quoteLabel(string(action)), r.count(action))
	}
	return b.String()
}

// quoteLabel is a label's value as the text format escapes it, which is as Go does for these three characters alone.
func quoteLabel(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(s) + `"`
}

// replaceFile writes a file whole or not at all: the collector reads at any time.
func replaceFile(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if _, err := f.Write(data); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	const readable = 0o644 // another user's collector reads it
	if err := os.Chmod(f.Name(), readable); err != nil {
		return fmt.Errorf("make %s readable: %w", strconv.Quote(name), err)
	}
	return os.Rename(f.Name(), name)
}
