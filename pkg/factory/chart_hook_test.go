package factory_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
)

// output is what a process has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// hook starts the migration hook's program with a backend that behaves in a certain way; text is what it says.
func hook(t *testing.T, behaviour, text string) (*exec.Cmd, *output) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		lab.Missing(t, "node on PATH")
	}
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "migrate.js")
	if err := os.WriteFile(script, chartFiles(t)[chartDir+"/files/migrate.js"].Data, 0o644); err != nil {
		t.Fatal(err)
	}
	backend, err := filepath.Abs("testdata/hook/backend.js")
	if err != nil {
		t.Fatal(err)
	}
	number := strconv.Itoa(port)
	c := exec.CommandContext(t.Context(), node, script, number, "/ready", "2", backend, number, behaviour, text)
	out := &output{}
	c.Stdout, c.Stderr, c.WaitDelay = out, out, 10*time.Second
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, out
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// The texts are those of @backstage/backend-app-api 1.1.1 and 1.7.4. The backend of the newer release stays up after a
// plugin has failed, and it goes on without a plugin whose failure is permitted.
func TestTheMigrationHookEndsAsTheBackendDoes(t *testing.T) {
	t.Parallel()
	const locked, failed = "a migration lock is taken", "a plugin failed to start, see above"
	for _, tc := range []struct {
		name, behaviour, text string
		code                  int
		says                  string
	}{
		{"every plugin is ready", "becomes-ready", "", 0, "migrations are complete"},
		{"the backend crashes", "ends", "", 1, "the backend ended before its migrations were complete (code 7, signal null)"},
		{"a lock is taken and the backend ends", "locked-and-ends", "", 1, locked},
		{"a lock is taken and the backend stays up", "locked-and-stays", "", 1, locked},
		{"a lock is found taken after readiness", "locked-and-ready", "", 1, locked},
		{"a plugin fails because its lock is taken", "says-and-stays", "Plugin 'catalog' threw an error during startup\nMigration table is already locked", 1, locked},
		{"a plugin fails and the backend stays up", "says-and-stays", "Plugin 'catalog' threw an error during startup. relation exists", 1, failed},
		{"a module fails and the backend stays up", "says-and-stays", "Module postgres-engine in Plugin 'search' threw an error during startup.", 1, failed},
		{"a module reports its failure", "says-and-stays", "Plugin 'catalog' reported failure for module 'github' during startup.", 1, failed},
		{"the failure of a plugin is permitted", "says-and-ready", "Plugin 'catalog' threw an error during startup, but boot failure is permitted for this plugin so startup will continue.", 0,
			"a plugin failed to start, which is permitted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, out := hook(t, tc.behaviour, tc.text)
			if got := exitCode(c.Wait()); got != tc.code {
				t.Errorf("exit code %d, want %d\n%s", got, tc.code, out)
			}
			if !strings.Contains(out.String(), tc.says) {
				t.Errorf("the log lacks %q:\n%s", tc.says, out)
			}
		})
	}
}

func TestTheMigrationHookWaitsForReadinessAndThenSettles(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	c, out := hook(t, "becomes-ready", "")
	if err := c.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// Ready after 1.5 s, looked at each second, settled for two more.
	if took := time.Since(begin); took < 3500*time.Millisecond {
		t.Errorf("it took %s, less than readiness and settling", took)
	}
	if got := out.String(); !strings.Contains(got, "asked to stop") || strings.Index(got, "every plugin is ready") > strings.Index(got, "asked to stop") {
		t.Errorf("the backend must be asked to stop once it is ready:\n%s", got)
	}
}

// A Job that reaches its deadline is asked to stop: the backend must be asked too, because a kill would leave its lock.
func TestTheMigrationHookPassesSIGTERMOn(t *testing.T) {
	t.Parallel()
	c, out := hook(t, "hangs", "")
	await(t, out, "listening")
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := exitCode(c.Wait()); got != 1 {
		t.Errorf("exit code %d, want 1\n%s", got, out)
	}
	for _, want := range []string{"asked to stop", "the backend ended before its migrations were complete (code 0"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, out)
		}
	}
}

func await(t *testing.T, out *output, text string) {
	t.Helper()
	for range 600 {
		if strings.Contains(out.String(), text) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("waited 30 s for %q:\n%s", text, out)
}
