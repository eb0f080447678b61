package templates_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ameideio/ameide/lab"
)

// backend stands for Backstage: it is told when to be ready and what to write, and stops on SIGTERM as Backstage does.
const backend = `
const http = require('node:http');
const [port, ready, line, end] = process.argv.slice(2);
let status = 503;
http.createServer((request, response) => {
	response.statusCode = request.url === '/ready' ? status : 404;
	response.end();
}).listen(Number(port), '127.0.0.1', () => {
	if (line) console.log(line);
	if (ready === 'ready') status = 200;
	if (end) setTimeout(() => process.exit(Number(end)), 200);
});
console.log('session secret of ' + (process.env.AUTH_SESSION_SECRET || '').length + ' characters');
process.on('SIGTERM', () => { console.log('asked to stop'); process.exit(0); });
setTimeout(() => process.exit(9), 60000); // a broken hook leaves nobody behind
`

// The texts are those of @backstage/backend-app-api 1.1.1 and 1.7.4. The backend of the newer release stays up after a
// plugin has failed, and it goes on without a plugin whose failure is permitted.
func TestTheHookSaysWhetherEverythingWasMigrated(t *testing.T) {
	for _, c := range []struct {
		name, ready, line, end string
		ok                     bool
		want                   string
	}{
		{"every plugin is ready", "ready", "", "", true, "migrations are complete"},
		{"a lock is taken", "never", "MigrationLocked: Migration table is already locked", "", false, "a migration lock is taken"},
		{"a lock is found taken after readiness", "ready", "Unhandled rejection Migration table is already locked", "", false, "a migration lock is taken"},
		{"a plugin failed because its lock is taken", "never", "Plugin 'catalog' threw an error during startup\nMigration table is already locked", "", false, "a migration lock is taken"},
		{"a plugin failed and the backend stays up", "never", "Plugin 'catalog' threw an error during startup. relation exists", "", false, "a plugin failed to start"},
		{"a module failed and the backend stays up", "never", "Module postgres-engine in Plugin 'search' threw an error during startup.", "", false, "a plugin failed to start"},
		{"a module reported its failure", "never", "Plugin 'catalog' reported failure for module 'github' during startup.", "", false, "a plugin failed to start"},
		{"the failure of a plugin is permitted", "ready", "Plugin 'catalog' threw an error during startup, but boot failure is permitted for this plugin so startup will continue.", "", true, "a plugin failed to start, which is permitted"},
		{"the backend crashed", "never", "", "7", false, "(code 7, signal null)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hook := startHook(t, c.ready, c.line, c.end)
			err := hook.wait(t)
			if got := err == nil; got != c.ok || !strings.Contains(hook.said(), c.want) {
				t.Errorf("the hook ended with %v, want ok %v and %q\n%s", err, c.ok, c.want, hook.said())
			}
			if want := "session secret of 64 characters"; !strings.Contains(hook.said(), want) {
				t.Errorf("got %q, want %q", hook.said(), want)
			}
		})
	}
}

func TestTheHookPassesAStopOnAndFails(t *testing.T) {
	t.Parallel()
	hook := startHook(t, "never", "", "")
	for response, err := http.Get(hook.url); err != nil; response, err = http.Get(hook.url) {
		if response != nil {
			_ = response.Body.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := hook.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := hook.wait(t); err == nil || !strings.Contains(hook.said(), "asked to stop") {
		t.Errorf("the hook ended with %v, want a failure after the backend was asked to stop\n%s", err, hook.said())
	}
}

// hook is the running program of the migrations Job.
type hook struct {
	cmd *exec.Cmd
	url string
	out *strings.Builder
}

func startHook(t *testing.T, ready, line, end string) hook {
	t.Helper()
	node, err := exec.LookPath("node")
	need(t, node, err)
	dir := scripts(t)
	program := filepath.Join(dir, "backend.js")
	if err := os.WriteFile(program, []byte(backend), 0o600); err != nil {
		t.Fatal(err)
	}
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	number := strconv.Itoa(port)
	h := hook{url: "http://127.0.0.1:" + number + "/ready", out: &strings.Builder{}}
	h.cmd = exec.Command(node, filepath.Join(dir, "migrate.js"), number, "/ready", "0.5", program, number, ready, line, end)
	h.cmd.Stdout, h.cmd.Stderr = h.out, h.out
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return h
}

// wait is how the hook ended. One that does not end by itself is asked to, as Kubernetes does at the Job's deadline.
func (h hook) wait(t *testing.T) error {
	t.Helper()
	overdue := time.AfterFunc(20*time.Second, func() { _ = h.cmd.Process.Signal(syscall.SIGTERM) })
	err := h.cmd.Wait()
	if !overdue.Stop() {
		t.Errorf("the hook did not end by itself")
	}
	return err
}

// said is what the hook and the backend wrote; only after wait.
func (h hook) said() string { return h.out.String() }
