package verify

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/spec"
)

func TestWaiversAreJudgedByWhatARunFinds(t *testing.T) {
	tests := []struct {
		name, waiver string
		broken       bool
		want         []string
	}{
		{"a waiver that accepts a finding is in use", `{rule: oidc/issuer, env: dev, reason: move, expires: "2026-12-31"}`, true, nil},
		{"a waiver without a finding is unused", `{rule: oidc/issuer, env: dev, reason: move, expires: "2026-12-31"}`, false, []string{"waiver/unused ameide.yaml:2"}},
		{"a waiver for another environment is unused", `{rule: oidc/issuer, env: staging, reason: move, expires: "2026-12-31"}`, true, []string{"oidc/issuer dev " + devValues + ":9", "waiver/unused ameide.yaml:2"}},
		{"a waiver for another file is unused", `{rule: oidc/issuer, file: other.yaml, reason: move, expires: "2026-12-31"}`, true, []string{"oidc/issuer dev " + devValues + ":9", "waiver/unused ameide.yaml:2"}},
		{"an expired waiver accepts nothing", `{rule: oidc/issuer, env: dev, reason: move, expires: "2026-05-31"}`, true, []string{"oidc/issuer dev " + devValues + ":9", "waiver/expired ameide.yaml:2"}},
		{"a waiver of an unknown rule is unused", `{rule: oidc/isuer, reason: move, expires: "2026-12-31"}`, false, []string{"waiver/unused ameide.yaml:2"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tree := correctTree(t)
			if test.broken {
				replace(t, tree, devValues, "auth.dev.ameide.io", "auth.ameide.io", 0)
			}
			s, err := spec.Parse("ameide.yaml", []byte("waivers:\n  - "+test.waiver+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(findings(t, tree, s, "dev", "staging"), test.want); diff != "" {
				t.Errorf("findings (-got +want):\n%s", diff)
			}
		})
	}
}

func TestAWaiverOfARuleThatIsNotAskedIsNotJudged(t *testing.T) {
	s, err := spec.Parse("ameide.yaml", []byte("waivers:\n  - {rule: oidc/issuer, reason: move, expires: \"2026-12-31\"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	tree := &Tree{Spec: s, Today: "2026-06-01"}
	checks := []Check{{Rule: "oidc/issuer", Status: Skip}, {Rule: "host/agree", Status: Pass}}
	if got := unusedWaivers(tree, checks); len(got) > 0 {
		t.Errorf("unused = %v, want none", got)
	}
	checks = slices.Insert(checks, 0, Check{Rule: "oidc/issuer", Status: Pass})
	if got := unusedWaivers(tree, checks); len(got) != 1 {
		t.Errorf("unused = %v, want the waiver", got)
	}
}
