package dbops

import (
	"fmt"
	"io/fs"
	"strings"
)

// scriptFolder holds the SQL that the chart's unlock Job runs. This package runs the same files.
const scriptFolder = "sources/charts/platform/backstage/files/"

// Scripts is the SQL that this package shares with the chart's unlock Job.
type Scripts struct {
	LockTables string // lists the lock tables of a database, as quoted schema.table
	Sessions   string // lists the pids of sessions that may be a migration
	Unlock     string // heals the table :table
}

// LoadScripts reads the scripts from the tree of generated files (templates.GitOps).
func LoadScripts(tree fs.FS) (Scripts, error) {
	var s Scripts
	for name, to := range map[string]*string{"lock-tables.sql": &s.LockTables, "sessions.sql": &s.Sessions, "unlock.sql": &s.Unlock} {
		text, err := fs.ReadFile(tree, scriptFolder+name+".tmpl")
		if err != nil {
			return Scripts{}, fmt.Errorf("load script %s: %w", name, err)
		}
		*to = string(text)
	}
	if !strings.Contains(s.Sessions, oneDatabase) {
		return Scripts{}, fmt.Errorf("load script sessions.sql: it does not select by %s", oneDatabase)
	}
	return s, nil
}

// oneDatabase is how sessions.sql names the database that it runs in.
const oneDatabase = "current_database()"

// everywhere is Sessions for every database of the server at once.
func (s Scripts) everywhere() string { return strings.ReplaceAll(s.Sessions, oneDatabase, "datname") }
