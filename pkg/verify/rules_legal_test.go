package verify

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/ameideio/ameide/internal/example"
	"github.com/ameideio/ameide/pkg/spec"
)

// What a platform may legally have, generate installs, and no rule objects.
func TestWhatIsLegalHasNoFindings(t *testing.T) {
	const gatewayFile = "sources/charts/platform/gateway/templates/gateway.yaml"
	environment := func(s *spec.Spec, name string) *spec.Environment {
		return &s.Environments[slices.IndexFunc(s.Environments, func(e spec.Environment) bool { return e.Name == name })]
	}
	for _, test := range []struct {
		name, rule, env string
		spec            func(s *spec.Spec)
		before, after   map[string][2]string // changes of files before and after generate
		component       string               // what component.yaml says
	}{
		{name: "a host that is its zone", rule: "host/zone", env: "dev", spec: func(s *spec.Spec) { environment(s, "dev").Host = "dev.ameide.io" }},
		{name: "a namespace that is the short name", rule: "names/prod", env: "production", spec: func(s *spec.Spec) { environment(s, "production").Namespace = "prod" },
			before: map[string][2]string{clusterFile: {"namespace: ameide-prod", "namespace: prod"}}},
		{name: "an issuer on a port of its own", rule: "network/egress", env: "dev", spec: func(s *spec.Spec) {
			environment(s, "dev").Issuer = "https://auth.dev.ameide.io:8443/realms/ameide"
		}},
		{name: "a Vault key without a dash", rule: "oidc/vault-policy", env: "dev", spec: func(s *spec.Spec) { s.OIDC.Vault.Key = "portal/oidc" }},
		{name: "an environment with random keys of its own", rule: "secret/external", env: "dev",
			before: map[string][2]string{"sources/values/env/dev/foundation/foundation-vault-bootstrap.yaml": {"", "randomKeys: [of-dev]\n"}}},
		{name: "policies of others in the same script", rule: "oidc/vault-policy", env: "dev", before: map[string][2]string{vaultJob: {
			"                  vault write auth/kubernetes/role/{{ .Values.vault.authRole }}",
			"                  vault policy write rotator - <<'POLICY'\n                  path \"secret/data/other-*\" { capabilities = [\"create\",\"update\"] }\n                  path \"secret/data/backstage-*\" { capabilities = [\"create\"] }\n                  POLICY\n                  vault write auth/kubernetes/role/{{ .Values.vault.authRole }}",
		}}},
		{name: "a revision that looks like a number", rule: "component/chart", env: "dev", component: `version: "1.10"`, spec: func(s *spec.Spec) { s.GitOps.Revision = "1.10" }},
		{name: "a Gateway of another namespace", rule: "route/parent", env: "dev",
			after: map[string][2]string{gatewayFile: {"metadata:\n", "metadata:\n  namespace: gateways\n"}, devValues: {"httproute:\n", "httproute:\n  gatewayNamespace: gateways\n"}}},
		{name: "what Backstage's proxy asks of callers", rule: "secret/inline", env: "",
			after: map[string][2]string{devValues: {"environment: dev\n", "environment: dev\nextraAppConfig: {proxy: {endpoints: {/x: {target: 'https://x.example', credentials: forward}}}}\n"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := spec.Default()
			if test.spec != nil {
				test.spec(&s)
			}
			tree, err := example.Platform()
			if err != nil {
				t.Fatal(err)
			}
			change(t, tree, test.before)
			if err := example.Install(tree, &s); err != nil {
				t.Fatal(err)
			}
			change(t, tree, test.after)
			for _, f := range findings(t, tree, &spec.Loaded{Spec: s}, "dev", "production") {
				if strings.HasPrefix(f, strings.TrimSpace(test.rule+" "+test.env)) {
					t.Error(f)
				}
			}
			if !strings.Contains(string(tree[componentYAML].Data), test.component) {
				t.Errorf("%s lacks %s", componentYAML, test.component)
			}
		})
	}
}

// change replaces a text of each file, which is made when there is none.
func change(t *testing.T, tree fstest.MapFS, changes map[string][2]string) {
	t.Helper()
	for file, texts := range changes {
		if tree[file] == nil {
			tree[file] = &fstest.MapFile{Data: []byte(texts[1])}
			continue
		}
		replace(t, tree, file, texts[0], texts[1], 0)
	}
}

// A Gateway is looked for where the route says.
func TestARouteToANamespaceWithoutAGatewayIsFound(t *testing.T) {
	t.Parallel()
	tree := correctTree(t)
	line := replace(t, tree, devValues, "httproute:\n", "httproute:\n  gatewayNamespace: typo\n", 0)
	found := findings(t, tree, defaults(), "dev")
	if want := "route/parent dev " + devValues; len(found) != 1 || !strings.HasPrefix(found[0], want) {
		t.Errorf("findings %q, want one of %s (changed in line %d)", found, want, line)
	}
}
