package cmd_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/cmd"
)

// Progress is for somebody who waits at a terminal: after a second, on stderr, gone at the end.
func TestProgressIsForTerminals(t *testing.T) {
	for _, test := range []struct {
		terminal bool
		step     time.Duration
		want     bool
	}{{true, 2 * time.Second, true}, {true, time.Millisecond, false}, {false, 2 * time.Second, false}} {
		var out, errs bytes.Buffer
		env := testEnv(&out)
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		env.Err, env.ErrTTY = &errs, test.terminal
		env.Now = func() time.Time { now = now.Add(test.step); return now }
		args := []string{"platform", "backstage", "check-image", "--gitops-root", t.TempDir(), "127.0.0.1:1/a:1", "127.0.0.1:1/b:1"}
		if code := cmd.Execute(context.Background(), env, args); code != 3 {
			t.Fatalf("exit code %d, want 3\n%s", code, errs.String())
		}
		if got := strings.Contains(errs.String(), "\r\x1b[K2/2 127.0.0.1:1/"); got != test.want {
			t.Errorf("terminal %v, %s a step: progress %v, want %v: %q", test.terminal, test.step, got, test.want, errs.String())
		}
		if test.want && !strings.Contains(errs.String(), "\r\x1b[Kameide: error") {
			t.Errorf("the progress line stays: %q", errs.String())
		}
		if strings.Contains(out.String(), "2/2") {
			t.Errorf("progress is in the data: %q", out.String())
		}
	}
}
