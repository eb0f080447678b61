package dbops

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// ApplicationName is how our sessions call themselves in pg_stat_activity. sessions.sql leaves its prefix out.
const ApplicationName = "ameide-migrations"

// ErrDSN is a DSN that cannot be parsed. It never carries the text: a malformed DSN shows its password anywhere.
var ErrDSN = errors.New("the DSN is neither postgres://user@host:port/database nor a list of key=value")

// Target is a server, and how to get in. The password lies behind a func: fmt reaches unexported fields, but no func's
// inside.
type Target struct {
	config func() *pgconn.Config
	name   string // in place of host:port
}

// ParseTarget reads a DSN, with libpq's environment variables (PGHOST, PGPASSWORD, PGSSLMODE, …) for what it leaves out.
// Its only error is ErrDSN. Plain text is never taken in place of TLS except on this machine, or when sslmode=disable says so.
func ParseTarget(dsn string) (Target, error) {
	c, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return Target{}, ErrDSN
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 10 * time.Second
	}
	c.RuntimeParams["application_name"] = ApplicationName
	dropDowngrades(c)
	return Target{config: func() *pgconn.Config { return c }}, nil
}

// SaysPassword tells whether the target's password stands in a text of its DSN, as it is or percent-encoded.
func (t Target) SaysPassword(dsn string) bool {
	password := t.config().Password
	decoded, err := url.PathUnescape(dsn)
	return password != "" && (strings.Contains(dsn, password) || err == nil && strings.Contains(decoded, password))
}

// Called is the target under the name that people know it by, where host:port is the end of a tunnel.
func (t Target) Called(server string) Target {
	t.name = server
	return t
}

// Server is host:port of the first server of the DSN.
func (t Target) Server() string {
	if t.name != "" {
		return t.name
	}
	return net.JoinHostPort(t.config().Host, strconv.Itoa(int(t.config().Port)))
}

// Database is the database that the DSN names.
func (t Target) Database() string { return t.config().Database }

// String is the target without its password.
func (t Target) String() string {
	return fmt.Sprintf("%s@%s/%s", t.config().User, t.Server(), t.config().Database)
}

// GoString keeps %#v from printing the password.
func (t Target) GoString() string { return "dbops.Target(" + t.String() + ")" }

// Format keeps %+v and every other verb from printing the password.
func (t Target) Format(f fmt.State, _ rune) { fmt.Fprint(f, t.String()) }

// Redact takes the password out of a text.
func (t Target) Redact(text string) string {
	if t.config == nil || t.config().Password == "" {
		return text
	}
	return strings.ReplaceAll(text, t.config().Password, "[redacted]")
}

// in is the configuration for one database of the server.
func (t Target) in(database string) *pgconn.Config {
	c := t.config().Copy()
	c.Database = database
	return c
}

// dropDowngrades takes the plain-text variant of a host out where there is a TLS variant of it: sslmode prefer, allow or
// none would fall back to it without a word. A loopback address or a Unix socket keeps it.
func dropDowngrades(c *pgconn.Config) {
	all := append([]*pgconn.FallbackConfig{{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}}, c.Fallbacks...)
	encrypted := map[string]bool{}
	for _, f := range all {
		if f.TLSConfig != nil {
			encrypted[hostKey(f)] = true
		}
	}
	var kept []*pgconn.FallbackConfig
	for _, f := range all {
		if f.TLSConfig != nil || !encrypted[hostKey(f)] || isLocal(f.Host) {
			kept = append(kept, f)
		}
	}
	c.Host, c.Port, c.TLSConfig, c.Fallbacks = kept[0].Host, kept[0].Port, kept[0].TLSConfig, kept[1:]
}

func hostKey(f *pgconn.FallbackConfig) string {
	return net.JoinHostPort(f.Host, strconv.Itoa(int(f.Port)))
}

func isLocal(host string) bool {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
