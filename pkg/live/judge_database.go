package live

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/verify"
)

func judgeDatabase(d *Declared, s *Snapshot, v *verdict) {
	db, ok := need(v, s.Database, "database "+d.Spec.Database.Name)
	if !ok {
		return
	}
	if db.Refused != nil {
		v.find(d.known(verify.Issue{Resource: "database " + d.Spec.Database.Name, Field: "login with Secret/" + d.Spec.Database.SecretName, Expected: "PostgreSQL lets the role in", Actual: db.Refused.Text,
			Hint: "see the role and the database in the CloudNativePG cluster: its operator makes both"}))
		return
	}
	resource := "database " + db.Rights.Database
	if db.Snapshot.Standby {
		v.find(verify.Issue{Resource: resource, Field: "server", Expected: "the primary", Actual: "a standby, which cannot be written", Hint: "connect to the cluster's -rw Service"})
	}
	if d.Spec.Database.DivisionMode == spec.DivisionDatabase && !db.Rights.CreateDB && len(missingDatabases(d, db)) > 0 {
		v.find(verify.Issue{Resource: "role " + db.Rights.Role, Field: "CREATEDB", Expected: "granted, because plugins' databases are missing", Actual: "not granted: " + strings.Join(missingDatabases(d, db), ", ") + " cannot be made",
			Hint: "set createdb: true for the role in the CloudNativePG cluster's managed.roles, and let Argo CD sync"})
	} else if d.Spec.Database.DivisionMode == spec.DivisionDatabase && !db.Rights.CreateDB {
		v.find(verify.Issue{Resource: "role " + db.Rights.Role, Field: "CREATEDB", Expected: "granted: the next plugin needs a database", Actual: "not granted",
			Hint: "set createdb: true for the role in the CloudNativePG cluster's managed.roles, and let Argo CD sync"})
	}
	if len(missingDatabases(d, db)) > 0 && db.Rights.CreateDB {
		v.find(verify.Issue{Resource: resource, Field: "plugins' databases", Expected: "one for each plugin", Actual: "missing: " + strings.Join(missingDatabases(d, db), ", "), Hint: "Backstage makes them when it starts: has it ever?"})
	}
	for _, u := range db.Snapshot.Unseen {
		v.find(verify.Issue{Resource: strings.TrimSuffix("database "+u.Database+", "+u.Table, ", "), Expected: "the portal's role may read it", Actual: oneLine(u.Reason)})
	}
}

// missingDatabases are those of plugins that every portal of the platform has, and that keep tables.
func missingDatabases(d *Declared, db Database) []string {
	var missing []string
	for _, id := range []string{"auth", "catalog", "scaffolder"} {
		if !slices.ContainsFunc(db.Locks, func(l dbops.Lock) bool { return l.Plugin == id }) {
			missing = append(missing, d.pluginDatabase(id))
		}
	}
	return missing
}

// pluginDatabase is where a plugin keeps its tables.
func (d *Declared) pluginDatabase(id string) string {
	if own := d.Spec.Database.Plugins[id]; own != "" {
		return own
	}
	if d.Spec.Database.DivisionMode == spec.DivisionSchema {
		return d.Spec.Database.Name + " (schema " + id + ")"
	}
	return d.Spec.Database.PluginPrefix + id
}

func judgeMigrations(d *Declared, s *Snapshot, v *verdict) {
	resource := "database " + d.Spec.Database.Name
	db, ok := need(v, s.Database, resource)
	if !ok {
		return
	}
	if db.Refused != nil {
		v.blind(resource, errors.New(db.Refused.Text))
		return
	}
	for _, l := range db.Locks {
		resource := "database " + l.Database + ", " + l.Name()
		switch {
		case !l.Clear():
			v.find(verify.Issue{Resource: resource, Field: "plugin " + l.Plugin, Expected: "FREE", Actual: string(l.Verdict) + leftBehind(l), Hint: l.Advice})
		case l.LastMigration == "":
			v.find(verify.Issue{Resource: resource, Field: "plugin " + l.Plugin, Expected: "migrated", Actual: "no migration has run", Hint: "let the migrations Job run, or start Backstage without skipMigrations"})
		}
	}
	if len(db.Locks) == 0 {
		v.find(verify.Issue{Resource: "database " + d.Spec.Database.Name, Expected: "tables of the plugins", Actual: "none: Backstage has never migrated", Hint: "see live/migration-job, live/logs and the plugins' databases in live/database"})
	}
}

// leftBehind names what a killed migration left in the next one's way.
func leftBehind(l dbops.Lock) string {
	if len(l.InvalidIndexes)+len(l.Leftovers) == 0 {
		return ""
	}
	return "; left behind: " + strings.Join(slices.Concat(l.InvalidIndexes, l.Leftovers), ", ")
}

// judgeMigrationJob asks for the run of the hook that belongs to the declared image. Argo CD keeps the outcome in the
// Application when the Job itself is gone.
func judgeMigrationJob(d *Declared, s *Snapshot, v *verdict) {
	if d.Job == nil {
		return
	}
	resource := ref("Job", d.Job)
	if s.Jobs.Err != nil {
		v.blind(resource, s.Jobs.Err)
		return
	}
	job := named(s.Jobs.Value, name(d.Job))
	if job == nil {
		judgeHookResult(d, s, resource, v)
		return
	}
	if images := jobImages(job); !slices.Contains(images, d.Image()) {
		v.find(verify.Issue{Resource: resource, Field: "image", Expected: d.Image(), Actual: strings.Join(images, ", ")})
	}
	conditions := dig.Maps(job, "status", "conditions")
	if c := condition(conditions, "Failed"); dig.Text(c, "status") == "True" {
		v.find(verify.Issue{Resource: resource, Field: "Failed", Expected: "Complete", Actual: said(c),
			Hint: "its Pod is kept: see live/logs, and kubectl logs job/" + name(job) + " --all-containers"})
	} else if c := condition(conditions, "Complete"); dig.Text(c, "status") != "True" {
		v.find(verify.Issue{Resource: resource, Field: "Complete", Expected: "True", Actual: fmt.Sprintf("%d active, %d failed", dig.Number(job, "status", "active"), dig.Number(job, "status", "failed")),
			Hint: "it still migrates, which may take many minutes on a big catalog; see its log"})
	}
}

// jobImages are the images of a Job's containers, those that run before the others included.
func jobImages(job Object) []string {
	pod := dig.Map(job, "spec", "template", "spec")
	var images []string
	for _, c := range slices.Concat(dig.Maps(pod, "initContainers"), dig.Maps(pod, "containers")) {
		images = append(images, dig.Text(c, "image"))
	}
	return images
}

// judgeHookResult reads what Argo CD remembers of the hook.
func judgeHookResult(d *Declared, s *Snapshot, resource string, v *verdict) {
	app, ok := need(v, s.Application, ref("Application", d.Application))
	if !ok {
		return
	}
	for _, r := range dig.Maps(app, "status", "operationState", "syncResult", "resources") {
		if dig.Text(r, "kind") != "Job" || dig.Text(r, "name") != name(d.Job) {
			continue
		}
		if phase := dig.Text(r, "hookPhase"); phase != "Succeeded" {
			v.find(verify.Issue{Resource: resource, Field: "hookPhase", Expected: "Succeeded", Actual: orNothing(phase) + " " + oneLine(dig.Text(r, "message"))})
		}
		return
	}
	v.find(verify.Issue{Resource: resource, Expected: "it has run", Actual: "neither the Job nor a result of it in the Application", Hint: "sync the Application with its hooks (no --apply-out-of-sync-only, no selective sync)"})
}
