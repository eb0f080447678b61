package factory_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/kubeschema"
	"github.com/ameideio/ameide/pkg/spec"
)

const chartDir = "sources/charts/platform/backstage"

// installations are specs that differ in everything the chart's defaults are made of.
func installations(t *testing.T) map[string]*spec.Spec {
	t.Helper()
	out := map[string]*spec.Spec{}
	for _, name := range []string{"default", "schema-mode"} {
		loaded, err := spec.LoadOptional(os.DirFS(filepath.Join("testdata", name)), spec.FileName)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = &loaded.Spec
	}
	odd := spec.Default()
	odd.Title, odd.Organization, odd.OIDC.ClientID, odd.Telemetry.Service = "yes: \"no\" # 'on' é", "1e3", "0123", ""
	odd.Database.Name, odd.Database.SecretName, odd.Gateway.Name, odd.Secrets.PullSecret = "null", "true", "on", "1"
	odd.Database.Plugins = map[string]string{"catalog": "y", "on": "off"}
	odd.Image = spec.Image{Repository: "example.com/portal", Tag: "1.0", Layout: spec.LayoutUpstream, Platforms: []string{"linux/amd64"}}
	odd.Environments = []spec.Environment{spec.DefaultEnvironment("yes"), spec.DefaultEnvironment("local")}
	out["names that YAML misreads"] = &odd
	return out
}

// generatedCheckout is the example checkout after generate, in memory.
func generatedCheckout(t *testing.T, s *spec.Spec) fstest.MapFS {
	t.Helper()
	tree := fstest.MapFS{}
	for _, c := range compare(t, platform(t), s).Files {
		if c.New != nil {
			tree[c.Path] = &fstest.MapFile{Data: c.New}
		}
	}
	platformFiles := os.DirFS("../../testdata/gitops")
	err := fs.WalkDir(platformFiles, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || tree[name] != nil {
			return err
		}
		data, err := fs.ReadFile(platformFiles, name)
		tree[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// chartFiles is the generated chart of the platform's own installation; callers may change their copy.
func chartFiles(t *testing.T) fstest.MapFS {
	t.Helper()
	s := spec.Default()
	files := fstest.MapFS{}
	for _, c := range compare(t, platform(t), &s).Files {
		if strings.HasPrefix(c.Path, chartDir+"/") && c.Action != checkout.Skip {
			files[c.Path] = &fstest.MapFile{Data: c.New}
		}
	}
	if len(files) == 0 {
		t.Fatal("no chart is generated")
	}
	return files
}

func loadChart(t *testing.T, tree fs.FS) *helmchart.Chart {
	t.Helper()
	c, err := helmchart.Load(tree, chartDir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// layersOf are the value files of an environment in Argo CD's order.
func layersOf(e spec.Environment) []string {
	values := "sources/values/"
	return []string{
		values + "base/globals.yaml", values + "cluster/" + e.Cluster + "/globals.yaml", values + "env/" + e.Name + "/globals.yaml",
		"config/node-profiles/" + e.NodeProfile + ".yaml",
		values + "_shared/platform/platform-backstage.yaml", values + "env/" + e.Name + "/platform/platform-backstage.yaml",
	}
}

func TestTheSuitesPassForEveryInstallation(t *testing.T) {
	for name, s := range sampled(t) {
		t.Run(name, func(t *testing.T) {
			results, err := helmchart.Unittest(context.Background(), loadChart(t, generatedCheckout(t, s)), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				for _, test := range failures(r) {
					t.Error(test)
				}
			}
		})
	}
}

// failures are what keeps a suite from passing.
func failures(r helmchart.SuiteResult) []string {
	var out []string
	if r.Problem != "" {
		out = append(out, r.File+": "+r.Problem)
	}
	for _, test := range r.Tests {
		if !test.Passed || test.Skipped {
			out = append(out, r.Name+" "+test.Name+": "+strings.Join(test.Messages, "\n"))
		}
	}
	if len(out) == 0 && !r.Passed {
		out = append(out, r.File+": does not pass")
	}
	return out
}

func TestEveryTemplateHasASuite(t *testing.T) {
	files := chartFiles(t)
	for name := range files {
		dir, base := path.Split(strings.TrimPrefix(name, chartDir+"/"))
		if dir != "templates/" {
			continue
		}
		suite := strings.TrimSuffix(strings.TrimPrefix(base, "_"), path.Ext(base)) + "_test.yaml"
		if files[path.Join(chartDir, "tests", suite)] == nil {
			t.Errorf("%s has no tests/%s", name, suite)
		}
	}
}

// Every environment of every installation renders to objects that its cluster accepts.
func TestEveryEnvironmentRendersToValidObjects(t *testing.T) {
	for name, s := range installations(t) {
		tree := generatedCheckout(t, s)
		chart := loadChart(t, tree)
		schemas, err := kubeschema.New(s.Kubernetes.Version)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range s.Environments {
			t.Run(name+"/"+e.Name, func(t *testing.T) {
				values, err := helmchart.LoadValues(tree, layersOf(e), true)
				if err != nil {
					t.Fatal(err)
				}
				manifests, err := helmchart.Render(chart, values, helmchart.Release{Name: "platform-backstage", Namespace: e.Namespace},
					helmchart.Capabilities{KubeVersion: s.Kubernetes.Version})
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range manifests {
					for _, v := range schemas.Validate(m.Object) {
						t.Errorf("%s %s: %s", m.ID(), v.Path, v.Message)
					}
				}
				if len(manifests) < 10 {
					t.Errorf("%d objects, want ten at least", len(manifests))
				}
			})
		}
	}
}

// renderedWith renders the chart with values over its defaults.
func renderedWith(t *testing.T, chart *helmchart.Chart, values string) ([]*helmchart.Manifest, error) {
	t.Helper()
	tree := fstest.MapFS{"values.yaml": &fstest.MapFile{Data: []byte(values)}}
	v, err := helmchart.LoadValues(tree, []string{"values.yaml"}, false)
	if err != nil {
		t.Fatal(err)
	}
	return helmchart.Render(chart, v, helmchart.Release{Name: "platform-backstage", Namespace: "ameide-dev"}, helmchart.Capabilities{KubeVersion: "1.34"})
}

func TestTheSchemaRefusesWhatNobodyMeans(t *testing.T) {
	chart := loadChart(t, chartFiles(t))
	for values, want := range map[string]string{
		"httprouet: {enabled: true}":                                          "httprouet: unknown key",
		"httproute: {sectionNme: https}":                                      "httproute.sectionNme: unknown key",
		"migrations: {unlock: {enable: true}}":                                "migrations.unlock.enable: unknown key",
		"layouts: {upstream: {work: /app}}":                                   "layouts.upstream.work: unknown key",
		"probes: {startup: {failureTreshold: 3}}":                             "probes.startup.failureTreshold: unknown key",
		"networkPolicy: {egressGateway: {ports: 1}}":                          "networkPolicy.egressGateway.ports: unknown key",
		"image: {layout: janus}":                                              "image.layout",
		"image: {tag: 1.35}":                                                  "image.tag",
		"image: {tag: \"\", digest: \"\"}":                                    "image.tag",
		"image: {digest: sha256:12}":                                          "image.digest",
		"image: {digest: \"sha256:" + strings.Repeat("z", 64) + "\"}":         "image.digest",
		"replicaCount: -1":                                                    "replicaCount",
		"replicaCount: one":                                                   "replicaCount",
		"strategy: {type: rolling}":                                           "strategy.type",
		"service: {port: 70000}":                                              "service.port",
		"metrics: {enabled: \"yes\"}":                                         "metrics.enabled",
		"httproute: {hostname: https://portal.example.com}":                   "httproute.hostname",
		"postgresql: {prefix: \"x'; DROP\"}":                                  "postgresql.prefix",
		"postgresql: {plugins: {Catalog: x}}":                                 "postgresql.plugins.Catalog: unknown key",
		"auth: {oidc: {issuer: auth.example.com}}":                            "auth.oidc.issuer",
		"auth: {oidc: {prompt: always}}":                                      "auth.oidc.prompt",
		"commonLabels: {enabled: true}":                                       "commonLabels.enabled",
		"fullnameOverride: a-name-that-leaves-no-room-for-the-names-of-hooks": "fullnameOverride",
		"telemetry: {protocol: http}":                                         "telemetry.protocol",
		"externalSecrets: {refreshInterval: hourly}":                          "externalSecrets.refreshInterval",
		"extraEnv: [{value: x}]":                                              "extraEnv.0",
	} {
		_, err := renderedWith(t, chart, values+"\n")
		if err == nil || !strings.Contains(err.Error(), ": "+want) || !strings.HasPrefix(err.Error(), "values.yaml:1:") {
			t.Errorf("%s\ngot:  %v\nwant: %s", values, err, want)
		}
	}
}

func TestTheSchemaTakesThePlatformsGlobalsAndFreeMaps(t *testing.T) {
	const values = `
imageRegistry: ghcr.io/acme
global: {anything: {goes: [1]}}
azure: {envoyPublicIpAddress: 203.0.113.24}
cluster: {name: aks-main}
dnsZone: dev.ameide.io
namespace: ameide-dev
registry: ghcr.io
nodeSelector: {any: label}
tolerations: [{key: a, operator: Exists}]
imagePullSecrets: [{name: ghcr-pull}]
resources: {limits: {example.com/gpu: 1}}
extraAppConfig: {any: {key: true}}
lifecycle: {preStop: {sleep: {seconds: 5}}}
extraContainers: [{name: proxy, image: "example.com/proxy:1", ports: [{containerPort: 1}]}]
`
	if _, err := renderedWith(t, loadChart(t, chartFiles(t)), values); err != nil {
		t.Error(err)
	}
}

// A platform must not have to guess: each value has a comment, a place in the schema, and no other place.
func TestEveryValueIsCommentedAndInTheSchema(t *testing.T) {
	files := chartFiles(t)
	var doc yaml.Node
	if err := yaml.Unmarshal(files[chartDir+"/values.yaml"].Data, &doc); err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(files[chartDir+"/values.schema.json"].Data, &schema); err != nil {
		t.Fatal(err)
	}
	var inValues, inSchema []string
	walkValues(t, doc.Content[0], nil, schema, schema, &inValues)
	walkSchema(schema, schema, nil, &inSchema)
	inValues = append(inValues, "azure", "cluster", "dnsZone", "global", "imageRegistry", "namespace", "registry")
	optional := func(name string) bool {
		return strings.HasSuffix(name, ".initialDelaySeconds") || strings.HasSuffix(name, ".successThreshold") ||
			strings.HasPrefix(name, "lifecycle.") || strings.HasPrefix(name, "affinity.") || name == "resources.claims"
	}
	inSchema = slices.DeleteFunc(inSchema, optional)
	slices.Sort(inValues)
	slices.Sort(inSchema)
	if diff := cmp.Diff(inValues, inSchema); diff != "" {
		t.Errorf("values.yaml and values.schema.json name different keys, -values +schema:\n%s", diff)
	}
}

// walkValues lists the leaves that values.yaml and the schema share the naming of, and complains of keys without comment.
func walkValues(t *testing.T, n *yaml.Node, at []string, schema, root map[string]any, out *[]string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := append(slices.Clone(at), key.Value)
		sub := property(schema, root, key.Value)
		if sub == nil {
			t.Errorf("values.yaml:%d: %s is not in the schema", key.Line, strings.Join(name, "."))
			continue
		}
		if value.Kind == yaml.MappingNode && sub["properties"] != nil && len(value.Content) > 0 {
			walkValues(t, value, name, sub, root, out)
			continue
		}
		if key.HeadComment == "" {
			t.Errorf("values.yaml:%d: %s has no comment", key.Line, strings.Join(name, "."))
		}
		*out = append(*out, strings.Join(name, "."))
	}
}

func walkSchema(schema, root map[string]any, at []string, out *[]string) {
	properties, _ := schema["properties"].(map[string]any)
	for key := range properties {
		name := append(slices.Clone(at), key)
		sub := property(schema, root, key)
		if sub["properties"] != nil && key != "lifecycle" && key != "affinity" {
			walkSchema(sub, root, name, out)
			continue
		}
		*out = append(*out, strings.Join(name, "."))
	}
}

// property is the schema of a key, references followed.
func property(schema, root map[string]any, key string) map[string]any {
	properties, _ := schema["properties"].(map[string]any)
	sub, _ := properties[key].(map[string]any)
	if ref, ok := sub["$ref"].(string); ok {
		definitions, _ := root["definitions"].(map[string]any)
		sub, _ = definitions[path.Base(ref)].(map[string]any)
	}
	return sub
}

func TestOnlyAChangeOfTheConfigChangesItsChecksum(t *testing.T) {
	chart := loadChart(t, chartFiles(t))
	sum := func(values string) string {
		manifests, err := renderedWith(t, chart, values)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range manifests {
			if m.Kind() == "Deployment" {
				return m.Object["spec"].(map[string]any)["template"].(map[string]any)["metadata"].(map[string]any)["annotations"].(map[string]any)["checksum/app-config"].(string)
			}
		}
		t.Fatal("no Deployment")
		return ""
	}
	before := sum("{}\n")
	for values, changes := range map[string]bool{
		"extraAppConfig: {app: {support: {url: https://help.example.com}}}\n": true,
		"app: {title: Other}\n":                true,
		"migrations: {mode: startup}\n":        true,
		"replicaCount: 3\n":                    false,
		"resources: {limits: {memory: 2Gi}}\n": false,
	} {
		if got := sum(values) != before; got != changes {
			t.Errorf("%s: a new checksum: %v, want %v", values, got, changes)
		}
	}
}

func TestValuesOfTheChartAreReportedAtTheirLine(t *testing.T) {
	_, err := renderedWith(t, loadChart(t, chartFiles(t)), "replicaCount: 1\nservice:\n  prot: 1\n")
	var all helmchart.Errors
	if !errors.As(err, &all) || len(all) != 1 || all[0].Pos.String() != "values.yaml:3:9" {
		t.Errorf("got %v, want one error at values.yaml:3:9", err)
	}
}
