package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PgBouncer puts a pooler in transaction mode before a server and returns its port. It logs in as role. routes are lines of
// its section [databases] for those that live elsewhere.
func PgBouncer(t testing.TB, s *Server, role string, routes ...string) int {
	t.Helper()
	bin, err := exec.LookPath("pgbouncer")
	if err != nil {
		if bin, err = exec.LookPath("/usr/sbin/pgbouncer"); err != nil {
			Missing(t, "PgBouncer")
		}
	}
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	ini := filepath.Join(s.dir, "pgbouncer.ini")
	users := filepath.Join(s.dir, "users.txt")
	config := fmt.Sprintf("[databases]\n%s\n* = host=127.0.0.1 port=%d\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=%d\nauth_type=plain\nauth_file=%s\npool_mode=transaction\nunix_socket_dir=\nmax_client_conn=100\n",
		strings.Join(routes, "\n"), s.Port, port, users)
	for file, text := range map[string]string{ini: config, users: fmt.Sprintf("%q %q\n", role, Password)} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command(bin, "-q", ini)
	if cred := credential(); cred != nil {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	for range 250 {
		conn, err := pgx.Connect(t.Context(), DSN(port, role, "postgres")+"&default_query_exec_mode=simple_protocol")
		if err == nil {
			_ = conn.Close(t.Context())
			return port
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("PgBouncer does not answer")
	return 0
}
