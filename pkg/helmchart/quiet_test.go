package helmchart_test

import (
	"bytes"
	"io"
	"log"
	"log/slog"
	"os"
	"testing"

	"github.com/ameideio/ameide/pkg/helmchart"
)

// Helm prints warnings through the process-wide loggers, and helm-unittest points another one at stdout.
func TestNothingIsPrinted(t *testing.T) {
	var logged bytes.Buffer
	log.SetOutput(&logged)
	defer log.SetOutput(os.Stderr)
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil)))
	stdout := os.Stdout
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout = w
	fsys := shop(t, layered)
	c, v := mustLoad(t, fsys), mustValues(t, fsys, "values/shared.yaml")
	_, renderErr := helmchart.Render(c, v, release, caps)
	_, lintErr := helmchart.Lint(c, t.TempDir(), v, release, caps)
	_, testErr := helmchart.Unittest(t.Context(), mustLoad(t, shop(t, nil)), t.TempDir())
	os.Stdout = stdout
	w.Close()
	printed, _ := io.ReadAll(r)
	if renderErr != nil || lintErr != nil || testErr != nil {
		t.Fatal(renderErr, lintErr, testErr)
	}
	if len(printed) > 0 {
		t.Errorf("stdout: got %q, want nothing", printed)
	}
	if logged.Len() > 0 {
		t.Errorf("log: got %q, want nothing", logged.String())
	}
}
