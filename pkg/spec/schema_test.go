package spec

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the published schema")

const published = "../../docs/ameide.schema.json"

func TestPublishedSchemaIsCurrent(t *testing.T) {
	want, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(published, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(published)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: run go generate ./pkg/spec\n%s", published, cmp.Diff(string(got), string(want)))
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(SchemaURL, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(SchemaURL)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

func TestEditorsAndLoadAgreeAboutEveryField(t *testing.T) {
	s := compiled(t)
	accepted := []string{
		"{}", "version: 1", "title: Portal", "kubernetes: {version: '1.30'}", "image: {tag: v1.2.3}", "oidc: {description: ''}",
		"environments: [{name: dev}]", "environments: [{name: dev, nodeArchitectures: [amd64, arm64]}]",
		"environments: [{name: dev, vaultAddress: 'http://127.0.0.1:8200'}]", "environments: [{name: dev, vaultAddress: 'http://[::1]:8200'}]",
		"environments: [{name: local, image: {layout: upstream}}]", "database: {plugins: {search-pg: search}}", "database: {plugins: {}}",
		"waivers: [{rule: image/pinned, reason: known, expires: '2026-12-31'}]", "telemetry: {port: 65535}", "secrets: {refreshInterval: 1h30m}",
		"catalog: {primitives: [{kind: domain, name: orders, owner: 'group:default/platform', system: platform-factory, proto: 'https://github.com/a/b/blob/main/o.proto'}]}",
	}
	refused := []string{
		"version: 2", "version: '1'", "titel: x", "title: 1", "title: ''", "title: ' '", "title: \"a\\nb\"", "organization: a b", "kubernetes: {version: 1.3}",
		"kubernetes: {version: v1.30}", "backstage: {version: '1.35'}", "gitops: {repoURL: 'git@github.com:a/b'}", "gitops: {revision: 'a b'}",
		"image: {layout: x}", "image: {digest: 'sha256:12'}", "image: {tag: 'a b'}", "image: {repository: 'a:b'}", "image: {platforms: []}", "image: {platforms: [amd64]}",
		"image: {platforms: [linux/amd64, linux/amd64]}", "database: {port: 0}", "database: {port: 65536}", "database: {port: '1'}", "database: {divisionMode: x}",
		"database: {pluginPrefix: ''}", "database: {plugins: {A: x}}", "database: {plugins: {a: X}}", "database: {plugins: []}", "oidc: []", "oidc: {scopes: x}",
		"oidc: {vault: {kye: x}}", "oidc: {vault: {key: /x}}", "oidc: {roles: [{backstage: a}]}", "secrets: {storeKind: Store}", "secrets: {refreshInterval: 1d}",
		"telemetry: {protocol: http}", "telemetry: {logLevel: WARN}", "environments: []", "environments: {}", "environments: [{}]", "environments: [{name: A}]",
		"environments: [{name: dev, host: a_b}]", "environments: [{name: dev, host: 'a:80'}]", "environments: [{name: dev, issuer: 'ftp://a'}]",
		"environments: [{name: dev, issuer: 'https://a/?b'}]", "environments: [{name: dev, nodeArchitectures: []}]", "environments: [{name: dev, nodeArchitectures: [x86]}]",
		"environments: [{name: dev, guestSignIn: 'yes'}]", "environments: [{name: dev, namespace: A}]", "environments: [{name: dev, image: null}]",
		"waivers: [{rule: image/pinned, reason: known}]", "waivers: [{rule: x, reason: known, expires: '2026-12-31'}]", "waivers: [{rule: a/b, reason: k, expires: '2026-13-01'}]",
		"catalog: {groups: []}", "catalog: {domains: [{name: a}]}", "catalog: {users: [{name: u, email: e, memberOf: []}]}", "catalog: {primitives: [{kind: x, name: a, owner: platform, system: platform-factory}]}",
	}
	for _, text := range accepted {
		_, err := Parse(FileName, []byte(text))
		if schemaErr := validate(t, s, text); err != nil || schemaErr != nil {
			t.Errorf("%s\nLoad: %v\nschema: %v", text, err, schemaErr)
		}
	}
	for _, text := range refused {
		_, err := Parse(FileName, []byte(text))
		if schemaErr := validate(t, s, text); err == nil || schemaErr == nil {
			t.Errorf("%s\nLoad: %v\nschema: %v", text, err, schemaErr)
		}
	}
}

// TestSchemaKnowsEveryKeyAndExplainsIt also holds for types that are added later.
func TestSchemaKnowsEveryKeyAndExplainsIt(t *testing.T) {
	s := compiled(t)
	var walk func(path string, s *jsonschema.Schema)
	walk = func(path string, s *jsonschema.Schema) {
		for name, p := range s.Properties {
			at := strings.TrimPrefix(path+"."+name, ".")
			if p.Description == "" || strings.TrimSpace(p.Description) != p.Description {
				t.Errorf("%s: description %q", at, p.Description)
			}
			walk(at, p)
		}
		if items, ok := s.Items.(*jsonschema.Schema); ok {
			walk(path+"[]", items)
		}
		if s.Types != nil && s.Types.String() == "[string]" && s.Pattern == nil && s.Enum == nil {
			t.Errorf("%s: any text is accepted", path)
		}
	}
	walk("", s)
}
