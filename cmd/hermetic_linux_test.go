package cmd_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ameideio/ameide/cmd"
)

// hermeticChild is set in the process that runs a command under a filter which kills it at the first socket.
const hermeticChild = "AMEIDE_TEST_HERMETIC"

func TestVerifyOpensNoSocket(t *testing.T) {
	dir := exampleCheckout(t)
	out, err := hermetic(t, "platform", "backstage", "verify", "--gitops-root", dir)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// The filter must be able to fail: a command that does open a socket dies of it.
func TestASocketKillsAHermeticProcess(t *testing.T) {
	_, err := hermetic(t, "socket")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != unix.SIGSYS {
		t.Fatalf("a process that opened a socket ended with %v, want SIGSYS", err)
	}
}

// hermetic runs a command line in a process that may not open sockets.
func hermetic(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, append([]string{"-test.run=^TestHermeticChild$", "--"}, args...)...)
	c.Env = append(os.Environ(), hermeticChild+"=1")
	return c.CombinedOutput()
}

func TestHermeticChild(t *testing.T) {
	if os.Getenv(hermeticChild) == "" {
		t.Skip("only as the child of another test")
	}
	args := os.Args[len(os.Args)-argsAfterDashes():]
	forbidSockets(t)
	if args[0] == "socket" {
		_, _ = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		return
	}
	var out bytes.Buffer
	env := testEnv(&out)
	if code := cmd.Execute(context.Background(), env, args); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out.String())
	}
}

func argsAfterDashes() int {
	for i, a := range os.Args {
		if a == "--" {
			return len(os.Args) - i - 1
		}
	}
	return 0
}

// forbidSockets makes the kernel kill the process when it calls socket(2).
func forbidSockets(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		ret   = unix.BPF_RET | unix.BPF_K
	)
	program := []unix.SockFilter{
		{Code: load, K: 0}, // the number of the system call
		{Code: equal, K: unix.SYS_SOCKET, Jt: 0, Jf: 1},
		{Code: ret, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		t.Fatalf("seccomp: %v", errno)
	}
}

// exampleCheckout is the example platform's checkout with the installation in it.
func exampleCheckout(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "gitops")
	if err := os.CopyFS(dir, os.DirFS("../testdata/gitops")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if code := cmd.Execute(context.Background(), testEnv(&out), []string{"platform", "backstage", "generate", "--gitops-root", dir}); code != 0 {
		t.Fatalf("generate: exit code %d\n%s", code, out.String())
	}
	return dir
}
