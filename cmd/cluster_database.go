package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/pkg/kube"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/spec"
)

// findDatabase is an environment's primary with the installation's own role, which owns the locks: credentials from the
// Secret that the portal reads, through a port-forward to the Service's Pod.
func findDatabase(ctx context.Context, s *site, db spec.Database) (dbops.Target, error) {
	values, err := ask(ctx, s, func(ctx context.Context, c *kube.Client) (map[string]secret.Value, error) {
		return c.Secret(ctx, s.Namespace, db.SecretName)
	})
	if errors.Is(err, kube.ErrMissing) {
		return dbops.Target{}, unavailable(err, "is it the right environment and context? or name the server with --dsn")
	}
	if err != nil {
		return dbops.Target{}, unasked(err)
	}
	user, password := either(values, "POSTGRES_USER", "username"), either(values, "POSTGRES_PASSWORD", "password")
	if user.Empty() || password.Empty() {
		return dbops.Target{}, unavailable(fmt.Errorf("the Secret %s/%s has no POSTGRES_USER and POSTGRES_PASSWORD", s.Namespace, db.SecretName), "name the server with --dsn")
	}
	host, port := either(values, "POSTGRES_HOST", "").Reveal(), either(values, "POSTGRES_PORT", "").Reveal()
	if host == "" {
		host = db.Host
	}
	if port == "" {
		port = strconv.Itoa(db.Port)
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(user.Reveal(), password.Reveal()), Host: net.JoinHostPort(host, port), Path: "/" + db.Name}
	if !s.network.Forwards(host) {
		return parseFound(u)
	}
	// The name is localhost because the tunnel, encrypted by itself, ends there: inside the Pod.
	u.Host = "localhost"
	target, err := parseFound(u)
	if err != nil {
		return target, err
	}
	address := net.JoinHostPort(host, port)
	target = target.Through(func(ctx context.Context, network, _ string) (net.Conn, error) {
		return s.network.DialContext(ctx, network, address)
	})
	return target.Called(net.JoinHostPort(s.qualified(host), port)), nil
}

func parseFound(u url.URL) (dbops.Target, error) {
	target, err := dbops.ParseTarget(u.String())
	if err != nil {
		return target, unavailable(fmt.Errorf("the Secret's address of the database: %w", err), "name the server with --dsn")
	}
	return target, nil
}

// qualified is a Service's name with its namespace: what is typed to confirm must not mean two servers.
func (s *site) qualified(host string) string {
	if strings.Contains(host, ".") || net.ParseIP(host) != nil {
		return host
	}
	return host + "." + s.Namespace + ".svc"
}

// either is the value of the first key that has one.
func either(values map[string]secret.Value, key, other string) secret.Value {
	if v := values[key]; !v.Empty() {
		return v
	}
	return values[other]
}
