package live

import (
	"context"
	"net"
	"net/http"
	"testing"
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
