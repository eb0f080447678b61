package lab

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// Migration is one that the real Knex runs.
type Migration struct {
	Name        string   `json:"name"`
	SQL         []string `json:"sql"`
	Transaction bool     `json:"transaction"`
}

// KnexResult is what Knex said. Name is MigrationLocked when it could not take its lock.
type KnexResult struct {
	OK      bool   `json:"ok"`
	Name    string `json:"name"`
	Message string `json:"message"`
	Code    string `json:"code"`
}

// KnexRun is a running Knex.
type KnexRun struct{ *Process }

// Knex starts the real Knex on a database: latest, unlock or status.
func Knex(t testing.TB, dsn, application, command string, migrations ...Migration) KnexRun {
	t.Helper()
	dir := needPackages(t)
	if err := writeProgram(dir, "knex.js"); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(append([]Migration{}, migrations...))
	if err != nil {
		t.Fatal(err)
	}
	return KnexRun{start(t, dir, []string{"DATABASE_URL=" + dsn, "APPLICATION_NAME=" + application}, "node", "knex.js", command, string(text))}
}

// Result waits for the end.
func (k KnexRun) Result(t testing.TB) KnexResult {
	t.Helper()
	_ = k.Wait(t) // how it ended stands in its last line
	lines := strings.Split(strings.TrimSpace(k.Output()), "\n")
	var r KnexResult
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r); err != nil {
		t.Fatalf("knex said %q", k.Output())
	}
	return r
}

// KnexProgram is the installed program that runs Knex: node PROGRAM COMMAND MIGRATIONS_JSON.
func KnexProgram() (string, error) {
	dir, err := packages()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "knex.js"), writeProgram(dir, "knex.js")
}
