package dbops

import (
	"context"
	_ "embed"
	"encoding/json"
	"encoding/xml"
	"errors"
	"slices"
	"strings"

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
		OID        int64  `json:"oid"`
		Rows       string `json:"rows"`       // XML of glanceRow
		Migrations string `json:"migrations"` // XML of Migration
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

// glanceRow is a row of a lock table. A column that is NULL is left out.
type glanceRow struct {
	CTID     string       `xml:"ctid"`
	XMin     string       `xml:"xmin"`
	Index    *int64       `xml:"index"`
	IsLocked *json.Number `xml:"is_locked"`
}

// contents is false unless everything is as in a healthy database.
func (g glance) contents() (contents, bool) {
	out := contents{Started: g.Started}
	for _, t := range g.Tables {
		table := Table{OID: t.OID, Schema: t.Schema, Name: t.Name, Rows: []Row{}}
		rows, err := fromXML[glanceRow](t.Rows)
		if err != nil {
			return contents{}, false
		}
		stamps := make([]string, len(rows))
		for i, r := range rows {
			table.Rows = append(table.Rows, Row{Index: r.Index, IsLocked: r.IsLocked})
			stamps[i] = r.CTID + " " + r.XMin
		}
		table.Stamp = strings.Join(stamps, ",")
		if table.Migrations, err = fromXML[Migration](t.Migrations); err != nil || shape(table.Rows) != Free {
			return contents{}, false
		}
		slices.Reverse(table.Migrations) // oldest first
		out.Tables = append(out.Tables, table)
	}
	return out, !g.Doubt
}

// fromXML decodes what query_to_xml gives.
func fromXML[Row any](text string) ([]Row, error) {
	doc := struct {
		Rows []Row `xml:"row"`
	}{Rows: []Row{}}
	err := xml.Unmarshal([]byte(text), &doc)
	return doc.Rows, err
}
