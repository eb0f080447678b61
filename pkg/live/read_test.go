package live

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/templates"
)

// deaf is a cluster that answers nothing and does not even notice that nobody waits any more.
type deaf struct{ until chan struct{} }

func (d deaf) Get(context.Context, Resource, string, string) (Object, error) {
	<-d.until
	return nil, ErrMissing
}

func (d deaf) List(context.Context, Query) ([]Object, error) {
	<-d.until
	return nil, nil
}

func (d deaf) Logs(context.Context, string, string, string, bool) (string, error) {
	<-d.until
	return "", nil
}

func (d deaf) Dial(context.Context, string, string, int) (net.Conn, error) {
	<-d.until
	return nil, ErrMissing
}

func (d deaf) Requests() int { return 0 }

func (d deaf) RoundTrip(*http.Request) (*http.Response, error) {
	<-d.until
	return nil, context.Canceled
}

func TestALookEndsInTimeWhateverHangs(t *testing.T) {
	t.Parallel()
	d := declared(t, "dev")
	scripts, err := dbops.LoadScripts(templates.GitOps())
	if err != nil {
		t.Fatal(err)
	}
	cluster := deaf{make(chan struct{})}
	t.Cleanup(func() { close(cluster.until) })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	s := Read(ctx, Means{Cluster: cluster, Now: noon(), Public: cluster, Scripts: scripts, VaultToken: secret.New("token")}, d)
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("the look took %s, want it to end with its context", took)
	}
	for _, c := range judgedAll(d, s) {
		if !c.Unseen && c.Rule != "live/log-format" {
			t.Errorf("%s: %+v, want it unseen", c.Rule, c)
		}
		for _, i := range c.Issues {
			if c.Unseen && i.Hint != "" && i.Hint != "give it more time with --timeout" {
				t.Errorf("%s: hint %q", c.Rule, i.Hint)
			}
		}
	}
	for _, c := range Summarize(Look{d, s}, judgedAll(d, s)).Criteria {
		if c.Live != "SKIP" {
			t.Errorf("criterion %s is %s: %s", c.ID, c.Live, c.Evidence)
		}
	}
}

func TestAMigrationIsToldOnceItLasts(t *testing.T) {
	t.Parallel()
	migrating := Database{Locks: []dbops.Lock{{Plugin: "search", Verdict: dbops.Held}}}
	stuck := Database{Locks: []dbops.Lock{{Plugin: "search", Verdict: dbops.Stale}}}
	free := Database{Locks: []dbops.Lock{{Plugin: "search", Verdict: dbops.Free, LastMigration: "2024.js"}}}
	made := Database{Locks: []dbops.Lock{{Plugin: "search", Verdict: dbops.Free}}}
	broken := errors.New("connection reset")
	for name, test := range map[string]struct {
		look  func(n int) (Database, error)
		given time.Duration // until the context ends; none when 0
		want  dbops.Verdict
		err   error
		looks int
		took  time.Duration
	}{
		"nobody migrates":          {look: func(int) (Database, error) { return free, nil }, want: dbops.Free, looks: 1},
		"a lock is stuck":          {look: func(int) (Database, error) { return stuck, nil }, want: dbops.Stale, looks: 1},
		"a start passes":           {look: func(n int) (Database, error) { return []Database{migrating, migrating, free}[n], nil }, want: dbops.Free, looks: 3, took: 2 * lookAgain},
		"a table was just made":    {look: func(n int) (Database, error) { return []Database{made, free}[n], nil }, want: dbops.Free, looks: 2, took: lookAgain},
		"a migration lasts":        {look: func(int) (Database, error) { return migrating, nil }, want: dbops.Held, looks: 11, took: passing},
		"the time is over":         {look: func(int) (Database, error) { return migrating, nil }, given: 3 * lookAgain / 2, want: dbops.Held, looks: 2, took: 3 * lookAgain / 2},
		"the server goes":          {look: func(int) (Database, error) { return Database{}, broken }, err: broken, looks: 1},
		"the server goes meantime": {look: func(n int) (Database, error) { return []Database{migrating, {}}[n], []error{nil, broken}[n] }, err: broken, looks: 2, took: lookAgain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.given != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.given)
					defer cancel()
				}
				looks, begun := 0, time.Now()
				db, err := settled(ctx, func() (Database, error) { looks++; return test.look(looks - 1) })
				if !errors.Is(err, test.err) || err == nil && db.Locks[0].Verdict != test.want {
					t.Errorf("looked and saw %+v, %v, want %s, %v", db.Locks, err, test.want, test.err)
				}
				if took := time.Since(begun); looks != test.looks || took != test.took {
					t.Errorf("%d looks in %s, want %d in %s", looks, took, test.looks, test.took)
				}
			})
		})
	}
}

// The password of the test user goes to the declared issuer's own form, and to nobody else.
func TestThePasswordIsKeptFromStrangers(t *testing.T) {
	t.Parallel()
	d := declared(t, "dev")
	r := &reader{declared: d}
	base := "https://auth.dev.ameide.io"
	endpoint := base + "/realms/ameide/protocol/openid-connect/auth"
	for _, test := range []struct {
		sent, form string
		kept       bool
	}{
		{endpoint, base + "/realms/ameide/login-actions/authenticate", false},
		{"https://auth.ameide.io/realms/ameide/protocol/openid-connect/auth", "https://auth.ameide.io/realms/ameide/login-actions/authenticate", true},
		{"http://auth.dev.ameide.io/realms/ameide/protocol/openid-connect/auth", "http://auth.dev.ameide.io/realms/ameide/login-actions/authenticate", true},
		{endpoint, "https://auth.dev.ameide.io.evil.example/realms/ameide/login-actions/authenticate", true},
		{endpoint, "/realms/ameide/login-actions/authenticate", true},
	} {
		if err := r.stranger(test.sent, test.form); (err != nil) != test.kept {
			t.Errorf("sent to %s, form to %s: %v, want it kept: %v", test.sent, test.form, err, test.kept)
		}
	}
}

func TestASecretsAgeIsThatOfItsValues(t *testing.T) {
	t.Parallel()
	o := Object{"metadata": Object{"creationTimestamp": ago(48 * time.Hour), "managedFields": list(
		Object{"manager": "external-secrets", "time": ago(time.Hour), "fieldsV1": Object{"f:data": Object{"f:key": Object{}}}},
		Object{"manager": "kubectl-label", "time": ago(time.Minute), "fieldsV1": Object{"f:metadata": Object{}}},
	)}}
	if got := lastWritten(o); !got.Equal(noon().Add(-time.Hour)) {
		t.Errorf("last written %s, want an hour ago", got)
	}
}
