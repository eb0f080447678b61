package dbops

import (
	"encoding/hex"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
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
