package dbops

import (
	"context"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// socketTable is a host's /proc/net/tcp: the state of each connection by the other side's address.
type socketTable map[netip.AddrPort]string

// closeWait is the state of a connection that the other side has closed and this side not yet: what the socket of a
// server process is in whose client was killed.
const closeWait = "08"

// parseSockets reads the text of /proc/net/tcp and tcp6 (proc(5)). Lines that are something else are skipped.
func parseSockets(text string) socketTable {
	out := socketTable{}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		if remote, ok := parseSocket(f[2]); ok && (out[remote] == "" || f[3] == closeWait) {
			out[remote] = f[3]
		}
	}
	return out
}

// parseSocket reads 0100007F:1F90: the address in words of the machine's byte order (little-endian here), the port in hex.
func parseSocket(text string) (netip.AddrPort, bool) {
	host, port, found := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	if !found || err != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		slices.Reverse(raw[i : i+4])
	}
	addr, ok := netip.AddrFromSlice(raw)
	number, err := strconv.ParseUint(port, 16, 16)
	return netip.AddrPortFrom(addr.Unmap(), uint16(number)), ok && err == nil
}

// closed tells whether the client at host:port has closed its connection.
func (t socketTable) closed(client string) bool {
	host, port, err := net.SplitHostPort(client)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddrPort(net.JoinHostPort(host, port))
	if err != nil {
		return false
	}
	return t[netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())] == closeWait
}

// socketsQuery reads the server's socket table, which only members of pg_read_server_files may do. Refused, it yields nothing
// and leaves the transaction that it runs in alone.
const socketsQuery = `DO $ameide$
DECLARE
  sockets text := '';
BEGIN
  BEGIN
    EXECUTE 'SELECT pg_read_file(''/proc/net/tcp'')' INTO sockets;
    EXECUTE 'SELECT $1 || pg_read_file(''/proc/net/tcp6'')' INTO sockets USING sockets;
  EXCEPTION WHEN OTHERS THEN
    NULL;
  END;
  PERFORM set_config('ameide.sockets', sockets, true);
END
$ameide$;
SELECT current_setting('ameide.sockets');`

// sockets is the socket table that proves which clients are gone: the server's, or this machine's where it is the same.
// Nobody's when neither may be read.
func sockets(ctx context.Context, c *pgconn.PgConn, portSeen int) (socketTable, error) {
	if sharesLoopback(c, portSeen) {
		if text := localSockets(); text != "" {
			return parseSockets(text), nil
		}
	}
	results, err := c.Exec(ctx, socketsQuery).ReadAll()
	if err != nil {
		return nil, err
	}
	text := singleValue(results)
	if len(text) == 0 {
		return nil, nil
	}
	return parseSockets(string(text)), nil
}

// sharesLoopback tells whether server and we are in one network namespace: both ends of our connection are the loopback
// address, and the server sees the very port that we have. A port-forward looks the same but for the port.
func sharesLoopback(c *pgconn.PgConn, portSeen int) bool {
	local, ok := c.Conn().LocalAddr().(*net.TCPAddr)
	remote, isTCP := c.Conn().RemoteAddr().(*net.TCPAddr)
	return ok && isTCP && local.IP.IsLoopback() && remote.IP.IsLoopback() && local.Port == portSeen
}

// localSockets is the socket table of this machine, empty where there is none.
func localSockets() string {
	v4, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return ""
	}
	v6, _ := os.ReadFile("/proc/net/tcp6") // missing where IPv6 is off
	return string(v4) + string(v6)
}
