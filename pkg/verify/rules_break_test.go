package verify

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/internal/example"
	"github.com/ameideio/ameide/pkg/kubeschema"
	"github.com/ameideio/ameide/pkg/spec"
)

// correct is the example's checkout after generate: a tree without findings. It is made once.
var correct = sync.OnceValues(func() (fstest.MapFS, error) {
	s := spec.Default()
	return example.Installed(&s)
})

// correctTree is a copy of the correct tree that a test may break.
func correctTree(t *testing.T) fstest.MapFS {
	t.Helper()
	tree, err := correct()
	if err != nil {
		t.Fatal(err)
	}
	return maps.Clone(tree)
}

// replace changes the nth occurrence (from 0) of a text in a file and returns the line where it stands.
func replace(t *testing.T, tree fstest.MapFS, file, from, to string, nth int) int {
	t.Helper()
	f, ok := tree[file]
	if !ok {
		t.Fatalf("no file %s", file)
	}
	start := 0
	for i := 0; ; i++ {
		at := bytes.Index(f.Data[start:], []byte(from))
		if at < 0 {
			t.Fatalf("%s has no %q (occurrence %d)", file, from, nth)
		}
		start += at
		if i == nth {
			break
		}
		start += len(from)
	}
	changed := slices.Concat(f.Data[:start], []byte(to), f.Data[start+len(from):])
	tree[file] = &fstest.MapFile{Data: changed}
	return bytes.Count(f.Data[:start], []byte("\n")) + 1
}

// sharedSchemas are those of the default Kubernetes version, compiled once for all tests.
var sharedSchemas = sync.OnceValues(func() (*kubeschema.Validator, error) { return kubeschema.New(spec.Default().Kubernetes.Version) })

// findings asks the rules (all but those that run whole test suites) and returns `rule env file:line` of each finding.
func findings(t *testing.T, tree fs.FS, s *spec.Loaded, envs ...string) []string {
	t.Helper()
	load := LoadOptions{Envs: envs, Scratch: t.TempDir(), Today: "2026-06-01"}
	var err error
	if s.Kubernetes.Version == spec.Default().Kubernetes.Version {
		if load.Schemas, err = sharedSchemas(); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := Load(tree, s, load)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, c := range Run(loaded, Rules(), Options{Skip: []string{"chart/unittest", "chart/lint"}}).Checks {
		for _, i := range c.Issues {
			found = append(found, strings.TrimSpace(fmt.Sprintf("%s %s", c.Rule, c.Env))+fmt.Sprintf(" %s:%d", i.File, i.Line))
		}
	}
	return found
}

const wholeFile = "no line"

func defaults() *spec.Loaded { return &spec.Loaded{Spec: spec.Default()} }

const (
	clusterFile   = "config/clusters/azure.yaml"
	setFile       = "argocd/applicationsets/ameide.yaml"
	componentYAML = "environments/_shared/components/platform/developer/backstage/component.yaml"
	devRealm      = "sources/values/env/dev/platform/platform-keycloak-realm.yaml"
	stagingRealm  = "sources/values/env/staging/platform/platform-keycloak-realm.yaml"
	prodRealm     = "sources/values/env/production/platform/platform-keycloak-realm.yaml"
	sharedRealm   = "sources/values/_shared/platform/platform-keycloak-realm.yaml"
	sharedDB      = "sources/values/_shared/data/platform-postgres-clusters.yaml"
	oidcSecret    = "sources/charts/foundation/operators-config/keycloak_realm/templates/externalsecret-oidc-clients.yaml"
	appSecrets    = "sources/charts/foundation/operators-config/postgres_clusters/templates/app-secrets.yaml"
	vaultJob      = "sources/charts/foundation/vault-bootstrap/templates/cronjob.yaml"
	vaultKeys     = "sources/values/_shared/foundation/foundation-vault-bootstrap.yaml"
	chartDir      = "sources/charts/platform/backstage/"
	chartHelpers  = chartDir + "templates/_helpers.tpl"
	deployment    = chartDir + "templates/deployment.yaml"
	sharedValues  = "sources/values/_shared/platform/platform-backstage.yaml"
	devValues     = "sources/values/env/dev/platform/platform-backstage.yaml"
	prodValues    = "sources/values/env/production/platform/platform-backstage.yaml"
	catalogDir    = "sources/backstage/catalog/"
)

// laptopImage is the one finding of a correct tree: the laptops' image has a version but no digest.
const laptopImage = "image/pinned local sources/values/env/local/platform/platform-backstage.yaml:16"

func TestACorrectTreeHasNoFindingsButTheImageOfLaptops(t *testing.T) {
	s := defaults()
	want := []string{laptopImage}
	if diff := cmp.Diff(findings(t, correctTree(t), s, s.EnvironmentNames()...), want); diff != "" {
		t.Errorf("findings (-got +want):\n%s", diff)
	}
}

// Each case breaks one line of a correct tree; the rule must name that line, and no other rule may say anything.
func TestABrokenLineFiresItsRuleAndNoOther(t *testing.T) {
	tests := []struct {
		rule, env      string
		file, from, to string
		nth            int
		at             string // a text of the changed file that stands where the finding is, if that is another line
	}{
		{"appset/application", "production", clusterFile, "namespace: ameide-prod", "namespace: ameide-production", 0, ""},
		{"appset/application", "dev", clusterFile, "env: dev", "env: devel", 0, wholeFile},
		{"appset/application", "dev", componentYAML, "project: ameide", "project: other", 0, ""},
		{"appset/application", "dev", componentYAML, "selfHeal: true", "selfHeal: false", 0, ""},
		{"appset/application", "dev", setFile, "name: '{{ .env }}-{{ .name }}'", "name: '{{ .name }}-{{ .env }}'", 0, ""},
		{"appset/layers", "dev", clusterFile, "nodeProfile: dev-pool", "nodeProfile: general-pool", 0, ""},
		{"appset/layers", "dev", setFile, "values/_shared/{{ .domain }}", "values/shared/{{ .domain }}", 0, ""},
		{"appset/step", "", setFile, `values: ["356"]`, `values: ["357"]`, 0, "      steps:"},
		{"appset/schema", "dev", setFile, "maxUpdate: 3", "maxUpdated: 3", 0, ""},

		{"oidc/client", "dev", devRealm, "clientId: backstage", "clientId: backstage2", 0, "    clients:"},
		{"oidc/client", "local", sharedRealm, "clientId: backstage", "clientId: backstage2", 0, "    clients:"},
		{"oidc/client", "dev", devRealm, "realm: ameide", "realm: master", 4, ""},
		{"oidc/redirect-uri", "staging", stagingRealm, "https://backstage.staging.ameide.io/api/auth/oidc/handler/frame", "https://backstage.staging.ameide.io/api/auth/handler/frame", 0, ""},
		{"oidc/redirect-uri", "production", prodRealm, "https://backstage.ameide.io/api/auth/oidc/handler/frame", "https://backstage.ameide.io/*", 0, ""},
		{"oidc/web-origin", "dev", devRealm, "- https://backstage.dev.ameide.io\n", "- https://backstage.dev.ameide.io/\n", 0, ""},
		{"oidc/openid-scope", "dev", devRealm, "- roles", "- openid", 0, ""},
		{"oidc/client-flow", "dev", devRealm, "publicClient: false", "publicClient: true", 2, ""},
		{"oidc/client-flow", "dev", devRealm, "directAccessGrantsEnabled: false", "directAccessGrantsEnabled: true", 2, ""},
		{"oidc/client-flow", "dev", devRealm, "standardFlowEnabled: true", "standardFlowEnabled: false", 2, ""},
		{"oidc/extraction", "staging", stagingRealm, "clientId: backstage, vaultKey", "clientId: backstage2, vaultKey", 0, "clients: ["},
		{"oidc/vault-key", "dev", devRealm, "vaultKey: backstage-oidc-client-secret", "vaultKey: backstage-client-secret", 0, ""},
		{"oidc/vault-key", "dev", oidcSecret, "key: backstage-oidc-client-secret", "key: backstage-oidc-secret", 0, ""},
		{"oidc/vault-policy", "", vaultJob, "secret/data/backstage-*", "secret/data/backstag-*", 0, ""},
		{"oidc/vault-policy", "", vaultJob, `path "secret/data/backstage-*" { capabilities = ["create","update","read"]`, `path "secret/data/backstage-*" { capabilities = ["read"]`, 0, ""},
		{"oidc/secret-key", "dev", oidcSecret, "secretKey: backstage-client-secret", "secretKey: backstage-secret", 0, "  data:"},
		{"oidc/secret-key", "dev", chartDir + "values.yaml", "secretKey: backstage-client-secret", "secretKey: backstage-secret", 0, ""},
		{"oidc/provider", "dev", chartDir + "values.yaml", "prompt: auto", "prompt: none", 0, ""},
		{"oidc/provider", "dev", chartHelpers, "prompt: {{ $values.auth.oidc.prompt }}", "scope: openid\n        prompt: {{ $values.auth.oidc.prompt }}", 0, ""},
		{"oidc/provider", "dev", chartDir + "values.yaml", "resolver: emailMatchingUserEntityProfileEmail", "resolver: emailLocalPartMatchingUserEntityName", 0, ""},
		{"oidc/provider", "dev", chartHelpers, "environment: {{ $values.auth.environment | quote }}", "environment: development", 0, ""},
		{"oidc/provider", "dev", chartHelpers, "clientId: {{ $values.auth.oidc.clientId | quote }}", "clientId: portal", 0, ""},
		{"oidc/guest", "production", prodValues, "auth:\n", "auth:\n  guest: {enabled: true}\n", 0, "guest:"},
		{"oidc/guest", "dev", chartHelpers, "value: production", "value: development", 0, ""},
		{"oidc/issuer", "dev", devValues, "https://auth.dev.ameide.io/realms/ameide", "https://auth.staging.ameide.io/realms/ameide", 0, ""},

		{"database/triple", "dev", sharedDB, "- name: backstage\n    ensure", "- name: backstag\n    ensure", 0, "  roles:"},
		{"database/triple", "dev", sharedDB, "owner: backstage\n", "owner: platform\n", 0, ""},
		{"database/createdb", "dev", sharedDB, "createdb: true", "createdb: false", 0, ""},
		{"database/createdb", "dev", sharedValues, "divisionMode: database", "divisionMode: schema", 0, ""},
		{"database/secret", "dev", sharedDB, "secretName: backstage-db-credentials", "secretName: backstage-credentials", 0, ""},
		{"database/secret", "dev", sharedDB, "template: backstage", "template: platform", 0, ""},
		{"database/secret", "dev", appSecrets, "($password | urlquery)", "$password", 0, ""},
		{"database/secret", "dev", sharedValues, "secretName: backstage-db-credentials", "secretName: backstage-credentials", 0, ""},
		{"database/host", "dev", sharedDB, "name: postgres-ameide", "name: postgres-main", 0, ""},
		{"database/host", "dev", chartHelpers, "host: ${POSTGRES_HOST}", "host: postgres", 0, ""},

		{"secret/inline", "", devValues, "environment: dev", "extraEnv: [{name: API_TOKEN, value: abcdef}]\nenvironment: dev", 0, ""},
		{"secret/inline", "", chartHelpers, "password: ${POSTGRES_PASSWORD}", "password: hunter2", 0, ""},
		{"secret/inline", "", devRealm, "name: Backstage Developer Portal", "secret: abcdefgh\n        name: Backstage Developer Portal", 0, ""},
		{"secret/placeholder", "", sharedValues, "exposure: external", "exposure: external\ncommonAnnotations: {team: CHANGEME}", 0, "commonAnnotations"},
		{"secret/external", "dev", sharedValues, "name: ameide-vault", "name: ameide-volt", 0, ""},
		{"secret/external", "dev", sharedValues, "refreshInterval: 1h", "refreshInterval: 0s", 0, ""},
		{"secret/external", "dev", chartDir + "values.yaml", "key: backstage-session-secret", "key: backstage-session", 0, ""},
		{"secret/external", "dev", vaultKeys, "- backstage-session-secret", "- backstage-session", 0, "randomKeys"},

		{"names/prod", "production", prodRealm, "vault-core-prod.ameide-prod", "vault-core-production.ameide-production", 0, ""},
		{"names/prod", "production", deployment, "{{ .Values.telemetry.service }}.{{ .Release.Namespace }}.svc", "{{ .Values.telemetry.service }}.ameide-{{ .Values.environment }}.svc", 0, ""},
		{"names/telemetry", "dev", chartDir + "values.yaml", "service: otel-collector", "service: collector", 0, ""},
		{"names/telemetry", "dev", chartDir + "values.yaml", "port: 4317", "port: 4318", 0, ""},
		{"names/telemetry", "dev", chartDir + "values.yaml", "protocol: grpc", "protocol: http/protobuf", 0, ""},

		{"catalog/entities", "", catalogDir + "groups.yaml", "type:", "typ:", 0, ""},
		{"catalog/references", "", catalogDir + "all.yaml", "./users.yaml", "./user.yaml", 0, ""},
		{"catalog/location", "dev", chartDir + "values.yaml", "catalog/all.yaml", "catalog/every.yaml", 0, ""},
		{"tenancy/namespace", "", devValues, "environment: dev", "environment: dev\nglobal:\n  codeOrigin: tenant", 0, "codeOrigin"},
	}
	for _, test := range tests {
		t.Run(test.rule+" "+test.from, func(t *testing.T) {
			t.Parallel()
			tree := correctTree(t)
			line := replace(t, tree, test.file, test.from, test.to, test.nth)
			env := test.env
			if env == "" {
				env = "dev"
			}
			got := slices.DeleteFunc(findings(t, tree, defaults(), env), func(f string) bool { return f == laptopImage })
			if test.at == wholeFile {
				line = 0
			} else if test.at != "" {
				before, _, _ := bytes.Cut(tree[test.file].Data, []byte(test.at))
				line = bytes.Count(before, []byte("\n")) + 1
			}
			want := strings.TrimSpace(test.rule+" "+test.env) + fmt.Sprintf(" %s:%d", test.file, line)
			if diff := cmp.Diff(got, []string{want}); diff != "" {
				t.Errorf("findings (-got +want):\n%s", diff)
			}
		})
	}
}
