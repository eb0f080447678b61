package kubeschema_test

import (
	"io/fs"
	"strings"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"sigs.k8s.io/yaml"

	"github.com/ameideio/ameide/pkg/kubeschema"
)

// What the API server asks of a schema before it prunes and checks by it: strict YAML, and a structural schema.
func TestThePlatformsCRDsAreStructural(t *testing.T) {
	files, err := fs.Glob(kubeschema.PlatformCRDs(), "*.yaml")
	if err != nil || len(files) != 4 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(kubeschema.PlatformCRDs(), file)
		if err != nil {
			t.Fatal(err)
		}
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(text, &crd); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if want := "ameide.io_" + crd.Spec.Names.Plural + ".yaml"; file != want || crd.Name != crd.Spec.Names.Plural+".ameide.io" {
			t.Errorf("%s holds %s, want it in %s", file, crd.Name, want)
		}
		var props apiextensions.JSONSchemaProps
		if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(crd.Spec.Versions[0].Schema.OpenAPIV3Schema, &props, nil); err != nil {
			t.Fatal(err)
		}
		structural, err := schema.NewStructural(&props)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, problem := range schema.ValidateStructural(nil, structural) {
			t.Errorf("%s: %v", file, problem)
		}
	}
}

// One resource of each kind with every field that the platform's documents and deployments know, and one mistake at a time.
func TestThePlatformsResources(t *testing.T) {
	v, err := kubeschema.New("1.34")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, object, want string }{
		{"domain", domain, ""},
		{"process", process, ""},
		{"agent", agent, ""},
		{"uisurface", uisurface, ""},
		{"unknown field", domain + "  colour: red\n", "spec.colour"},
		{"flat resources", strings.Replace(domain, "requests: {cpu: 500m, memory: 512Mi}", "cpu: 500m", 1), "spec.resources.cpu"},
		{"latest", strings.Replace(domain, "orders-domain:1.12.3", "orders-domain:latest", 1), "name a version or a digest"},
		{"no tag", strings.Replace(domain, "orders-domain:1.12.3", "orders-domain", 1), "name a tag or a digest"},
		{"no image", strings.Replace(domain, "image: ghcr.io/ameideio/orders-domain:1.12.3\n", "\n", 1), "spec.image"},
		{"negative replicas", strings.Replace(domain, "replicas: 1", "replicas: -1", 1), "spec.rollout.replicas"},
		{"no definition", strings.Replace(process, "definitionRef: {id: L2O_v3, tenantId: t123}", "version: v1", 1), "spec.definitionRef"},
		{"dangerous tool", strings.Replace(agent, "riskTier: high", "riskTier: medium", 1), "develop_in_container needs riskTier high"},
		{"unknown tier", strings.Replace(agent, "riskTier: high", "riskTier: extreme", 1), "spec.riskTier"},
		{"host is no name", strings.Replace(uisurface, "app.ameide.com", "APP", 1), "spec.host"},
	} {
		objects, err := kubeschema.Decode([]byte(test.object))
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		var got []string
		for _, violation := range v.Validate(objects[0]) {
			got = append(got, violation.String())
		}
		all := strings.Join(got, "\n")
		if test.want == "" && all != "" || test.want != "" && !strings.Contains(all, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, all, test.want)
		}
	}
}

const domain = `apiVersion: ameide.io/v1
kind: Domain
metadata: {name: orders}
spec:
  image: ghcr.io/ameideio/orders-domain:1.12.3
  imagePullPolicy: IfNotPresent
  version: v1.12.3
  proto: {module: github.com/ameide/apis/domains/orders, version: v1.5.0}
  db: {clusterRef: cnpg/orders, schema: orders, migrationJobImage: "ghcr.io/ameide/migrator:1"}
  resources: {requests: {cpu: 500m, memory: 512Mi}, limits: {cpu: 1}}
  env: [{name: FEATURE_FLAG_X, value: "true"}, {name: KEY, valueFrom: {secretKeyRef: {name: s, key: k}}}]
  observability: {logLevel: info}
  security: {serviceAccountName: orders-domain, networkProfile: backend}
  rollout: {strategy: RollingUpdate, canary: false, replicas: 1}
`

const process = `apiVersion: ameide.io/v1
kind: Process
metadata: {name: l2o}
spec:
  image: ghcr.io/ameide/l2o-process:0.7.0
  definitionRef: {id: L2O_v3, tenantId: t123}
  temporal: {namespace: sales-process, taskQueue: l2o-tq, address: "temporal-frontend:7233"}
  dependencies: {domains: [{name: sales}, {name: billing}], agents: [{name: l2o-coach}]}
  rollout: {strategy: RollingUpdate, maxConcurrencyPerTenant: 100, replicas: 1}
  observability: {metricsTags: {processType: L2O}, logLevel: info}
  resources: {requests: {}, limits: {}}
  workerConfig: {maxConcurrentWorkflows: 0, maxConcurrentActivities: 0}
  env: []
`

const agent = `apiVersion: ameide.io/v1
kind: Agent
metadata: {name: core-platform-coder}
spec:
  image: ghcr.io/ameide/agent-runtime-langgraph@sha256:81021071ebd48fc889ccf98ba3cb6c797c38edc11227fcf18fe52bd262a64c9a
  definitionRef: {id: core-platform-coder-v4, tenantId: t123, version: v1}
  model: {provider: openai, name: gpt-5.1-pro, temperature: 0.3, secretRef: platform/anthropic-api-key}
  tools: {allow: [transformation.listElements, ameide.develop_in_container], deny: ["transformation.submit*"]}
  runtimeRole: a2a_server
  riskTier: high
  concurrency: {maxParallelSessions: 20}
  observability: {logPrompts: redacted, emitTokens: true}
`

const uisurface = `apiVersion: ameide.io/v1
kind: UISurface
metadata: {name: www-ameide-platform}
spec:
  image: ghcr.io/ameide/www_ameide_platform:3.0.1
  host: app.ameide.com
  pathPrefix: /
  auth: {scopes: ["l2o:read", "orders:write"]}
  dependencies: {domains: [platform, sales], processes: [l2o], agents: []}
  features: {flags: {enableTransformation: true}}
  resources: {requests: {}, limits: {}}
  rollout: {replicas: 1, strategy: RollingUpdate}
`
