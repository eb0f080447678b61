package dbops

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ask sends a statement list and decodes the JSON of its queries, in their order. It uses the simple protocol: one round
// trip for the whole list, and it works through PgBouncer in transaction mode.
func ask(ctx context.Context, c *pgconn.PgConn, statements string, into ...any) error {
	results, err := c.Exec(ctx, statements).ReadAll()
	if err != nil {
		return err
	}
	values := values(results)
	if len(values) != len(into) {
		return fmt.Errorf("decode what the server says: %d answers instead of %d", len(values), len(into))
	}
	for i, v := range values {
		if err := json.Unmarshal(v, into[i]); err != nil {
			return fmt.Errorf("decode what the server says: %w", err)
		}
	}
	return nil
}

// values is the first value of each result that has rows.
func values(results []*pgconn.Result) [][]byte {
	var out [][]byte
	for _, r := range results {
		if len(r.Rows) > 0 && len(r.Rows[0]) > 0 {
			out = append(out, r.Rows[0][0])
		}
	}
	return out
}

// singleValue is the first of values, if any.
func singleValue(results []*pgconn.Result) []byte {
	if v := values(results); len(v) > 0 {
		return v[0]
	}
	return nil
}

// literal is a string as SQL writes it, whatever standard_conforming_strings says.
func literal(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return " E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}
