package cmd_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ameideio/ameide/cmd"
)

// lines is a terminal at which somebody types one line after the other.
type lines struct{ left []string }

func (l *lines) Read(p []byte) (int, error) {
	if len(l.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, l.left[0]+"\n")
	l.left = l.left[1:]
	return n, nil
}

// terminal runs a command line with somebody at the keyboard who has a screen reader.
func terminal(t *testing.T, typed []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = cmd.Execute(t.Context(), cmd.Env{
		In: &lines{typed}, Out: &out, Err: &err, InTTY: true, ErrTTY: true, Now: time.Now,
		Lookup: func(key string) (string, bool) { return "1", key == "ACCESSIBLE" },
	}, append([]string{"primitive", "scaffold"}, args...))
	return code, out.String(), err.String()
}

func TestScaffoldAsksForWhatIsNotSaid(t *testing.T) {
	root := t.TempDir()
	typed := []string{"1", "Bad Name", "orders", "1", "It's for orders.", "2", "1", "tenant-acme", "acme", "y"}
	code, stdout, stderr := terminal(t, typed, "--repo-root", root)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	for _, want := range []string{
		`name "Bad Name" is not kebab case`, "already has the prefix tenant-", // both were asked again
		"primitives/domain/orders/cmd/\n  main.go", "production  tenant-acme-prod-cust",
		`ameide primitive scaffold --kind domain --name orders --lang go --origin tenant --sku Shared --tenant acme --description 'It'\''s for orders.' --repo-root ` + root,
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("no %q in\n%s", want, stderr)
		}
	}
	if !strings.Contains(stdout, "created, 0 skipped") {
		t.Errorf("stdout: %s", stdout)
	}
	before := listing(t, root)
	if _, err := os.Stat(filepath.Join(root, "primitives/domain/orders/go.mod")); err != nil {
		t.Error(err)
	}
	// the command line that was printed says the same without questions
	code, stdout, stderr = terminal(t, nil, "--kind", "domain", "--name", "orders", "--lang", "go", "--origin", "tenant", "--sku", "Shared", "--tenant", "acme",
		"--description", "It's for orders.", "--repo-root", root)
	if code != 0 || !strings.Contains(stdout, "0 created") || stderr != "" {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if after := listing(t, root); after != before {
		t.Errorf("the tree changed:\n%s\nwas\n%s", after, before)
	}
}

func TestScaffoldWritesNothingWhenNobodyAgrees(t *testing.T) {
	for name, typed := range map[string][]string{
		"no":              {"2", "l2o", "What is it?", "1", "1", "n"},
		"end of input":    {"2", "l2o", "What is it?", "1", "1"},
		"end, asked kind": {},
	} {
		root := t.TempDir()
		code, stdout, _ := terminal(t, typed, "--repo-root", root)
		if code == 0 || stdout != "" {
			t.Errorf("%s: exit code %d, %s", name, code, stdout)
		}
		if entries, err := os.ReadDir(root); err != nil || len(entries) > 0 {
			t.Errorf("%s: %v, %v", name, entries, err)
		}
	}
}

func TestScaffoldThatIsInterruptedBeforeItWritesLeavesNothing(t *testing.T) {
	root := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err bytes.Buffer
	code := cmd.Execute(ctx, cmd.Env{In: strings.NewReader(""), Out: &out, Err: &err, Lookup: func(string) (string, bool) { return "", false }, Now: time.Now},
		[]string{"primitive", "scaffold", "--kind", "process", "--name", "l2o", "--origin", "platform", "--sku", "Shared", "--repo-root", root})
	if code != 3 || !strings.Contains(err.String(), "interrupted; run it again") {
		t.Errorf("exit code %d\n%s", code, err.String())
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

// Killed at any moment, every file is there whole or not at all, and the next run makes the tree what it would have been.
func TestScaffoldThatIsKilledIsFinishedByTheNextRun(t *testing.T) {
	whole := contents(t, scaffolded(t, t.TempDir(), nil))
	cut := 0
	for delay := 20 * time.Millisecond; delay < 200*time.Millisecond; delay += 8 * time.Millisecond {
		dir := scaffolded(t, t.TempDir(), &delay)
		for name, text := range contents(t, dir) {
			if strings.HasSuffix(name, ".ameide-tmp") {
				continue
			}
			if want, ok := whole[name]; !ok || want != text {
				t.Fatalf("killed after %s: %s is half written", delay, name)
			}
		}
		if n := len(contents(t, dir)); n > 0 && n != len(whole) {
			cut++
		}
		after := contents(t, scaffolded(t, dir, nil))
		for name := range after {
			if _, ok := whole[name]; !ok {
				t.Errorf("killed after %s: %s is left behind", delay, name)
			}
		}
		if len(after) != len(whole) {
			t.Errorf("killed after %s: %d files, want %d", delay, len(after), len(whole))
		}
	}
	t.Logf("%d runs were killed in the middle", cut)
}

// scaffolded runs the program of this test as ameide, and kills it after the delay.
func scaffolded(t *testing.T, dir string, delay *time.Duration) string {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	c := exec.CommandContext(t.Context(), self)
	c.Args = []string{"ameide", "primitive", "scaffold", "--kind", "domain", "--name", "orders", "--origin", "platform", "--sku", "Shared", "--repo-root", dir, "--gitops-root", dir}
	must(t, c.Start())
	if delay == nil {
		must(t, c.Wait())
		return dir
	}
	time.Sleep(*delay)
	_ = c.Process.Signal(syscall.SIGKILL)
	_ = c.Wait()
	return dir
}

// contents is every file below a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(p)
		all[strings.TrimPrefix(p, dir)] = string(text)
		return err
	}))
	return all
}
