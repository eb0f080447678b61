package scaffold_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/scaffold"
)

// derivations are the product's own.
func derivations(t *testing.T) *scaffold.Derivations {
	t.Helper()
	text, err := os.ReadFile("../../templates/primitives/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, err := scaffold.ParseDerivations(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestValuesFollowFromTheParameters(t *testing.T) {
	got, err := derivations(t).Derive(scaffold.Values{
		Params:       scaffold.Params{Kind: scaffold.Domain, Lang: scaffold.Go, Name: "order-intake2", Origin: "tenant", SKU: "Shared", Tenant: "acme"},
		Organization: "ameideio", Repository: "ameideio/tenant-acme-controllers",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := scaffold.Values{
		Params:       scaffold.Params{Kind: scaffold.Domain, Lang: scaffold.Go, Name: "order-intake2", Origin: "tenant", SKU: "Shared", Tenant: "acme"},
		Organization: "ameideio", Repository: "ameideio/tenant-acme-controllers",
		Custom: true,
		Snake:  "order_intake2", Upper: "ORDER_INTAKE2", Flat: "orderintake2", Title: "Order Intake2", Pascal: "OrderIntake2", Camel: "orderIntake2",
		Dir: "primitives/domain/order-intake2", Component: "domain-order-intake2-v0", Instance: "order-intake2-v0",
		Workload: "order-intake2-v0-domain", Entity: "order-intake2-domain", Image: "ghcr.io/ameideio/acme-order-intake2-domain",
		GoModule:   "github.com/ameideio/tenant-acme-controllers/primitives/domain/order-intake2",
		NpmPackage: "@ameideio/domain-order-intake2", PyPackage: "order_intake2",
		ProtoPackage: "ameide_core_proto.order_intake2.v1", ProtoPath: "ameide_core_proto/order_intake2/v1",
		ProtoFile: "order_intake2_service.proto", GoProtoAlias: "orderintake2v1",
		Services: []scaffold.Service{{
			Name: "OrderIntake2Service", Camel: "orderIntake2Service",
			Methods: []scaffold.Method{{
				Name: "RegisterOrderIntake2", Snake: "register_order_intake2", Camel: "registerOrderIntake2",
				Input: "RegisterOrderIntake2Request", Output: "RegisterOrderIntake2Response",
			}},
		}},
		TaskQueue: "domain-order-intake2-v0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAServiceThatIsGivenStays(t *testing.T) {
	given := []scaffold.Service{{Name: "Ledger"}}
	got, err := derivations(t).Derive(scaffold.Values{Params: scaffold.Params{Name: "x"}, Services: given})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(given, got.Services); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDerivationsOfNothingAreRefused(t *testing.T) {
	_, err := scaffold.ParseDerivations([]byte("snake: x\nsnail: y\n"))
	if want := "line 2: snail is no value of a primitive"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
