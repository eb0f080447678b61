package dbops

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// Rights are what a role may do on its server, and what it owns there.
type Rights struct {
	Role     string `json:"role"`
	CreateDB bool   `json:"createdb"` // or superuser
	Database string `json:"database"` // that was connected to
	Owner    string `json:"owner"`    // of that database
}

const rightsQuery = `SELECT json_build_object('role', current_user, 'createdb', r.rolcreatedb OR r.rolsuper, 'database', d.datname,
  'owner', pg_catalog.pg_get_userbyid(d.datdba))
FROM pg_catalog.pg_roles r, pg_catalog.pg_database d WHERE r.rolname = current_user AND d.datname = current_database();`

// Rights asks what the target's role may do. It changes nothing.
func (r Reader) Rights(ctx context.Context) (Rights, error) {
	ctx, cancel := context.WithTimeout(ctx, perDatabase)
	defer cancel()
	var out Rights
	c, err := pgconn.ConnectConfig(ctx, r.Target.in(r.Target.Database()))
	if err != nil {
		return out, r.Target.connectError(r.Target.Database(), err)
	}
	defer closeQuietly(c)
	results, err := c.Exec(ctx, readOnly(rightsQuery)).ReadAll()
	if err != nil {
		return out, r.Target.connectError(r.Target.Database(), err)
	}
	if err := json.Unmarshal(singleValue(results), &out); err != nil {
		return out, fmt.Errorf("decode what the server says: %w", err)
	}
	return out, nil
}

// Through is the target reached by a dialer, such as a port-forward: names are left to it, too.
func (t Target) Through(dial pgconn.DialFunc) Target {
	c := t.config().Copy()
	c.DialFunc = dial
	c.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	t.config = func() *pgconn.Config { return c }
	return t
}
