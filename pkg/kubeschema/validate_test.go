package kubeschema

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func newValidator(tb testing.TB, extra ...CRD) *Validator {
	tb.Helper()
	v, err := New("1.37", extra...)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// good returns a fresh copy of the fixture's object of a kind.
func good(tb testing.TB, kind string) map[string]any {
	tb.Helper()
	for _, object := range loadGood(tb) {
		if kindOf(object) == kind {
			return object
		}
	}
	tb.Fatalf("testdata/good.yaml has no %s", kind)
	return nil
}

// set puts a value at a path like "spec.rules.0.matches"; nil deletes. The parent must exist.
func set(tb testing.TB, object map[string]any, path string, value any) {
	tb.Helper()
	steps := strings.Split(path, ".")
	var parent any = object
	for _, step := range steps[:len(steps)-1] {
		parent = child(tb, parent, step)
	}
	last := steps[len(steps)-1]
	switch parent := parent.(type) {
	case map[string]any:
		if value == nil {
			delete(parent, last)
		} else {
			parent[last] = value
		}
	case []any:
		parent[last[0]-'0'] = value
	}
}

func child(tb testing.TB, parent any, step string) any {
	tb.Helper()
	var value any
	switch parent := parent.(type) {
	case map[string]any:
		value = parent[step]
	case []any:
		value = parent[step[0]-'0']
	}
	if value == nil {
		tb.Fatalf("the fixture has nothing at %s", step)
	}
	return value
}

// parse reads a value written as flow YAML.
func parse(tb testing.TB, text string) any {
	tb.Helper()
	objects, err := Decode([]byte("value: " + text))
	if err != nil {
		tb.Fatal(err)
	}
	return objects[0]["value"]
}

func messages(violations []Violation) []string {
	var out []string
	for _, v := range violations {
		out = append(out, v.String())
	}
	return out
}

func TestGoodObjectsAreAcceptedByEveryVersion(t *testing.T) {
	for _, version := range SupportedVersions() {
		v, err := New(version)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range loadGood(t) {
			for _, violation := range v.Validate(object) {
				t.Errorf("Kubernetes %s: %s: %s", version, kindOf(object), violation)
			}
		}
	}
}

func TestBadObjectsAreRefusedAsTheAPIServerDoes(t *testing.T) {
	const pod = "spec.template.spec."
	const c = pod + "containers.0."
	const at = "spec.template.spec.containers[0]."
	tests := []struct {
		kind, path, value string
		want              string // part of the only violation
	}{
		{"Deployment", "spec.strategy.type", "Recreate", "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"},
		{"Deployment", "spec.strategy.type", "Rolling", `spec.strategy.type: Unsupported value: "Rolling": supported values: "Recreate", "RollingUpdate"`},
		{"Deployment", "spec.strategy.rollingUpdate.maxUnavailable", "0", "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"},
		{"Deployment", "spec.strategy.rollingUpdate.maxSurge", "1x", `spec.strategy.rollingUpdate.maxSurge: Invalid value: "1x": a valid percent string must be`},
		{"Deployment", "spec.strategy.rollingUpdate.maxSurges", "1", `unknown field "spec.strategy.rollingUpdate.maxSurges"`},
		{"Deployment", "spec.replicas", `"1"`, `spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"`},
		{"Deployment", "spec.replicas", "1.5", "spec.replicas: Invalid value: "},
		{"Deployment", "spec.replicas", "-1", "spec.replicas: Invalid value: -1: must be greater than or equal to 0"},
		{"Deployment", "spec.selector.matchLabels", "{a: b}", "spec.template.metadata.labels: Invalid value: {\"app.kubernetes.io/name\":\"backstage\"}: `selector` does not match template `labels`"},
		{"Deployment", "spec.selector", "", "spec.selector: Required value"},
		{"Deployment", "spec.template.metadata.labels.bad", `"a b"`, `spec.template.metadata.labels: Invalid value: "a b": a valid label must be`},
		{"Deployment", "spec.template.metadata.annotations", "{a b: c}", `spec.template.metadata.annotations: Invalid value: "a b": name part must consist of`},
		{"Deployment", pod + "restartPolicy", "Never", `spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"`},
		{"Deployment", pod + "containers", "[]", "spec.template.spec.containers: Required value"},
		{"Deployment", pod + "volumes", "[]", at + `volumeMounts[0].name: Not found: "config"`},
		{"Deployment", pod + "volumes.0.secret", "{secretName: a}", "spec.template.spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type"},
		{"Deployment", pod + "initContainers.0.name", "backstage", at + `name: Duplicate value: "backstage"`},
		{"Deployment", pod + "initContainers.0.restartPolicy", "", "spec.template.spec.initContainers[0].startupProbe: Forbidden: may not be set for init containers without restartPolicy=Always"},
		{"Deployment", c + "imagePullPolicy", "Sometimes", at + `imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"`},
		{"Deployment", c + "image", "", at + "image: Required value"},
		{"Deployment", c + "image", "y", at + `image: Invalid value: "boolean": ` + at + `image in body must be of type string: "boolean"`},
		{"Deployment", c + "name", "Backstage", at + `name: Invalid value: "Backstage": a lowercase RFC 1123 label must consist of`},
		{"Deployment", c + "name", "", at + "name: Required value"},
		{"Deployment", c + "livenessProbe.httpget", "{}", `unknown field "` + at + `livenessProbe.httpget"`},
		{"Deployment", c + "livenessProbe.httpGet", "", at + "livenessProbe: Required value: must specify a handler type"},
		{"Deployment", c + "livenessProbe.tcpSocket", "{port: 1}", at + "livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type"},
		{"Deployment", c + "livenessProbe.successThreshold", "2", at + "livenessProbe.successThreshold: Invalid value: 2: must be 1"},
		{"Deployment", c + "livenessProbe.httpGet.port", "70000", at + "livenessProbe.httpGet.port: Invalid value: 70000: must be between 1 and 65535"},
		{"Deployment", c + "livenessProbe.httpGet.scheme", "https", at + `livenessProbe.httpGet.scheme: Unsupported value: "https"`},
		{"Deployment", c + "ports.0.protocol", "tcp", at + `ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"`},
		{"Deployment", c + "ports.1.protocol", "", at + `ports[1]: Duplicate value: {"containerPort":7007,"protocol":"TCP"}`},
		{"Deployment", c + "ports.0.name", "web_ui", at + `ports[0].name: Invalid value: "web_ui"`},
		{"Deployment", c + "env.1.name", "NODE_ENV", at + `env[1]: Duplicate value: {"name":"NODE_ENV"}`},
		{"Deployment", c + "env.1.value", "x", at + "env[1].valueFrom: Invalid value: \"\": may not be specified when `value` is not empty"},
		{"Deployment", c + "env.0.value", "1", at + `env[0].value: Invalid value: "integer"`},
		{"Deployment", c + "resources.limits.memory", "1 Gi", at + `resources.limits[memory]: Invalid value: "1 Gi": quantities must match the regular expression`},
		{"Deployment", c + "resources.requests.memory", "2Gi", at + `resources.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi`},
		{"Deployment", "metadata.name", "Backstage", `metadata.name: Invalid value: "Backstage": a lowercase RFC 1123 subdomain must consist of`},
		{"Deployment", "metadata.name", "", "metadata.name: Required value: name or generateName is required"},
		{"Deployment", "metadata.labels", "{a: 1}", `metadata.labels.a: Invalid value: "integer": metadata.labels.a in body must be of type string: "integer"`},
		{"Deployment", "metadata.labels", "{-a: b}", `metadata.labels: Invalid value: "-a": name part must consist of`},
		{"Deployment", "metadata.lables", "{a: b}", `unknown field "metadata.lables"`},
		{"Deployment", "metadata.namespace", "Dev", `metadata.namespace: Invalid value: "Dev": a lowercase RFC 1123 label must consist of`},
		{"Namespace", "metadata.namespace", "dev", "metadata.namespace: Forbidden: not allowed on this type"},
		{"Namespace", "metadata.name", "a.b", `metadata.name: Invalid value: "a.b": must not contain dots`},
		{"Service", "spec.type", "Internal", `spec.type: Unsupported value: "Internal": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"`},
		{"Service", "spec.ports", "[]", "spec.ports: Required value"},
		{"Service", "spec.ports.1.name", "", "spec.ports[1].name: Required value"},
		{"Service", "spec.ports.1.name", "http", `spec.ports[1].name: Duplicate value: "http"`},
		{"Service", "spec.ports.0.port", "0", "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535"},
		{"Service", "spec.ports.0.targetport", "http", `unknown field "spec.ports[0].targetport"`},
		{"ConfigMap", "data", "{a/b: c}", "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of"},
		{"ConfigMap", "data", "{port: 7007}", `data.port: Invalid value: "integer": data.port in body must be of type string: "integer"`},
		{"Secret", "data.password", "hunter2!", "data.password: Invalid value: (not shown)"},
		{"ServiceAccount", "automountServiceAccountToken", `"no"`, `automountServiceAccountToken: Invalid value: "string"`},
		{"NetworkPolicy", "spec.policyTypes.0", "ingress", `spec.policyTypes[0]: Unsupported value: "ingress": supported values: "Egress", "Ingress"`},
		{"NetworkPolicy", "spec.ingress.0.ports.0.protocol", "HTTP", `spec.ingress[0].ports[0].protocol: Unsupported value: "HTTP"`},
		{"NetworkPolicy", "spec.egress.0.to.0.ipBlock.cidr", "10.0.0.0", "spec.egress[0].to[0].ipBlock.cidr: Invalid value: \"10.0.0.0\": must be a valid CIDR value"},
		{"NetworkPolicy", "spec.podSelector", "{matchExpressions: [{key: a, operator: In}]}", "spec.podSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"},
		{"PodDisruptionBudget", "spec.minAvailable", "1", `spec: Invalid value: "": minAvailable and maxUnavailable cannot be both set`},
		{"HorizontalPodAutoscaler", "spec.maxReplicas", "0", "spec.maxReplicas: Invalid value: 0: must be greater than 0"},
		{"HorizontalPodAutoscaler", "spec.minReplicas", "5", "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"},
		{"Job", pod + "restartPolicy", "", `spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"`},
		{"CronJob", "spec.concurrencyPolicy", "Deny", `spec.concurrencyPolicy: Unsupported value: "Deny"`},
		{"CronJob", "metadata.name", strings.Repeat("a", 53), "must be no more than 52 characters"},
		{"HTTPRoute", "spec.rules.0.backendRefs.0.wieght", "1", `unknown field "spec.rules[0].backendRefs[0].wieght"`},
		{"HTTPRoute", "spec.rules.0.backendRefs.0.port", "99999", "spec.rules[0].backendRefs[0].port: Invalid value: 99999: spec.rules[0].backendRefs[0].port in body should be less than or equal to 65535"},
		{"HTTPRoute", "spec.rules.0.backendRefs.0.port", "", "spec.rules[0].backendRefs[0]: Invalid value: Must have port for Service reference"},
		{"HTTPRoute", "spec.rules.0.filters.0", "{type: RequestRedirect}", "spec.rules[0].filters[0]: Invalid value: filter.requestRedirect must be specified for RequestRedirect filter.type"},
		{"HTTPRoute", "spec.rules.0.matches.0.path.value", "healthz", "spec.rules[0].matches[0].path: Invalid value: value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']"},
		{"HTTPRoute", "spec.hostnames.0", `"*"`, `spec.hostnames[0]: Invalid value: "*": spec.hostnames[0] in body should match`},
		{"ExternalSecret", "spec.target.creationPolicy", "Own", `spec.target.creationPolicy: Unsupported value: "Own": supported values: "Owner", "Orphan", "Merge", "None"`},
		{"ExternalSecret", "spec.data.0.remoteRef.key", "", "spec.data[0].remoteRef.key: Required value"},
		{"ExternalSecret", "spec.secretStoreRef.name", "Vault!", "spec.secretStoreRef.name: Invalid value: \"Vault!\": spec.secretStoreRef.name in body should match"},
		{"ServiceMonitor", "spec.endpoints.0.interval", "30", `spec.endpoints[0].interval: Invalid value: "integer"`},
		{"ServiceMonitor", "spec.selector", "", "spec.selector: Required value"},
		{"Application", "spec.destination.namespce", "x", `unknown field "spec.destination.namespce"`},
		{"Application", "spec.project", "", "spec.project: Required value"},
		{"ApplicationSet", "spec.generators.0.bogus", "{}", `unknown field "spec.generators[0].bogus"`},
		{"ApplicationSet", "spec.template.spec.sources", "{}", `spec.template.spec.sources: Invalid value: "object"`},
		{"Cluster", "spec.instances", "0", "spec.instances: Invalid value: 0: spec.instances in body should be greater than or equal to 1"},
		{"Cluster", "spec.managed.roles.0.createDB", "true", `unknown field "spec.managed.roles[0].createDB"`},
		{"Database", "spec.name", "postgres", `spec.name: Invalid value: "postgres": the name postgres is reserved`},
	}
	v := newValidator(t)
	for _, test := range tests {
		t.Run(test.kind+"/"+test.path+"="+test.value, func(t *testing.T) {
			object := good(t, test.kind)
			set(t, object, test.path, parse(t, test.value))
			got := messages(v.Validate(object))
			if len(got) != 1 || !strings.Contains(got[0], test.want) {
				t.Errorf("got  %q\nwant one with %q", got, test.want)
			}
		})
	}
}

func TestAnUnknownFieldNamesTheNearestOne(t *testing.T) {
	object := good(t, "HTTPRoute")
	set(t, object, "spec.rules.0.backendRefs.0.wieght", int64(1))
	got := newValidator(t).Validate(object)
	want := []Violation{{
		Path:    "spec.rules[0].backendRefs[0].wieght",
		Reason:  ReasonUnknownField,
		Message: `unknown field "spec.rules[0].backendRefs[0].wieght"`,
		Hint:    "did you mean weight?",
	}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
}

func TestEveryViolationOfAnObjectIsReportedAtOnceAndSorted(t *testing.T) {
	object := good(t, "Deployment")
	set(t, object, "spec.template.spec.containers.0.imagePullPolicy", "Sometimes")
	set(t, object, "spec.bogus", true)
	set(t, object, "spec.template.spec.containers.0.ports.0.containerPort", int64(0))
	set(t, object, "metadata.name", "UPPER")
	v := newValidator(t)
	got := v.Validate(object)
	var paths []string
	for _, violation := range got {
		paths = append(paths, violation.Path)
	}
	want := []string{"metadata.name", "spec.bogus", "spec.template.spec.containers[0].imagePullPolicy", "spec.template.spec.containers[0].ports[0].containerPort"}
	if diff := cmp.Diff(paths, want); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(v.Validate(object), got); diff != "" {
		t.Errorf("a second validation says something else: %s", diff)
	}
}

func TestAKindWithoutASchemaIsAViolation(t *testing.T) {
	v := newValidator(t)
	got := v.Validate(map[string]any{"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget"})
	if len(got) != 1 || !got[0].NoSchema() || got[0].Hint != "the kind is served as policy/v1" {
		t.Errorf("got %+v", got)
	}
	for _, object := range []map[string]any{{}, {"kind": 1}, nil} {
		if got := v.Validate(object); len(got) != 1 || !got[0].NoSchema() {
			t.Errorf("%v: got %+v", object, got)
		}
	}
}

func TestAListIsCheckedItemByItem(t *testing.T) {
	bad := good(t, "Service")
	set(t, bad, "spec.type", "Internal")
	list := map[string]any{"apiVersion": "v1", "kind": "List", "items": []any{good(t, "Service"), bad, "x"}}
	got := messages(newValidator(t).Validate(list))
	if len(got) != 2 || !strings.HasPrefix(got[0], "items[1].spec.type: ") || !strings.HasPrefix(got[1], "items[2]: ") {
		t.Errorf("got %q", got)
	}
}

func TestValidateLeavesTheObjectAlone(t *testing.T) {
	v := newValidator(t)
	for i, object := range loadGood(t) {
		object["bogus"] = map[string]any{"a": 1} // an int, as other decoders give it
		v.Validate(object)
		want := loadGood(t)[i]
		want["bogus"] = map[string]any{"a": 1}
		if diff := cmp.Diff(object, want); diff != "" {
			t.Errorf("%s: %s", kindOf(object), diff)
		}
	}
}

func TestWholeNumbersOfAnyDecoderAreIntegers(t *testing.T) {
	object := good(t, "HTTPRoute")
	set(t, object, "spec.rules.0.backendRefs.0.port", float64(80))
	set(t, object, "spec.rules.1.backendRefs.0.port", 80)
	if got := newValidator(t).Validate(object); len(got) > 0 {
		t.Errorf("got %q", messages(got))
	}
}

func TestOneValidatorServesManyGoroutines(t *testing.T) {
	v := newValidator(t)
	objects := loadGood(t)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for _, object := range objects {
				if got := v.Validate(object); len(got) > 0 {
					t.Errorf("%s: %q", kindOf(object), messages(got))
				}
			}
		})
	}
	wait.Wait()
}

func TestServiceNamesMayStartWithADigitWhereKubernetesAllowsIt(t *testing.T) {
	object := good(t, "Service")
	set(t, object, "metadata.name", "1-backstage")
	for version, want := range map[string]int{"1.35": 1, "1.36": 0} {
		v, err := New(version)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Validate(object); len(got) != want {
			t.Errorf("%s: got %q, want %d", version, messages(got), want)
		}
	}
}
