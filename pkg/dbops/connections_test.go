package dbops_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/dbops"
)

// The server itself counts: a role that may have sixteen connections sees all of eighteen databases. Each connection lasts
// three seconds at least, so that all that may be open at once are.
func TestNoMoreConnectionsThanPromisedAreOpen(t *testing.T) {
	t.Parallel()
	s, _ := catalog(t, "0")
	r := reader(t, s.DSN("backstage", "backstage_plugin_catalog")+"&post_auth_delay=3")
	const databases = 18
	for i := range databases - 1 {
		s.Exec(t, "postgres", fmt.Sprintf("CREATE DATABASE backstage_plugin_p%d TEMPLATE backstage_plugin_catalog STRATEGY file_copy", i))
	}
	for limit, unseen := range map[int]bool{dbops.Connections: false, dbops.Connections - 1: true} {
		s.Exec(t, "postgres", fmt.Sprintf("ALTER ROLE backstage CONNECTION LIMIT %d", limit))
		snapshot, err := r.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := len(snapshot.Unseen) > 0; got != unseen {
			t.Errorf("limit %d: saw %d of %d databases: %v", limit, len(snapshot.Databases), databases, snapshot.Unseen)
		}
	}
}

// A pooler may spread databases over servers: the sessions of one say nothing about the rows of another.
func TestADatabaseOfAnotherServerIsNotJudgedByTheSessionsOfThisOne(t *testing.T) {
	t.Parallel()
	s, _ := catalog(t, "0")
	s.Exec(t, "postgres", "CREATE DATABASE backstage_plugin_auth OWNER backstage")
	other, _ := catalog(t, "0")
	other.Exec(t, "postgres", "CREATE DATABASE backstage_plugin_auth OWNER backstage")
	knexTables(t, other, "backstage_plugin_auth", "knex_migrations", "1")
	pooler := lab.PgBouncer(t, s, "backstage", fmt.Sprintf("backstage_plugin_auth = host=127.0.0.1 port=%d", other.Port))
	snapshot, err := reader(t, lab.DSN(pooler, "backstage", "backstage_plugin_catalog")).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(snapshot.Databases) != 1 || len(snapshot.Unseen) != 1 || !strings.Contains(snapshot.Unseen[0].Reason, "another server") {
		t.Errorf("saw %v, not %+v", snapshot.Databases, snapshot.Unseen)
	}
}
