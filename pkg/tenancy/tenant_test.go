package tenancy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ameideio/ameide/pkg/tenancy"
)

func TestTenantIDs(t *testing.T) {
	envs := environments("dev", "staging", "production", "eu", "dr-eu")
	tests := []struct {
		id, want, hint string // parts of the error and of its hint; empty when the id is accepted
	}{
		{"acme", "", ""},
		{"a", "", ""},
		{"7-eleven", "", ""},
		{"tenantry", "", ""},
		{"dev", "", ""},
		{"acme-devices", "", ""},
		{"ameide", "", ""},
		{strings.Repeat("a", 43), "", ""},
		{strings.Repeat("a", 44), "has 44 characters, the limit is 43", "tenant-{id}-staging-cust"},
		{"", "is empty", "--tenant acme"},
		{"tenant-acme", "already has the prefix", "write acme:"},
		{"Tenant-Acme", "already has the prefix", "write acme:"},
		{"tenant-", "already has the prefix", "write the id alone"},
		{"Acme", "is no DNS label", "write acme"},
		{"acme_corp", "is no DNS label", "lower-case letters"},
		{"-acme", "is no DNS label", ""},
		{"acme-", "is no DNS label", ""},
		{"acme.corp", "is no DNS label", ""},
		{"acme\n", "is no DNS label", ""},
		{"../acme", "is no DNS label", ""},
		{"société", "is no DNS label", ""},
		{"acme-dev", "ends with the name of an environment", "write acme,"},
		{"acme-prod", "ends with the name of an environment", "write acme,"},
		{"acme-production", "ends with the name of an environment", "write acme,"},
		{"acme-dr", `would share the namespace of tenant "acme" in dr-eu`, "-dr"},
	}
	for _, test := range tests {
		err := tenancy.CheckTenant(test.id, envs)
		if test.want == "" {
			if err != nil {
				t.Errorf("%q: %v", test.id, err)
			}
			continue
		}
		var refused *tenancy.Error
		if !errors.As(err, &refused) || !strings.Contains(refused.Message, test.want) || !strings.Contains(refused.Hint(), test.hint) {
			t.Errorf("%q: error = %#v, want %q with hint %q", test.id, err, test.want, test.hint)
		}
	}
}

// The limit is exact: the longest id gives a namespace of 63 characters, in whichever environment has the longest name.
func TestTheLongestTenantFillsTheLongestNamespace(t *testing.T) {
	for _, names := range [][]string{{"dev"}, {"dev", "staging", "production"}, {"dev", "a-very-long-environment-indeed"}} {
		envs := environments(names...)
		places, err := tenancy.Places(tenancy.Code{Origin: "tenant", SKU: "Shared", Tenant: strings.Repeat("x", tenancy.MaxTenant(envs))}, envs)
		if err != nil {
			t.Errorf("%v: %v", names, err)
			continue
		}
		longest := 0
		for _, p := range places {
			longest = max(longest, len(p.Namespace))
		}
		if longest != 63 {
			t.Errorf("%v: the longest namespace has %d characters, want 63", names, longest)
		}
	}
}

func TestAWrongTenantIsRefusedEvenWhereNoneIsNeeded(t *testing.T) {
	_, err := tenancy.Places(tenancy.Code{Origin: "platform", SKU: "Shared", Tenant: "tenant-acme"}, environments("dev"))
	if err == nil {
		t.Error("tenant-acme was accepted")
	}
}
