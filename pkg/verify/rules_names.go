package verify

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/spec"
)

func namesRules() []Rule {
	return []Rule{
		{RuleInfo: rule("names/prod", "namespaces and Vault hosts have the environment's short name: production is prod", "write ameide-prod and vault-core-prod"), Env: shortNames},
		{RuleInfo: rule("names/telemetry", "the OTLP target is a Service and port of this tree that speaks the protocol", "name the collector's Service in the environment's namespace, and the port of the protocol"), Env: telemetryReachable},
	}
}

// longName matches a namespace or Vault host that has the environment's name where its short name belongs; nil for
// environments whose two names are one.
func longName(e *Env) *regexp.Regexp {
	if spec.Short(e.Name) == e.Name {
		return nil
	}
	prefixes := "vault-core-"
	if prefix, ok := strings.CutSuffix(e.Namespace, spec.Short(e.Name)); ok && prefix != "" {
		prefixes += "|" + regexp.QuoteMeta(prefix)
	}
	return regexp.MustCompile(`\b(?:` + prefixes + `)` + regexp.QuoteMeta(e.Name) + `\b`)
}

func shortNames(e *Env) ([]Issue, error) {
	issues := vaultAddress(e)
	wrong := longName(e)
	c, err := e.rendered()
	if err != nil || wrong == nil || c.App.Namespace != e.Namespace { // appset/application reports the namespace
		return issues, nil
	}
	for _, m := range c.Manifests {
		walkText(m.Object, nil, func(path []string, text string) {
			if found := wrong.FindString(text); found != "" {
				issues = append(issues, at(e.textPlace(c, m, path, text, found), Issue{
					Resource: m.ID(), Field: strings.Join(path, "."), Expected: strings.TrimSuffix(found, e.Name) + spec.Short(e.Name), Actual: found,
				}))
			}
		})
	}
	return issues, nil
}

// vaultAddress: the client patcher writes to the environment's own Vault.
func vaultAddress(e *Env) []Issue {
	c, err := e.values(realmComponent)
	if err != nil {
		return nil
	}
	v, pos, ok := c.Values.Lookup("clientPatcher", "vault", "addr")
	if !ok || dig.Text(v) == e.VaultAddress {
		return nil
	}
	return []Issue{at(pos, Issue{Field: "clientPatcher.vault.addr", Expected: e.VaultAddress, Actual: orNothing(dig.Text(v))})}
}

// walkText visits every string of a rendered object in the order of its keys; a list's item has the name of its entry,
// or else its index, in the path.
func walkText(v any, path []string, visit func(path []string, text string)) {
	switch node := v.(type) {
	case string:
		visit(path, node)
	case map[string]any:
		for _, key := range sortedKeys(node) {
			walkText(node[key], below(path, key), visit)
		}
	case []any:
		for n, item := range node {
			name := dig.Text(item, "name")
			if name == "" {
				name = strconv.Itoa(n)
			}
			walkText(item, below(path, name), visit)
		}
	}
}

// textPlace is the place of a part of a rendered text: the leaf of the values that holds it, the template's line that
// holds it, or what blame finds for the field.
func (e *Env) textPlace(c *Component, m *helmchart.Manifest, path []string, text, part string) helmchart.Pos {
	var found helmchart.Pos
	c.Values.Walk(func(_ []string, value any, origin helmchart.Pos) bool {
		if s, ok := value.(string); ok && found.File == "" && strings.Contains(s, part) && strings.Contains(text, s) {
			found = origin
		}
		return true
	})
	if found.File != "" {
		return found
	}
	for _, file := range e.templates(c, m) {
		if line := e.tree.lineOf(file, part); line > 0 {
			return helmchart.Pos{File: file, Line: line}
		}
	}
	at, _, _ := e.written(c, m, path)
	return at
}

// otlpVariables are where the OpenTelemetry SDK takes its target from; the first that is set counts for traces.
func otlpVariables() []string {
	return []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"}
}

func telemetryReachable(e *Env) ([]Issue, error) {
	c, m, err := e.object("Deployment")
	if err != nil {
		return nil, err
	}
	container := mainContainer(m)
	var issues []Issue
	asked := false
	for _, name := range otlpVariables() {
		if target := dig.Text(envVar(container, name), "value"); target != "" {
			asked = true
			issues = append(issues, e.otlpIssues(c, m, name, target)...)
		}
	}
	if !asked {
		return nil, notApplicable("the Deployment sends no telemetry")
	}
	return issues, nil
}

func (e *Env) otlpIssues(c *Component, m *helmchart.Manifest, name, target string) []Issue {
	if wrong := longName(e); wrong != nil && wrong.MatchString(target) {
		return nil // names/prod reports it
	}
	issue := func(want, got string, leaf ...string) []Issue {
		return []Issue{at(e.cause(c, m, target, leaf, "env", name, "value"), Issue{Resource: m.ID(), Field: "env." + name, Expected: want, Actual: got})}
	}
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return issue("a URL", target, "telemetry", "service")
	}
	service, rest, _ := strings.Cut(u.Hostname(), ".")
	if namespace, _, _ := strings.Cut(rest, "."); namespace != "" && namespace != c.App.Namespace {
		return issue("a Service in "+c.App.Namespace, u.Host, "telemetry", "namespace")
	}
	found, _ := e.Find("Service", service)
	if found == nil {
		return issue("a Service of the environment", service, "telemetry", "service")
	}
	port, _ := indexed(found.Object, "port", u.Port(), "spec", "ports")
	if port == nil {
		return issue("a port of "+found.ID()+": "+portsOf(found), orNothing(u.Port()), "telemetry", "port")
	}
	return e.protocolIssues(c, m, port)
}

func portsOf(m *helmchart.Manifest) string {
	var all []string
	for _, p := range dig.List(m.Object, "spec", "ports") {
		all = append(all, dig.Text(p, "port"))
	}
	return strings.Join(all, ", ")
}

// protocolIssues compares the protocol with the port: its name says it, or else its number (4317 gRPC, 4318 HTTP).
func (e *Env) protocolIssues(c *Component, m *helmchart.Manifest, port map[string]any) []Issue {
	protocol := dig.Text(envVar(mainContainer(m), "OTEL_EXPORTER_OTLP_PROTOCOL"), "value")
	if protocol == "" {
		protocol = "http/protobuf" // the SDK's default
	}
	var speaks string
	switch name := dig.Text(port, "name"); {
	case strings.Contains(name, "grpc") || dig.Text(port, "port") == "4317":
		speaks = "grpc"
	case strings.Contains(name, "http") || dig.Text(port, "port") == "4318":
		speaks = "http"
	default:
		pos := e.cause(c, m, dig.Text(port, "port"), []string{"telemetry", "port"}, "env", otlpVariables()[1], "value")
		return []Issue{at(pos, Issue{Resource: m.ID(), Field: "env." + otlpVariables()[1], Expected: "an OTLP port", Actual: dig.Text(port, "port") + " (" + orNothing(dig.Text(port, "name")) + ")"})}
	}
	if strings.HasPrefix(protocol, speaks) {
		return nil
	}
	pos := e.cause(c, m, protocol, []string{"telemetry", "protocol"}, "env", "OTEL_EXPORTER_OTLP_PROTOCOL", "value")
	return []Issue{at(pos, Issue{Resource: m.ID(), Field: "env.OTEL_EXPORTER_OTLP_PROTOCOL", Expected: speaks + ", which port " + dig.Text(port, "port") + " speaks", Actual: protocol})}
}
