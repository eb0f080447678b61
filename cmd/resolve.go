package cmd

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

// parseResolve reads HOST:PORT:ADDRESS entries, as curl's --resolve writes them, into HOST:PORT to host:port. An ADDRESS
// without a port keeps the one that is asked for.
func parseResolve(entries []string) (map[string]string, error) {
	table := map[string]string{}
	for _, entry := range entries {
		parts := strings.SplitN(entry, ":", 3)
		if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
			return nil, usage(fmt.Errorf("--resolve %s is not HOST:PORT:ADDRESS", entry), "for example --resolve backstage.dev.ameide.io:443:10.0.0.7")
		}
		to := parts[2]
		if _, _, err := net.SplitHostPort(to); err != nil {
			to = net.JoinHostPort(strings.Trim(to, "[]"), parts[1])
		}
		table[net.JoinHostPort(parts[0], parts[1])] = to
	}
	return table, nil
}

// resolving dials what a table says in place of what is asked for.
func resolving(table map[string]string) func(context.Context, string, string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: 10 * time.Second}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if to, ok := table[address]; ok {
			address = to
		}
		return dialer.DialContext(ctx, network, address)
	}
}
