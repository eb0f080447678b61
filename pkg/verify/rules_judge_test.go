package verify

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/appset"
	"github.com/ameideio/ameide/pkg/spec"
)

func mapFS(files map[string]string) fstest.MapFS {
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return tree
}

func TestACredentialIsToldFromAReference(t *testing.T) {
	known := map[string]bool{"backstage-session": true}
	tests := []struct {
		name, text string
		want       bool
	}{
		{"password", "hunter2", true},
		{"POSTGRES_PASSWORD", "hunter2", true},
		{"clientSecret", "abc", true},
		{"GITHUB_TOKEN", "abc", true},
		{"password", "${POSTGRES_PASSWORD}", false},
		{"password", "{{ .Values.x }}", false},
		{"password", "", false},
		{"password", "CHANGEME", false}, // a placeholder is another rule's
		{"secret", "backstage-session", false},
		{"secretName", "some-secret", false},
		{"imagePullSecret", "ghcr-pull", false},
		{"passwordSecret", "db", false},
		{"vaultKey", "some-key", false},
		{"tokenEndpointAuthMethod", "client_secret_basic", false},
		{"automountServiceAccountToken", "false", false},
		{"credentials", "require", false},
		{"credentials", "dangerously-allow-unauthenticated", false},
		{"GOOGLE_APPLICATION_CREDENTIALS", "/var/run/gcp/key.json", false},
		{"GOOGLE_APPLICATION_CREDENTIALS", `{"type": "service_account"}`, true},
		{"password", "require", true},
		{"password", "/var/run/password", true},
		{"url", "postgresql://user:hunter2@host/db", true},
		{"url", "postgresql://${USER}:${PASSWORD}@host/db", false},
		{"url", "https://host/path", false},
		{"note", "-----BEGIN RSA PRIVATE KEY-----", true},
		{"note", "ghp_0123456789abcdefghijklmnopqrstuvwxyz", true},
	}
	for _, test := range tests {
		if got := credential(test.name, test.text, known); got != test.want {
			t.Errorf("credential(%s, %s) = %t, want %t", test.name, test.text, got, test.want)
		}
	}
}

func TestAVaultPolicyCoversAsVaultReadsIt(t *testing.T) {
	tests := []struct {
		policy, path string
		want         bool
	}{
		{"secret/data/backstage-*", "secret/data/backstage-oidc", true},
		{"secret/data/backstage-*", "secret/data/backstag", false},
		{"secret/data/*", "secret/data/a/b", true},
		{"secret/data/backstage-oidc", "secret/data/backstage-oidc", true},
		{"secret/data/backstage-oidc", "secret/data/backstage-oidc-2", false},
		{"secret/data/backstage", "secret/data/backstage/a", false},
		{"+/data/backstage-*", "secret/data/backstage-oidc", true},
		{"secret/metadata/backstage-*", "secret/data/backstage-oidc", false},
	}
	for _, test := range tests {
		if got := (grant{path: test.policy}).covers(test.path); got != test.want {
			t.Errorf("%s covers %s = %t, want %t", test.policy, test.path, got, test.want)
		}
	}
}

func TestGrantsBelongToThePolicyThatIsWritten(t *testing.T) {
	script := "vault policy write reader - <<'P'\npath \"secret/data/*\" { capabilities = [\"read\"] }\nP\nvault policy write writer - <<'P'\n  path \"secret/data/a-*\" { capabilities = [\"create\", \"update\"] }\nP\n"
	want := []grant{{"reader", "secret/data/*", []string{"read"}}, {"writer", "secret/data/a-*", []string{"create", "update"}}}
	if diff := cmp.Diff(grants(script), want, cmp.AllowUnexported(grant{})); diff != "" {
		t.Errorf("grants (-got +want):\n%s", diff)
	}
}

func TestSettingsExpandTheContainersLiterals(t *testing.T) {
	container := map[string]any{"env": []any{
		map[string]any{"name": "HOST", "value": "db"},
		map[string]any{"name": "PASSWORD", "valueFrom": map[string]any{}},
	}}
	tests := []struct {
		setting, want string
		known         bool
	}{
		{"${HOST}:5432", "db:5432", true},
		{"literal", "literal", true},
		{"${PORT:-5432}", "5432", true},
		{"${PASSWORD}", "", false},
		{"${NOTHING}", "", false},
	}
	for _, test := range tests {
		if got, known := expand(container, test.setting); got != test.want || known != test.known {
			t.Errorf("expand(%s) = %q, %t, want %q, %t", test.setting, got, known, test.want, test.known)
		}
	}
}

func TestForeignCodeStaysOutOfThePlatformsNamespaces(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		apps  []appset.Application
		want  []string
	}{
		{"a tenant's label in a platform namespace",
			map[string]string{"environments/x/cr.yaml": "metadata:\n  namespace: ameide-dev\n  labels:\n    ameide.io/tenant-id: acme\n"}, nil, []string{"environments/x/cr.yaml:2"}},
		{"an agent's code", map[string]string{"sources/values/a.yaml": "code_origin: agent\ntarget_namespaces:\n  dev: tenant-acme-dev-cust\n  prod: ameide-prod\n"}, nil, []string{"sources/values/a.yaml:4"}},
		{"a tenant's folder", map[string]string{"environments/tenants/acme/cr.yaml": "metadata: {namespace: ameide-prod}\n"}, nil, []string{"environments/tenants/acme/cr.yaml:1"}},
		{"the second document of a file", map[string]string{"environments/x/cr.yaml": "metadata:\n  namespace: ameide-dev\n---\norigin: tenant\nnamespace: ameide-dev\n"}, nil, []string{"environments/x/cr.yaml:5"}},
		{"a component that goes where its environment goes",
			map[string]string{"environments/_shared/components/apps/acme/component.yaml": "name: acme\norigin: tenant\n"},
			[]appset.Application{{Name: "dev-acme", Namespace: "ameide-dev", Origins: []appset.Position{{File: "environments/_shared/components/apps/acme/component.yaml"}}}},
			[]string{"environments/_shared/components/apps/acme/component.yaml:2"}},
		{"a tenant's own namespace", map[string]string{"environments/x/cr.yaml": "metadata:\n  namespace: tenant-acme-dev-cust\n  labels: {ameide.io/tenant-id: acme}\n"}, nil, nil},
		{"the platform's code", map[string]string{"environments/x/cr.yaml": "origin: platform\nnamespace: ameide-dev\n"}, nil, nil},
		{"a chart's template", map[string]string{"sources/charts/a/templates/x.yaml": "origin: tenant\nnamespace: ameide-dev\n"}, nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tree := &Tree{FS: mapFS(test.files), Spec: &spec.Loaded{Spec: spec.Default()}, Sets: &appset.Result{Applications: test.apps}}
			issues, err := tenantsKeptOut(tree)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range issues {
				got = append(got, fmt.Sprintf("%s:%d", i.File, i.Line))
			}
			if diff := cmp.Diff(got, test.want); diff != "" {
				t.Errorf("findings (-got +want):\n%s", diff)
			}
		})
	}
}
