package tenancy_test

import (
	"strings"
	"testing"

	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/tenancy"
)

func TestTheTableSaysWhatPlacesSays(t *testing.T) {
	environments := spec.Default().Environments
	cells := tenancy.Table(environments)
	if want := len(tenancy.Origins()) * len(tenancy.SKUs()) * len(environments); len(cells) != want {
		t.Fatalf("%d cells, want %d", len(cells), want)
	}
	for _, c := range cells {
		places, err := tenancy.Places(tenancy.Code{Origin: c.Origin, SKU: c.SKU, Tenant: "acme"}, environments)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range places {
			if p.Environment != c.Environment {
				continue
			}
			if got := strings.ReplaceAll(c.Namespace, "{id}", "acme"); got != p.Namespace {
				t.Errorf("%s, %s, %s: got %s, want %s", c.Origin, c.SKU, c.Environment, got, p.Namespace)
			}
		}
	}
}
