package dbops

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestPlainTextIsNeverAFallbackElsewhere(t *testing.T) {
	const plain, secure = "plain", "TLS"
	for _, c := range []struct {
		dsn  string
		want []string
	}{
		{"postgres://u@db.example/x?sslmode=prefer", []string{secure}},
		{"postgres://u@db.example/x?sslmode=allow", []string{secure}},
		{"postgres://u@db.example/x", []string{secure}},
		{"postgres://u@db.example/x?sslmode=require", []string{secure}},
		{"postgres://u@db.example/x?sslmode=verify-full", []string{secure}},
		{"postgres://u@db.example/x?sslmode=disable", []string{plain}},
		{"postgres://u@a.example:1,b.example:2/x?sslmode=prefer", []string{secure, secure}},
		{"postgres://u@127.0.0.1/x?sslmode=prefer", []string{secure, plain}},
		{"postgres://u@localhost/x?sslmode=allow", []string{plain, secure}},
		{"host=/run/postgresql user=u", []string{plain}},
	} {
		target, err := ParseTarget(c.dsn)
		if err != nil {
			t.Fatalf("%s: %v", c.dsn, err)
		}
		got := []string{kind(target.config().TLSConfig)}
		for _, f := range target.config().Fallbacks {
			got = append(got, kind(f.TLSConfig))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.dsn, diff)
		}
	}
}

func kind(c *tls.Config) string {
	if c == nil {
		return "plain"
	}
	return "TLS"
}

func TestNothingPrintsThePassword(t *testing.T) {
	target, err := ParseTarget("postgres://u:s3cret@h:1/x")
	if err != nil {
		t.Fatal(err)
	}
	connect := target.connectError("x", errors.New("server said s3cret back"))
	wrapped := struct {
		Inner any
		r     Reader
	}{target, Reader{Target: target}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, value := range []any{target, &target, wrapped, Reader{Target: target}, connect} {
			if got := fmt.Sprintf(format, value); strings.Contains(got, "s3cret") {
				t.Errorf("%s shows it: %s", format, got)
			}
		}
	}
}

func FuzzAMalformedDSNIsNeverRepeated(f *testing.F) {
	for _, seed := range []string{"postgres://u:%s@h/x", "password=%s", "postgres://u:%s@h:p/x", "%s", "host=h sslmode=%s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, shape string) {
		_, err := ParseTarget(strings.Replace(shape, "%s", "pl4nted", 1))
		if err != nil && err != ErrDSN { //nolint:errorlint // exactly this value and nothing around it
			t.Errorf("got %v", err)
		}
	})
}

func TestWhatStatementsAreShown(t *testing.T) {
	s := Scripts{Unlock: "-- why\nLOCK TABLE :table IN ACCESS EXCLUSIVE MODE NOWAIT;\nDELETE FROM :table;\nINSERT INTO :table (is_locked) VALUES (0);\n"}
	got := s.Statements(Lock{Schema: "a", Table: `x";drop`})
	want := []string{"BEGIN", "SET LOCAL lock_timeout = '250ms'", `LOCK TABLE "a"."x"";drop" IN ACCESS EXCLUSIVE MODE NOWAIT`}
	if diff := cmp.Diff(want[:2], got[:2]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if joined := strings.Join(got, ";"); !strings.Contains(joined, want[2]) {
		t.Errorf("got %s", joined)
	}
	got = s.Statements(Lock{Schema: "a", Table: "x; y"})
	if want := `DELETE FROM "a"."x; y"`; len(got) != 6 || got[3] != want {
		t.Errorf("got %q, want six statements and %s among them", got, want)
	}
}

func TestHintsFollowTheServersCode(t *testing.T) {
	for code, want := range map[string]string{"53300": "PgBouncer", "28P01": "password", "42501": "CONNECT", "3D000": "exists"} {
		err := Target{config: func() *pgconn.Config { return &pgconn.Config{Host: "h", Port: 1} }}.connectError("x", &pgconn.PgError{Code: code, Message: "m"})
		var connect *ConnectError
		if !errors.As(err, &connect) || !strings.Contains(connect.Hint(), want) {
			t.Errorf("%s: got %v, %q", code, err, connect.Hint())
		}
	}
}

// noRight is an error of whoever makes the connection, with its own way out.
type noRight struct{}

func (noRight) Error() string { return "forbidden" }
func (noRight) Hint() string  { return "grant create on pods/portforward" }

func TestAConnectionThatMayNotBeMadeKeepsItsHint(t *testing.T) {
	target, err := ParseTarget("postgres://backstage:pw@localhost/backstage")
	if err != nil {
		t.Fatal(err)
	}
	reader := Reader{Target: target.Through(func(context.Context, string, string) (net.Conn, error) { return nil, noRight{} })}
	_, err = reader.Rights(t.Context())
	var hinted interface{ Hint() string }
	if !errors.As(err, &hinted) || hinted.Hint() != "grant create on pods/portforward" {
		t.Errorf("error %v, want the hint of whoever makes the connection", err)
	}
}
