package dbops

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// trapsQuery lists what the owner of a table has made run when somebody else deletes and inserts there: with the other's
// rights, a superuser's for example. Knex makes none of it. Run under the table's lock.
const trapsQuery = `SELECT coalesce((SELECT json_build_object('owner', pg_get_userbyid(t.relowner), 'traps', (
  SELECT coalesce(json_agg(what ORDER BY what), '[]') FROM (
    SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid = t.oid AND NOT tgisinternal
    UNION ALL SELECT 'rule ' || rulename FROM pg_rewrite WHERE ev_class = t.oid
    UNION ALL SELECT 'constraint ' || conname FROM pg_constraint WHERE conrelid = t.oid AND contype = 'c'
    UNION ALL SELECT 'index ' || indexrelid::regclass FROM pg_index WHERE indrelid = t.oid AND (indexprs IS NOT NULL OR indpred IS NOT NULL)
    UNION ALL SELECT 'child table ' || inhrelid::regclass FROM pg_inherits WHERE inhparent = t.oid
    UNION ALL SELECT 'default of column ' || attname FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
               WHERE adrelid = t.oid AND pg_get_expr(adbin, adrelid) !~ '^nextval[(]''([^'']|'''')+''::regclass[)]$') AS trap(what)))
  FROM pg_class t WHERE t.oid = %s::regclass AND pg_get_userbyid(t.relowner) <> current_user), '{}');`

// runsForOthers is why a table of another role must not be written to, or nothing.
func (r Reader) runsForOthers(ctx context.Context, c *pgconn.PgConn, l Lock) (string, error) {
	var found struct {
		Owner string   `json:"owner"`
		Traps []string `json:"traps"`
	}
	if err := ask(ctx, c, fmt.Sprintf(trapsQuery, literal(l.identifier())), &found); err != nil || len(found.Traps) == 0 {
		return "", err
	}
	return fmt.Sprintf("the table has %s, made by role %s, which would run with the rights of whoever clears it: connect as %s; the old state stands",
		strings.Join(found.Traps, ", "), found.Owner, found.Owner), nil
}
