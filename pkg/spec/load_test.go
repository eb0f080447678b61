package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, text string) *Loaded {
	t.Helper()
	l, err := Parse("ameide.yaml", []byte(text))
	if err != nil {
		t.Fatalf("Parse:\n%v", err)
	}
	return l
}

func problems(t *testing.T, text string) Problems {
	t.Helper()
	_, err := Parse("ameide.yaml", []byte(text))
	var p Problems
	if !errors.As(err, &p) {
		t.Fatalf("Parse(%q) = %v, want Problems", text, err)
	}
	return p
}

func TestFileThatSaysNothingMeansTheDefaults(t *testing.T) {
	for _, text := range []string{"", "# only a comment\n", "---\n", "{}\n", "version: 1\n"} {
		if diff := cmp.Diff(parse(t, text).Spec, Default()); diff != "" {
			t.Errorf("%q: got, want:\n%s", text, diff)
		}
	}
}

func TestMissingFileMeansTheDefaultsOnlyWhereItIsOptional(t *testing.T) {
	l, err := LoadOptional(fstest.MapFS{}, FileName)
	if err != nil || l.File != "" {
		t.Fatalf("LoadOptional = %v, %v", l, err)
	}
	if diff := cmp.Diff(l.Spec, Default()); diff != "" {
		t.Errorf("got, want:\n%s", diff)
	}
	if _, err := Load(fstest.MapFS{}, FileName); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load = %v, want ErrNotExist", err)
	}
	if _, err := LoadOptional(fstest.MapFS{"ameide.yaml/x": {}}, FileName); err == nil {
		t.Error("a directory in the file's place is accepted")
	}
}

func TestGivenScalarReplacesAndItsNeighboursStay(t *testing.T) {
	got := parse(t, "oidc:\n  realm: acme\ndatabase: {port: 6432, plugins: {catalog: cat}}\n").Spec
	want := Default()
	want.OIDC.Realm = "acme"
	want.Database.Port, want.Database.Plugins = 6432, map[string]string{"catalog": "cat"}
	for i := range want.Environments {
		e := &want.Environments[i]
		e.Issuer = strings.TrimSuffix(e.Issuer, "ameide") + "acme"
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got, want:\n%s", diff)
	}
}

func TestListReplacesTheWholeDefaultList(t *testing.T) {
	got := parse(t, "oidc: {scopes: [email], roles: []}\n").OIDC
	if diff := cmp.Diff(got.Scopes, []string{"email"}); diff != "" || len(got.Roles) != 0 {
		t.Errorf("scopes %v, roles %v", got.Scopes, got.Roles)
	}
}

func TestEnvironmentFollowsFromItsNameZoneAndNamespace(t *testing.T) {
	got := parse(t, `
environments:
  - name: dev
  - {name: qa, dnsZone: qa.acme.io, namespace: acme-qa}
  - {name: production, guestSignIn: false}
`).Environments
	qa := DefaultEnvironment("qa")
	qa.DNSZone, qa.Host, qa.Issuer = "qa.acme.io", "backstage.qa.acme.io", "https://auth.qa.acme.io/realms/ameide"
	qa.Namespace, qa.KubeContext, qa.VaultAddress = "acme-qa", "acme-qa", "http://vault-core-qa.acme-qa.svc.cluster.local:8200"
	want := []Environment{DefaultEnvironment("dev"), qa, DefaultEnvironment("production")}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got, want:\n%s", diff)
	}
}

func TestImageKeepsOnlyWhatStillHolds(t *testing.T) {
	janus, stock := defaultImage(), localImage()
	tagged := janus
	tagged.Tag, tagged.Digest = "1.9", ""
	tests := map[string]struct {
		text, env string
		want      Image
	}{
		"new tag drops the old digest":        {"image: {tag: '1.9'}", "dev", tagged},
		"new repository starts afresh":        {"image: {repository: quay.io/rhdh/rhdh-hub-rhel9, tag: '1.5', platforms: [linux/amd64]}", "dev", Image{Repository: "quay.io/rhdh/rhdh-hub-rhel9", Tag: "1.5", Layout: LayoutRHDH, Platforms: []string{"linux/amd64"}}},
		"environment starts from the common":  {"environments: [{name: dev, image: {tag: '1.9'}}]", "dev", tagged},
		"local starts from the stock image":   {"environments: [{name: local, image: {platforms: [linux/arm64]}}]", "local", Image{Repository: stock.Repository, Tag: stock.Tag, Layout: stock.Layout, Platforms: []string{"linux/arm64"}}},
		"common image does not replace local": {"image: {tag: '1.9'}", "local", stock},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := parse(t, test.text).Spec
			e, _ := s.Environment(test.env)
			if diff := cmp.Diff(s.ImageOf(e), test.want); diff != "" {
				t.Errorf("got, want:\n%s", diff)
			}
		})
	}
}

func TestAnchorsAndMergeKeysAreFollowed(t *testing.T) {
	got := parse(t, `
environments:
  - &base {name: dev, cluster: aws, nodeProfile: small}
  - <<: *base
    name: qa
session: &s {mount: kv, key: a, field: value}
oidc: {vault: {<<: [*s], key: b}}
`)
	if e := got.Environments[1]; e.Name != "qa" || e.Cluster != "aws" || e.NodeProfile != "small" {
		t.Errorf("environment = %+v", e)
	}
	if want := (VaultRef{"kv", "b", "value"}); got.OIDC.Vault != want {
		t.Errorf("vault = %+v, want %+v", got.OIDC.Vault, want)
	}
}

func TestEveryProblemIsReportedAtOnceInOrder(t *testing.T) {
	got := problems(t, `titel: Portal
kubernetes: {version: 1.30}
oidc:
  realm: ameide
  scopes: [email, openid]
  realm: other
database:
  port: "5432"
  divisionMode: scheme
environments:
  - name: dev
    hots: portal.dev.ameide.io
  - name: qa
    host: backstage.dev.ameide.io
    dnsZone: dev.ameide.io
  - name: dev
waivers:
  - {rule: image/pinned, reason: "", expires: 2026-02-30}
  - {rule: image/pinned, env: deu, reason: known, expires: 2026-02-28}
`)
	want := []string{
		`ameide.yaml:1:1: unknown key "titel" (did you mean title?)`,
		`ameide.yaml:2:23: kubernetes.version must be text, not the number 1.30 (quote it: "1.30")`,
		`ameide.yaml:5:19: openid is a protocol scope, not a client scope: Keycloak would refuse the client (remove it: Backstage always asks for it)`,
		`ameide.yaml:6:3: duplicate key "oidc.realm" (first given in line 4)`,
		`ameide.yaml:8:9: database.port must be a number, not the text "5432" (write it without quotes)`,
		`ameide.yaml:9:17: database.divisionMode: unknown value "scheme" (did you mean schema?)`,
		`ameide.yaml:12:5: unknown key "environments[0].hots" (did you mean host?)`,
		`ameide.yaml:14:5: environments dev and qa have one host: backstage.dev.ameide.io`,
		`ameide.yaml:16:5: duplicate environment "dev"`,
		`ameide.yaml:18:34: waivers[0].reason must be one line of text, not empty, not "" (for example Ameide Platform Factory)`,
		`ameide.yaml:19:26: waivers[1].env: there is no environment "deu" (did you mean dev?)`,
	}
	if diff := cmp.Diff(strings.Split(got.Error(), "\n"), want); diff != "" {
		t.Errorf("got, want:\n%s", diff)
	}
}

func TestProblemNamesPlaceAndRemedy(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"tab", "oidc:\n\trealm: x\n", `2:1: a tab in the indentation (YAML is indented with spaces)`},
		{"NUL", "title: a\x00b\n", `1:9: control character 0x00 (remove it: YAML is text)`},
		{"latin-1", "# ok\ntitle: caf\xe9\n", `2:11: byte 0xe9 is not UTF-8 (save the file as UTF-8)`},
		{"byte order mark", "\xef\xbb\xbftitle: x\n", `1:1: the file begins with a byte order mark (save it as UTF-8 without BOM)`},
		{"two documents", "title: x\n---\ntitle: y\n", `2:1: a second YAML document (a spec is one document: remove the line ---)`},
		{"unclosed bracket", "title: x\noidc: {realm: x\n", `2: not valid YAML: did not find expected ',' or '}'`},
		{"unknown anchor", "title: *x\n", `not valid YAML: unknown anchor 'x' referenced`},
		{"list at the root", "- title\n", `1:1: the file must be a mapping, not a list`},
		{"no value", "title:\n", `1:7: title has no value (give it a value or remove the key)`},
		{"no environment", "environments: []\n", `1:15: environments must have at least 1 item`},
		{"environment without name", "environments:\n  - host: a.b\n", `2:5: environments[0] needs name`},
		{"item of a wrong type", "environments: [dev]\n", `1:16: environments[0] must be a mapping, not the text "dev"`},
		{"repeated item", "oidc: {scopes: [a, a]}\n", `1:20: oidc.scopes[1] repeats "a"`},
		{"URL as host", "environments: [{name: dev, host: 'https://a.dev.ameide.io'}]\n", `environments[0].host must be a host name without scheme, port or path, not "https://a.dev.ameide.io"`},
		{"host outside its zone", "environments: [{name: dev, host: a.b.io}]\n", `1:28: host a.b.io does not lie in the DNS zone dev.ameide.io (set dnsZone too)`},
		{"zone inside a word", "environments: [{name: dev, host: xdev.ameide.io}]\n", `host xdev.ameide.io does not lie in the DNS zone dev.ameide.io`},
		{"one namespace", "environments: [{name: prod}, {name: production, host: x.ameide.io}]\n", `environments prod and production have one namespace: ameide-prod`},
		{"issuer of another realm", "environments: [{name: dev, issuer: 'https://auth.dev.ameide.io/realms/other'}]\n", `it must end in /realms/ameide`},
		{"port of a URL", "environments: [{name: dev, vaultAddress: 'http://vault:99999'}]\n", `environments[0].vaultAddress has the port 99999, beyond 65535`},
		{"unknown layout", "image: {layout: rhhd}\n", `image.layout: unknown value "rhhd" (did you mean rhdh?)`},
		{"unknown architecture", "environments: [{name: dev, nodeArchitectures: [x86]}]\n", `environments[0].nodeArchitectures[0]: unknown value "x86"`},
		{"unknown protocol", "telemetry: {protocol: http}\n", `telemetry.protocol: unknown value "http"`},
		{"version", "backstage: {version: '1.35'}\n", `backstage.version must be a release number of three parts, not "1.35"`},
		{"format", "version: 2\n", `1:10: version: unknown value "2"`},
		{"prefix", "database: {pluginPrefix: 'Backstage '}\n", `database.pluginPrefix must be a prefix of PostgreSQL names`},
		{"database of another plugin", "database: {plugins: {catalog: backstage_plugin_auth}}\n", `"backstage_plugin_auth" is the database that plugin auth has by its prefix`},
		{"database of two plugins", "database: {plugins: {a: x, b: x}}\n", `plugins a and b have one database "x": their migrations would collide`},
		{"one Vault field", "session: {key: backstage-oidc-client-secret}\n", `1:1: the session secret and the client secret are one Vault field`},
		{"unknown platforms", "image: {repository: ghcr.io/acme/portal, tag: v1}\n", `image.platforms: the platforms of ghcr.io/acme/portal are not known`},
		{"waiver without reason", "waivers: [{rule: a/b, expires: 2026-01-01}]\n", `1:11: waivers[0] needs reason`},
		{"waiver without expiry", "waivers: [{rule: a/b, reason: r}]\n", `1:11: waivers[0] needs expires`},
		{"waiver with a wrong day", "waivers: [{rule: a/b, reason: r, expires: 31.12.2026}]\n", `waivers[0].expires must be a day as YYYY-MM-DD, not "31.12.2026"`},
		{"unknown owner", "catalog: {domains: [{name: sales, owner: 'group:sales'}]}\n", `catalog.domains[0].owner: the catalog has no group:default/sales`},
		{"names that differ in case", "catalog: {groups: [{name: platform, type: team}, {name: Platform, type: team}]}\n", `catalog.groups[1] declares group:default/platform, which catalog.groups[0] declares already`},
		{"second portal", "catalog: {primitives: [{kind: domain, name: backstage, owner: platform, system: platform-factory}]}\n", `declares component:default/backstage, which the portal itself declares already`},
		{"missing definition", "catalog: {primitives: [{kind: process, name: p, owner: platform, system: platform-factory, definition: d}]}\n", `definition: the catalog has no resource:default/d`},
		{"definition of a domain", "catalog: {primitives: [{kind: domain, name: p, owner: platform, system: platform-factory, definition: d}]}\n", `catalog.primitives[0]: domain executes no definition`},
		{"proto of a definition", "catalog: {primitives: [{kind: agentdefinition, name: p, owner: platform, system: platform-factory, proto: 'https://a.io/b'}]}\n", `catalog.primitives[0]: agentdefinition has no proto service`},
		{"self-merge", "oidc: &a\n  <<: *a\n", `aliases and merge keys lead to more than`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := problems(t, test.text).Error(); !strings.Contains(got, "ameide.yaml:") || !strings.Contains(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestOneMistakeIsOneProblem(t *testing.T) {
	for _, text := range []string{
		"title: [a]\n", "environments: [1, 2]\n", "environments: [{host: a.b}]\n", "image: {repository: 'a b'}\n", "waivers: x\n",
		"environments: [{name: Dev}]\n", "database: {plugins: [a]}\n",
	} {
		lines := map[int]bool{}
		for _, p := range problems(t, text) {
			if p.Line != 1 {
				t.Errorf("%q: %v is not in line 1", text, p)
			}
			lines[p.Column] = true
		}
		if got := len(problems(t, text)); got > len(lines) {
			t.Errorf("%q: %d problems in %d places:\n%v", text, got, len(lines), problems(t, text))
		}
	}
}

func TestTooLargeFilesAndListsAreRefused(t *testing.T) {
	big := fstest.MapFS{FileName: {Data: bytes.Repeat([]byte("# padding\n"), 5<<20)}}
	if _, err := Load(big, FileName); err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("50 MiB: %v", err)
	}
	var many strings.Builder
	many.WriteString("environments:\n")
	for i := range 500 {
		fmt.Fprintf(&many, "  - name: e%d\n", i)
	}
	if got := problems(t, many.String()).Error(); got != "ameide.yaml:2:3: environments has 500 items, at most 100 are possible (split the installation)" {
		t.Errorf("500 environments: %s", got)
	}
}

func TestAliasBombEndsQuickly(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("x0: &x0 {a: 1}\n")
	for i := range 30 {
		fmt.Fprintf(&bomb, "x%d: &x%d {<<: [*x%d, *x%d]}\n", i+1, i+1, i, i)
	}
	bomb.WriteString("oidc: *x30\n")
	if got := problems(t, bomb.String()).Error(); !strings.Contains(got, "aliases and merge keys lead to more than") {
		t.Errorf("got %s", got)
	}
}

func TestPositionIsTheFieldsOrItsNearestParents(t *testing.T) {
	l := parse(t, "title: x\nenvironments:\n  - name: qa\n    dnsZone: qa.io\n  - name: dev\n")
	tests := []struct {
		path  string
		line  int
		exact bool
	}{
		{"title", 1, true}, {"environments[qa].dnsZone", 4, true}, {"environments[qa].host", 3, false},
		{"environments[dev].host", 5, false}, {"environments[0].name", 3, true}, {"oidc.realm", 0, false}, {"environments[xx].host", 2, false},
	}
	for _, test := range tests {
		if got, exact := l.Pos(test.path); got.Line != test.line || exact != test.exact {
			t.Errorf("Pos(%s) = %v, %v, want line %d, %v", test.path, got, exact, test.line, test.exact)
		}
	}
}
