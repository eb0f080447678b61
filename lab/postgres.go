package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// ErrNoPostgres says that no server binaries were found.
var ErrNoPostgres = errors.New("no PostgreSQL server: neither on PATH nor in /usr/lib/postgresql/*/bin")

// Password is the password of every role that the lab makes. Tests look for it in output, where it must never be.
const Password = "pl4nted-p%40ss/w0rd"

// Server is a PostgreSQL of the lab. Its superuser is postgres.
type Server struct {
	Port int
	dir  string
	bin  string
	args []string
	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
	log  bytes.Buffer
}

// Postgres starts a server for one test. settings are name=value for postgresql.conf.
func Postgres(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := StartPostgres(t.Context(), settings...)
	if errors.Is(err, ErrNoPostgres) {
		Missing(t, "PostgreSQL's server binaries")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// StartPostgres starts a server that lives until Close.
func StartPostgres(ctx context.Context, settings ...string) (*Server, error) {
	s, err := newServer(settings)
	if err != nil {
		return nil, err
	}
	if err := s.initialize(ctx); err != nil {
		return nil, err
	}
	return s, s.Start(ctx)
}

func newServer(settings []string) (*Server, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "ameide-postgres-")
	if err != nil {
		return nil, err
	}
	if c := credential(); c != nil {
		if err := os.Chown(dir, int(c.Uid), int(c.Gid)); err != nil {
			return nil, err
		}
	}
	s := &Server{dir: dir, bin: bin}
	if err := s.certify(); err != nil {
		return nil, err
	}
	if s.Port, err = FreePort(); err != nil {
		return nil, err
	}
	for _, setting := range append([]string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(s.Port), "unix_socket_directories=" + dir,
		"fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200",
		"ssl=on", "ssl_cert_file=" + s.CA(), "ssl_key_file=" + s.key(),
	}, settings...) {
		s.args = append(s.args, "-c", setting)
	}
	return s, nil
}

// Replica is a standby of the server, made by pg_basebackup.
func (s *Server) Replica(t testing.TB) *Server {
	t.Helper()
	r, err := newServer([]string{"hot_standby=on"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	if err := r.run(t.Context(), "pg_basebackup", "-D", r.data(), "-d", s.DSN("postgres", "postgres"), "-R", "-c", "fast"); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// DSN is a URL for a role of the lab and a database.
func (s *Server) DSN(role, database string) string { return DSN(s.Port, role, database) }

// DSN is a URL for a role of the lab and a database at a port of loopback.
func DSN(port int, role, database string) string {
	return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/%s?sslmode=disable", role, "pl4nted-p%2540ss%2Fw0rd", port, url.PathEscape(database))
}

// Exec runs statements as the superuser, each in a transaction of its own.
func (s *Server) Exec(t testing.TB, database string, statements ...string) {
	t.Helper()
	c := s.Connect(t, "postgres", database)
	defer End(c)
	for _, statement := range statements {
		if _, err := c.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// End ends a session and waits until the server has ended it, too, and shows it to nobody any more.
func End(c *pgx.Conn) {
	h, err := c.PgConn().Hijack()
	if err != nil {
		return // it has ended
	}
	defer h.Conn.Close()
	h.Frontend.Send(&pgproto3.Terminate{})
	if h.Frontend.Flush() == nil && h.Conn.SetReadDeadline(time.Now().Add(10*time.Second)) == nil {
		_, _ = io.Copy(io.Discard, h.Conn) // it ends with the session
	}
}

// Connect opens a session that ends with the test.
func (s *Server) Connect(t testing.TB, role, database string, params ...string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(s.DSN(role, database))
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	for i := 0; i+1 < len(params); i += 2 {
		config.RuntimeParams[params[i]] = params[i+1]
	}
	c, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// Start starts the server after Stop, or for the first time, and waits until it answers.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	s.cmd = s.command("postgres", append([]string{"-D", s.data()}, s.args...)...)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	s.done = make(chan struct{})
	err := s.cmd.Start()
	cmd, done := s.cmd, s.done
	s.mu.Unlock()
	if err != nil {
		return err
	}
	go func() { _ = cmd.Wait(); close(done) }()
	return s.await(ctx, done)
}

func (s *Server) await(ctx context.Context, done <-chan struct{}) error {
	for {
		c, err := pgx.Connect(ctx, s.DSN("postgres", "postgres"))
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-done:
			return fmt.Errorf("postgres ended at once: %s", s.log.String())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the server: SIGQUIT at once and without goodbye, SIGINT after rolling back.
func (s *Server) Stop(signal syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Signal(signal)
	<-s.done
	s.cmd = nil
}

// Close stops the server and removes its data.
func (s *Server) Close() {
	s.Stop(syscall.SIGQUIT)
	_ = os.RemoveAll(s.dir)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// run runs one of the server's tools to its end.
func (s *Server) run(ctx context.Context, tool string, args ...string) error {
	c := s.command(tool, args...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Process.Kill() })
	defer stop()
	if err := c.Wait(); err != nil {
		return fmt.Errorf("%s: %w: %s", tool, err, out.String())
	}
	return nil
}

// command runs as an unprivileged user when we are root: PostgreSQL refuses root.
func (s *Server) command(tool string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, tool), args...)
	c.Dir = s.dir
	c.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + s.dir}
	if cred := credential(); cred != nil {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	}
	return c
}

// nobody is the unprivileged user of Debian and of most others.
const nobody = 65534

func credential() *syscall.Credential {
	if os.Geteuid() != 0 {
		return nil
	}
	return &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: false}
}

// postgresBin is the folder of the newest server that has everything.
func postgresBin() (string, error) {
	var folders []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(path))
		}
	}
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(installed, func(a, b string) int { return version(b) - version(a) })
	for _, dir := range append(folders, installed...) {
		if !slices.ContainsFunc([]string{"postgres", "initdb", "pg_basebackup"}, func(tool string) bool {
			_, err := os.Stat(filepath.Join(dir, tool))
			return errors.Is(err, fs.ErrNotExist)
		}) {
			return dir, nil
		}
	}
	return "", ErrNoPostgres
}

func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))) // anything else than a number sorts last
	return n
}

// FreePort is a port of loopback that nobody listens on now. It is below those that the system gives out by itself, so that
// no connection takes it until the server that it is for listens.
func FreePort() (int, error) {
	const first, last, tries = 20000, 32767, 100
	var err error
	for range tries {
		var l net.Listener
		port := first + rand.IntN(last-first+1)
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, err
}

// HasPostgres tells whether server binaries are installed.
func HasPostgres() bool {
	_, err := postgresBin()
	return err == nil
}
