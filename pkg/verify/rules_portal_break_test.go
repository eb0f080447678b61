package verify

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each case breaks one thing of what the portal's chart renders; the rule must fire, and no other.
func TestABrokenPortalFiresItsRuleAndNoOther(t *testing.T) {
	const (
		values      = chartDir + "values.yaml"
		configMap   = chartDir + "templates/configmap.yaml"
		job         = chartDir + "templates/migrations-job.yaml"
		service     = chartDir + "templates/service.yaml"
		policy      = chartDir + "templates/networkpolicy.yaml"
		noConfig    = "extraAppConfig: {}"
		localValues = "sources/values/env/local/platform/platform-backstage.yaml"
		noEnvFrom   = "extraEnvFrom: []"
		container   = "allowPrivilegeEscalation: false\n"
	)
	tests := []struct{ rule, file, from, to string }{
		{"config/variables", values, noConfig, "extraAppConfig: {proxy: {endpoints: {a: {target: \"${ TARGET }\"}}}}"},
		{"config/variables", values, noConfig, "extraAppConfig: {proxy: {endpoints: {a: {target: {$env: TARGET}}}}}"},
		{"config/variables", job, "name: {{ .Values.postgresql.secretName | quote }}", "name: keycloak-realm-oidc-clients"},

		{"config/keys", values, noConfig, "extraAppConfig: {backend: {databse: {client: pg}}}"},
		{"config/keys", values, noConfig, "extraAppConfig: {tech-docs: {builder: local}}"},
		{"config/keys", values, noConfig, "extraAppConfig: {catalog: {location: []}}"},
		{"config/keys", values, noConfig, "extraAppConfig: {backend: {database: {plugin: {search: {ensureSchemaExists: true}}}}}"},
		{"config/keys", values, noConfig, "extraAppConfig: {backend: {logger: {level: debug}}}"},
		{"config/keys", values, noConfig, "extraAppConfig: {auth: {providers: {oidc: {production: {timeout: 1000}}}}}"},

		{"rollout/strategy", deployment, "{{- toYaml .Values.strategy.rollingUpdate | nindent 6 }}", "maxUnavailable: 1"},
		{"rollout/strategy", values, "  mode: job\n", "  mode: startup\n"},
		{"rollout/probes", deployment, "path: {{ .Values.probes.livenessPath | quote }}\n              port: http\n", "path: {{ .Values.probes.livenessPath | quote }}\n              port: web\n"},

		{"hook/annotations", job, `"wave" -2`, `"wave" 3`},
		{"hook/annotations", job, "            name: {{ $name }}\n", "            name: {{ include \"backstage.fullname\" . }}-app-config\n"},
		{"hook/annotations", configMap, "  name: {{ include \"backstage.fullname\" . }}-app-config\n", "  name: {{ include \"backstage.fullname\" . }}-app-config\n  annotations: {helm.sh/hook: test}\n"},
		{"hook/annotations", values, noEnvFrom, "extraEnvFrom: [{secretRef: {name: platform-backstage-session}}]"},

		{"image/layout", deployment, "{{- range $layout.configFiles }}", "{{- range list \"app-config.yaml\" }}"},
		{"image/layout", job, "{{- range $layout.configFiles }}", "{{- range list \"app-config.yaml\" }}"},
		{"image/floating", localValues, `tag: "1.35.0"`, "tag: Latest"},
		{"image/floating", localValues, `tag: "1.35.0"`, "tag: next-1.5"},

		{"pod/security", chartHelpers, container, container + "privileged: true\n"},
		{"pod/security", chartHelpers, "  drop: [ALL]", "  drop: [NET_RAW]"},
		{"pod/security", chartHelpers, "  drop: [ALL]", "  drop: [ALL]\n  add: [SYS_ADMIN]"},
		{"pod/security", deployment, "      enableServiceLinks: false\n", "      enableServiceLinks: false\n      hostNetwork: true\n"},
		{"pod/security", values, "extraVolumes: []", "extraVolumes: [{name: node, hostPath: {path: /}}]"},
		{"pod/security", values, "extraContainers: []", "extraContainers: [{name: helper, image: \"ghcr.io/x/y:1@sha256:0000000000000000000000000000000000000000000000000000000000000001\", imagePullPolicy: IfNotPresent}]"},

		{"service/selector", service, "  selector:\n    {{- include \"backstage.selectorLabels\" . | nindent 4 }}\n", ""},
		{"service/selector", job, `"name" $name "extra"`, `"name" (include "backstage.name" .) "extra"`},
		{"service/monitor", service, "targetPort: http-metrics", "targetPort: http"},
		{"service/monitor", service, "targetPort: http-metrics", "targetPort: 9465"},

		{"network/egress", policy, "{port: 53, protocol: UDP}", "{port: 54, protocol: UDP}"},
		{"network/egress", policy, "        - podSelector: {}\n", "        - ipBlock: {cidr: 10.0.0.0/8}\n"},
	}
	for _, test := range tests {
		t.Run(test.rule+" "+test.to, func(t *testing.T) {
			t.Parallel()
			env := "dev"
			if test.file == localValues || test.rule == "image/layout" && test.file == deployment { // only this layout says its files again
				env = "local"
			}
			tree := correctTree(t)
			if strings.HasPrefix(test.to, "  mode") {
				replace(t, tree, deployment, "  replicas: {{ .Values.replicaCount }}\n", "  replicas: 2\n", 0)
			}
			replace(t, tree, test.file, test.from, test.to, 0)
			if got := fired(findings(t, tree, defaults(), env)); !slices.Equal(got, []string{test.rule}) {
				t.Errorf("got %q, want %q", got, test.rule)
			}
		})
	}
}

// fired are the rules of findings, each once; a rendered unlock image or the laptop's has no digest.
func fired(findings []string) []string {
	var rules []string
	for _, f := range findings {
		if rule, _, _ := strings.Cut(f, " "); rule != "image/pinned" && !slices.Contains(rules, rule) {
			rules = append(rules, rule)
		}
	}
	return rules
}

// Each case changes what is right into something else that is right.
func TestAHealthyPortalIsLeftAlone(t *testing.T) {
	const (
		values  = chartDir + "values.yaml"
		service = chartDir + "templates/service.yaml"
		policy  = chartDir + "templates/networkpolicy.yaml"
	)
	tests := []struct{ name, file, from, to string }{
		{"variable with a default", values, "extraAppConfig: {}", "extraAppConfig: {proxy: {endpoints: {a: {target: \"${TARGET:-http://a}\"}}}}"},
		{"escaped variable", values, "extraAppConfig: {}", "extraAppConfig: {proxy: {endpoints: {a: {target: \"$${TARGET}\"}}}}"},
		{"variable of a Secret that is not in the tree", values, "extraAppConfig: {}", "extraEnvFrom: [{secretRef: {name: elsewhere}}]\nextraAppConfig: {proxy: {endpoints: {a: {target: \"${TARGET}\"}}}}"},
		{"section of a plugin that nobody knows", values, "extraAppConfig: {}", "extraAppConfig: {weatherReport: {city: Oslo}}"},
		{"key that the layout reads early", values, "extraAppConfig: {}", "extraAppConfig: {signInPage: oidc, dynamicPlugins: {rootDirectory: x}}"},
		{"Recreate", values, "  type: RollingUpdate\n", "  type: Recreate\n"},
		{"more Pods behind the hook", sharedValues, "replicaCount: 1\n", "replicaCount: 2\n"},
		{"no Pods", sharedValues, "replicaCount: 1\n", "replicaCount: 0\n"},
		{"metrics port by number", service, "targetPort: http-metrics", "targetPort: 9464"},
		{"capability of ports", chartHelpers, "  drop: [ALL]", "  drop: [ALL]\n  add: [NET_BIND_SERVICE]"},
		{"policy of ingress alone", policy, "  policyTypes: [Ingress, Egress]\n  ingress:", "  policyTypes: [Ingress]\n  ingress:"},
		{"egress rule without ports", policy, "    # Names.\n", "    # Names.\n    - {}\n"},
		{"egress port range", values, "  egressPorts: [443]\n  # Further egress rules, as in a NetworkPolicy.\n  extraEgress: []", "  egressPorts: []\n  extraEgress: [{ports: [{port: 400, endPort: 500}]}]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tree := correctTree(t)
			from, to := test.from, test.to
			if strings.HasPrefix(to, "extraEnvFrom") {
				replace(t, tree, test.file, "extraEnvFrom: []\n", "", 0)
			}
			replace(t, tree, test.file, from, to, 0)
			if diff := cmp.Diff(findings(t, tree, defaults(), "dev"), []string(nil)); diff != "" {
				t.Errorf("findings (-got +want):\n%s", diff)
			}
		})
	}
}
