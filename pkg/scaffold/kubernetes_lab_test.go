package scaffold_test

import (
	"testing"

	"github.com/ameideio/ameide/internal/livelab"
	"github.com/ameideio/ameide/pkg/scaffold"
)

func TestTheAPIServerAcceptsEveryPrimitive(t *testing.T) {
	c := livelab.NewCluster(t)
	everyPrimitive(t, func(t *testing.T, v scaffold.Values, plans scaffold.Plans) {
		asked := map[string]int{}
		for _, f := range plans.GitOps {
			for _, o := range objectsOf(t, f) {
				kind, _ := o["kind"].(string)
				if kind == "Kustomization" {
					continue // a file for kustomize
				}
				asked[kind]++
				if err := c.Accept(t, o, "tenant-acme-dev-cust"); err != nil {
					t.Errorf("%s: %v", f.Path, err)
				}
				if kind == scaffold.KindTitle(v.Kind) {
					refusesAnother(t, c, o)
				}
			}
		}
		if asked[scaffold.KindTitle(v.Kind)] != 1 {
			t.Errorf("asked about %v", asked)
		}
	})
}

// refusesAnother shows that the server knows the kind: a field of another type is refused.
func refusesAnother(t *testing.T, c *livelab.Cluster, object map[string]any) {
	t.Helper()
	spec, _ := object["spec"].(map[string]any)
	image := spec["image"]
	spec["image"] = 7
	if err := c.Accept(t, object, "tenant-acme-dev-cust"); err == nil {
		t.Errorf("%s: a number is taken for an image", object["kind"])
	}
	spec["image"] = image
}
