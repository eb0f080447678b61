package cmd_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/ameideio/ameide/cmd"
)

// Names, rows and statements of a database are other people's words: a terminal must not obey them.
func TestNothingThatATerminalWouldObeyIsPrinted(t *testing.T) {
	t.Parallel()
	const bad = "\x1b[2J\x1b]0;owned\x07\u009b31m\u202egnp\r"
	s := locked(t, "1")
	s.Exec(t, "postgres", `CREATE DATABASE "backstage_plugin_`+bad+`"`)
	s.Exec(t, "backstage_plugin_"+bad, `CREATE TABLE "`+bad+`" (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz)`,
		`CREATE TABLE "`+bad+`_lock" (index serial PRIMARY KEY, is_locked integer)`, `INSERT INTO "`+bad+`_lock" (is_locked) VALUES (1)`,
		`INSERT INTO "`+bad+`" (name, batch, migration_time) VALUES ('`+bad+`', 1, now())`)
	c := s.Connect(t, "postgres", "backstage_plugin_catalog", "application_name", "backstage_plugin_"+bad)
	if _, err := c.Exec(t.Context(), "select '"+bad+"'"); err != nil {
		t.Fatal(err)
	}
	typed := func(e *cmd.Env) {
		variables(map[string]string{"AMEIDE_DSN": s.DSN("postgres", "postgres")})(e)
		e.InTTY, e.In = true, strings.NewReader("no\n")
	}
	for _, args := range [][]string{
		{"migrations"}, {"migrations", "--json"}, {"migrations", "--format", "jsonl"}, {"unlock-migrations"}, {"unlock-migrations", "--dry-run", "--reason", bad},
		{"unlock-migrations", "--yes", "--plugin", bad}, {"unlock-migrations", "--format", "jsonl"}, {"migrations", "--dsn", s.DSN("postgres", bad)}, {"migrations", bad}, {"migrations", "--" + bad},
	} {
		got := runWith(t, typed, args...)
		for name, text := range map[string]string{"stdout": got.out, "stderr": got.err} {
			if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) }); i >= 0 {
				t.Errorf("%.40q: %s holds %q", args, name, text[max(0, i-40):min(len(text), i+40)])
			}
		}
	}
	if got := runWith(t, typed, "migrations"); !strings.Contains(got.out, "owned") || !strings.Contains(got.out, "select '") {
		t.Errorf("the names are not there: the test proves nothing:\n%s", got.out)
	}
}
