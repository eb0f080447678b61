package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/ameideio/ameide/pkg/dbops"
)

// database looks at the portal's database with its own credentials.
func (r *reader) database(ctx context.Context) (Database, error) {
	db := r.declared.Spec.Database
	credentials, ok := r.secrets[db.SecretName]
	if !ok {
		return Database{}, NotAsked("the Deployment reads no Secret " + db.SecretName)
	}
	s, err := credentials.value(ctx, "Secret/"+db.SecretName)
	if err != nil {
		return Database{}, err
	}
	host, port := r.declared.DatabaseAddress()
	// The name is localhost because a port-forward ends there, inside the Pod; the tunnel is encrypted by itself.
	target, err := dbops.ParseTarget(dsn(s.Values["POSTGRES_USER"], s.Values["POSTGRES_PASSWORD"], db.Name))
	if err != nil {
		return Database{}, err
	}
	address := net.JoinHostPort(host, strconv.Itoa(port))
	reader := dbops.Reader{
		Target: target.Through(func(ctx context.Context, network, _ string) (net.Conn, error) {
			return r.dialService(ctx, network, address)
		}),
		Installation: dbops.Installation{Prefix: db.PluginPrefix, Database: db.Name, Plugins: db.Plugins}, Scripts: r.Scripts,
	}
	out, err := lookAt(ctx, reader)
	if refused := refusal(err); refused != nil {
		return Database{Refused: refused}, nil
	}
	if err != nil {
		return out, fmt.Errorf("through Service %s: %w", address, err)
	}
	return out, nil
}

func lookAt(ctx context.Context, reader dbops.Reader) (Database, error) {
	var out Database
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { out.Rights, err = reader.Rights(ctx); return err })
	g.Go(func() (err error) { out.Snapshot, err = reader.Read(ctx); return err })
	if err := g.Wait(); err != nil {
		return out, err
	}
	out.Locks = dbops.Judge(out.Snapshot, reader.Installation, nil)
	return out, nil
}

// Refusal is a login that PostgreSQL answered with no.
type Refusal struct {
	NoDatabase bool // it has no such database
	Text       string
}

// refusal tells whether the server answered, and refused: that is no trouble on the way there. Class 28 of PostgreSQL's
// error codes is invalid authorization, 3D000 an unknown database, 42501 a missing CONNECT.
func refusal(err error) *Refusal {
	const noDatabase, noRight, invalidAuthorization = "3D000", "42501", "28"
	var e *dbops.ConnectError
	if !errors.As(err, &e) {
		return nil
	}
	code := e.SQLState()
	if code != noDatabase && code != noRight && !strings.HasPrefix(code, invalidAuthorization) {
		return nil
	}
	return &Refusal{NoDatabase: code == noDatabase, Text: e.Cause}
}
