package live_test

import (
	"testing"

	"github.com/ameideio/ameide/internal/livelab"
	"github.com/ameideio/ameide/pkg/live"
	"github.com/ameideio/ameide/pkg/spec"
)

func TestTheServerAcceptsEveryRenderedObject(t *testing.T) {
	c := livelab.NewCluster(t)
	s := spec.Default()
	tree := livelab.Tree(t, livelab.Checkout(t, &s), &s, s.EnvironmentNames()...)
	for _, e := range tree.Envs {
		d, err := live.Declare(e, &s)
		if err != nil {
			t.Fatal(err)
		}
		c.Install(t, tree, d)
		n, refused := c.DryRun(t.Context(), tree, e.Name)
		for _, err := range refused {
			t.Errorf("%s: %v", e.Name, err)
		}
		if n < 15 {
			t.Errorf("%s: %d objects, want the whole environment", e.Name, n)
		}
		c.Settle(t, d)
	}
}
