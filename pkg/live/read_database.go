package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
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
	out, err := settled(ctx, func() (Database, error) { return lookAt(ctx, reader) })
	if refused := refusal(err); refused != nil {
		return Database{Refused: refused}, nil
	}
	if err != nil {
		return out, fmt.Errorf("through Service %s: %w", address, err)
	}
	return out, nil
}

// How long a migration may be at work before it is told, and the pause between two looks at it. Each start of Backstage
// takes every lock for some milliseconds, and makes and takes those of the scheduled tasks only once it is ready.
const (
	passing   = 5 * time.Second
	lookAgain = 500 * time.Millisecond
)

// settled looks until no migration is at work, for as long as one may be passing, and gives the last look.
func settled(ctx context.Context, look func() (Database, error)) (Database, error) {
	migrating := func(db Database) bool {
		return slices.ContainsFunc(db.Locks, func(l dbops.Lock) bool { return l.AtWork() || l.Verdict == dbops.Free && l.LastMigration == "" })
	}
	out, err := backoff.Retry(ctx, func() (Database, error) {
		out, err := look()
		if err != nil {
			return out, backoff.Permanent(err)
		}
		if migrating(out) {
			return out, errors.New("a migration is at work")
		}
		return out, nil
	}, backoff.WithBackOff(backoff.NewConstantBackOff(lookAgain)), backoff.WithMaxElapsedTime(passing))
	if migrating(out) {
		return out, nil
	}
	return out, err
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
