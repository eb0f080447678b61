package templates_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/templates"
)

// scripts writes the files that the chart's hooks mount into a folder, as a Job finds them.
func scripts(t *testing.T) string {
	t.Helper()
	const folder, suffix = "sources/charts/platform/backstage/files", ".tmpl"
	dir := t.TempDir()
	entries, err := fs.ReadDir(templates.GitOps(), folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := fs.ReadFile(templates.GitOps(), folder+"/"+entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		name := entry.Name()[:len(entry.Name())-len(suffix)]
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// need skips a test where a program is not installed.
func need(t *testing.T, path string, err error) string {
	t.Helper()
	if err != nil {
		lab.Missing(t, err.Error())
	}
	return path
}
