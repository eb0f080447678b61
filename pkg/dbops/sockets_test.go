package dbops

import (
	"testing"

	"github.com/ameideio/ameide/lab"
)

func TestTheServersSocketTableIsReadWhereItMayBe(t *testing.T) {
	s := lab.Postgres(t)
	s.Exec(t, "postgres", "CREATE ROLE plain LOGIN PASSWORD '"+lab.Password+"'")
	for role, want := range map[string]bool{"postgres": true, "plain": false} {
		c := s.Connect(t, role, "postgres").PgConn()
		got, err := sockets(t.Context(), c, 0) // a port that is not ours: as behind a port-forward
		if err != nil || (got != nil) != want {
			t.Errorf("%s: got %d sockets, %v; want some: %v", role, len(got), err, want)
		}
	}
}
