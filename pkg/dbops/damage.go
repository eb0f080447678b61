package dbops

import (
	"fmt"
	"slices"
	"strings"
)

// knownLeftovers are the indexes that a migration of Backstage creates outside a transaction and without IF NOT EXISTS:
// they stay when it dies, and its next run trips over them.
func knownLeftovers() map[string][]string {
	return map[string][]string{ // plugin-catalog-backend, migrations/
		"20240130092632_search_index.js": {"search_key_value_idx", "search_key_original_value_idx"},
	}
}

// knownIndexes is every index that knownLeftovers names, sorted.
func knownIndexes() []string {
	var out []string
	for _, names := range knownLeftovers() {
		out = append(out, names...)
	}
	slices.Sort(out)
	return out
}

// damage adds what clearing alone does not heal: invalid indexes, and objects that a half-applied migration left.
func damage(l *Lock, d Database, t Table) {
	if l.Verdict == Held || l.Verdict == Orphan || !carries(d, t) {
		return
	}
	for _, x := range d.Indexes {
		if x.Schema == t.Schema && !x.Building {
			l.InvalidIndexes = append(l.InvalidIndexes, x.Name)
			l.Repair = append(l.Repair, "DROP INDEX CONCURRENTLY "+x.Name+";")
		}
	}
	for _, r := range leftovers(*l, t) {
		if slices.Contains(l.InvalidIndexes, r.Name) {
			continue
		}
		l.Leftovers = append(l.Leftovers, r.Kind+" "+r.Name)
		if r.Kind == "index" {
			l.Repair = append(l.Repair, "DROP INDEX CONCURRENTLY "+r.Name+";")
		}
	}
}

// carries tells whether a table reports the damage of its schema: Knex's default table where there is one, else the first.
func carries(d Database, t Table) bool {
	const main = "knex_migrations_lock"
	first := ""
	for _, o := range d.Tables {
		if o.Schema != t.Schema {
			continue
		}
		if o.Name == main {
			return t.Name == main
		}
		if first == "" || o.Name < first {
			first = o.Name
		}
	}
	return t.Name == first
}

// leftovers are the valid objects that a migration made and did not live to record. A known migration that is not
// recorded although an older one is, and whose index exists, is certain; after a lock that reads 1, so is every table or
// index younger than both the lock and the newest record.
func leftovers(l Lock, t Table) []Relation {
	var out []Relation
	applied := map[string]bool{}
	oldest := ""
	for _, m := range t.Migrations {
		applied[m.Name] = true
		if oldest == "" || m.Name < oldest {
			oldest = m.Name
		}
	}
	for name, indexes := range knownLeftovers() {
		if applied[name] || oldest == "" || oldest > name {
			continue
		}
		for _, x := range indexes {
			if slices.Contains(t.Indexes, x) {
				out = append(out, Relation{"index", fmt.Sprintf("%s.%s", quote(t.Schema), quote(x))})
			}
		}
	}
	if l.Verdict == Stale {
		for _, r := range t.Newer {
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	slices.SortFunc(out, func(a, b Relation) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// quote is quote_ident: plain where a plain name means the same.
func quote(name string) string {
	plain := name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	}) && (name[0] < '0' || name[0] > '9')
	if plain {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
