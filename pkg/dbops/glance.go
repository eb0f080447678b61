package dbops

import (
	"context"
	_ "embed"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed glance.sql
var glanceSQL string

// glance is what glance.sql says about a database: enough when everything in it is as it should be.
type glance struct {
	Started string `json:"server_started"`
	Doubt   bool   `json:"doubt"` // an index is invalid, or of a name that an interrupted migration leaves
	Tables  []struct {
		Schema     string `json:"schema"`
		Name       string `json:"name"`
		Rows       string `json:"rows"`       // XML around the JSON of rows.sql
		Migrations string `json:"migrations"` // XML around the JSON of migrations.sql
	} `json:"tables"`
}

// readGlance runs a message that ends in the glance query, with other answers before it. Unless every table was read and is
// free, it reads the contents by the full message instead, which answers the same questions: a healthy database, which nearly
// all are, costs half of what the other way does, a third of it for loading PL/pgSQL.
func readGlance(ctx context.Context, c *pgconn.PgConn, m messages, before ...any) (contents, error) {
	var g glance
	err := ask(ctx, c, m.glance, append(before, &g)...)
	if err == nil {
		if found, ok := g.contents(); ok {
			return found, nil
		}
	}
	full := m.full
	if err != nil {
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || c.IsClosed() {
			return contents{}, err
		}
		full = "ROLLBACK; " + full
	}
	var found contents
	err = ask(ctx, c, full, append(before, &found)...)
	return found, err
}

// messages are the two ways of asking the same.
type messages struct{ glance, full string }

// looks asks for the contents of a database, and before them what else the statements say.
func looks(s Scripts, before string) messages {
	return messages{readOnly(before + fill(glanceSQL, s)), readOnly(before + contentsQuery(s))}
}

// contents is false unless everything is as in a healthy database.
func (g glance) contents() (contents, bool) {
	out := contents{Started: g.Started}
	for _, t := range g.Tables {
		var table Table
		if fromXML(t.Rows, &table) != nil || fromXML(t.Migrations, &table) != nil || shape(table.Rows) != Free {
			return contents{}, false
		}
		table.Schema, table.Name = t.Schema, t.Name
		out.Tables = append(out.Tables, table)
	}
	return out, !g.Doubt
}

// fromXML decodes the one value that query_to_xml was asked for.
func fromXML(text string, into any) error {
	var doc struct {
		Row []struct {
			Found string `xml:"found"`
		} `xml:"row"`
	}
	if err := xml.Unmarshal([]byte(text), &doc); err != nil {
		return err
	}
	if len(doc.Row) != 1 {
		return fmt.Errorf("%d rows instead of one", len(doc.Row))
	}
	return json.Unmarshal([]byte(doc.Row[0].Found), into)
}
