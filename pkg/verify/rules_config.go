package verify

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/catalog"
	"github.com/ameideio/ameide/pkg/spec"
)

func configRules() []Rule {
	return []Rule{
		{RuleInfo: rule("config/variables", "every ${VAR} of app-config is in the container's environment", "provide it with extraEnv or extraEnvFrom; Backstage drops the key of a missing one without a word"), Env: variablesProvided},
		{RuleInfo: rule("config/keys", "app-config has only keys that the Backstage release reads", "remove the key; Backstage ignores it without a word"), Env: keysKnown},
		{RuleInfo: rule("config/catalog-rules", "catalog.rules allow every kind that the catalog has", "add the kind to catalog.allow"), Env: kindsAllowed},
		{RuleInfo: rule("config/techdocs", "app-config has a techdocs section", "set techdocs.builder and techdocs.publisher; the plugin does not start without them"), Env: techdocsConfigured},
	}
}

func variablesProvided(e *Env) ([]Issue, error) {
	c, configs, err := e.appConfigs()
	if err != nil {
		return nil, err
	}
	_, d, err := e.object("Deployment")
	if err != nil {
		return nil, err
	}
	provided := e.environment(mainContainer(d))
	var issues []Issue
	for _, config := range configs {
		for _, name := range variables(str(config.manifest.Object, "data", config.key)) {
			if !provided[name] && !strings.HasPrefix(name, "POSTGRES_") { // database/secret reports those
				issues = append(issues, at(e.cause(c, config.manifest, "${"+name+"}", []string{"extraAppConfig"}, "${"+name+"}"), Issue{
					Resource: config.manifest.ID(), Field: "${" + name + "}", Expected: "a variable of the container", Actual: "nothing provides it",
				}))
			}
		}
	}
	return issues, nil
}

// variables are the names that an app-config substitutes and that have no default; $${X} is text.
func variables(config string) []string {
	var names []string
	for rest := config; ; {
		i := strings.Index(rest, "${")
		if i < 0 {
			return names
		}
		escaped := i > 0 && rest[i-1] == '$'
		end := strings.IndexByte(rest[i:], '}')
		if end < 0 {
			return names
		}
		name := rest[i+2 : i+end]
		rest = rest[i+end:]
		if !escaped && !strings.Contains(name, ":-") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
}

// environment is what a container's environment holds. The keys of a Secret that a component of the tree renders are
// known.
func (e *Env) environment(container map[string]any) map[string]bool {
	names := map[string]bool{}
	for _, v := range items(container, "env") {
		names[str(v, "name")] = true
	}
	for _, v := range items(container, "envFrom") {
		m, _ := e.Find("Secret", str(v, "secretRef", "name"))
		if m == nil {
			continue
		}
		for _, field := range []string{"data", "stringData"} {
			for key := range mapping(m.Object, field) {
				names[str(v, "prefix")+key] = true
			}
		}
	}
	return names
}

// gate is an app-config key and the first release that reads it; zero means that none does.
type gate struct {
	path  []string
	since [2]int // major, minor
}

// gates are keys that look right and are not read, or not yet. Found in the config schemas and the code of
// @backstage/backend-defaults and @backstage/plugin-auth-node of the releases 1.35 to 1.53.
func gates() []gate {
	return []gate{
		{[]string{"telemetry"}, [2]int{}},
		{[]string{"backend", "telemetry"}, [2]int{}},
		{[]string{"backend", "plugins"}, [2]int{}},
		{[]string{"backend", "logger"}, [2]int{1, 43}},
		{[]string{"backend", "health", "headers"}, [2]int{1, 34}},
		{[]string{"backend", "database", "skipMigrations"}, [2]int{1, 33}},
		{[]string{"backend", "trustProxy"}, [2]int{1, 38}},
		{[]string{"backend", "startup"}, [2]int{1, 36}},
	}
}

func keysKnown(e *Env) ([]Issue, error) {
	c, configs, err := e.appConfigs()
	if err != nil {
		return nil, err
	}
	release := minor(e.tree.Spec.Backstage.Version)
	var issues []Issue
	for _, config := range configs {
		for _, g := range gates() {
			if nested(config.root, g.path...) == nil || g.since[0] > 0 && !before(release, g.since) {
				continue
			}
			expected := "no such key: no release reads it"
			if g.since[0] > 0 {
				expected = "no such key before Backstage " + strconv.Itoa(g.since[0]) + "." + strconv.Itoa(g.since[1])
			}
			issues = append(issues, at(e.cause(c, config.manifest, "", append([]string{"extraAppConfig"}, g.path...), g.path...), Issue{
				Resource: config.manifest.ID(), Field: strings.Join(g.path, "."), Expected: expected, Actual: "it is set",
			}))
		}
		issues = append(issues, e.rootKeys(c, config)...)
	}
	return issues, nil
}

// rootKeys are sections that no plugin of an image reads: a misspelt section is silent.
func (e *Env) rootKeys(c *Component, config appConfig) []Issue {
	var issues []Issue
	value, _, _ := c.Values.Lookup("image", "layout")
	root, layout := mapping(config.root), str(value)
	for _, key := range sortedKeys(root) {
		rhdh := layout == string(spec.LayoutRHDH) && slices.Contains([]string{"signInPage", "dynamicPlugins", "enabled", "includeTransientParentGroups", "buildInfo"}, key)
		if rhdh || key == "telemetry" || slices.Contains(sections(), key) {
			continue
		}
		issues = append(issues, at(e.cause(c, config.manifest, "", []string{"extraAppConfig", key}, key), Issue{
			Resource: config.manifest.ID(), Field: key, Expected: "a section that Backstage or one of its plugins reads", Actual: key,
		}))
	}
	return issues
}

// sections are the top-level keys of app-config of Backstage and its core plugins, and of the plugins that Red Hat
// Developer Hub brings.
func sections() []string {
	return []string{
		"acr", "ai", "analytics", "app", "argocd", "auditor", "auth", "azureDevOps", "backend", "bulkImport", "catalog", "costInsights",
		"customResources", "dynatrace", "enterprise", "events", "gcp", "gitlab", "grafana", "homepage", "integrations", "jenkins", "jfrog",
		"jira", "kafka", "kubernetes", "lightspeed", "lighthouse", "mcpActions", "newrelic", "nexusRepositoryManager", "notifications",
		"ocm", "opencost", "organization", "pagerDuty", "permission", "processors", "proxy", "quay", "rollbar", "scaffolder", "search",
		"sentry", "servicenow", "sonarqube", "techInsights", "techdocs", "threescale", "userSettings", "vault",
	}
}

// minor is a release's major and minor number.
func minor(version string) [2]int {
	var out [2]int
	for i, part := range strings.SplitN(version, ".", 3)[:min(2, strings.Count(version, ".")+1)] {
		out[i], _ = strconv.Atoi(part) // the spec was validated
	}
	return out
}

func before(a, b [2]int) bool { return slices.Compare(a[:], b[:]) < 0 }

func kindsAllowed(e *Env) ([]Issue, error) {
	c, configs, err := e.appConfigs()
	if err != nil {
		return nil, err
	}
	entities, _, err := catalog.Load(e.tree.FS, "sources/backstage/catalog/all.yaml")
	if err != nil {
		return nil, notApplicable("the catalog does not load, see catalog/location")
	}
	allowed := map[string]bool{}
	rules, config := setting(configs, "catalog", "rules")
	for _, r := range items(rules) {
		for _, kind := range texts(r, "allow") {
			allowed[strings.ToLower(kind)] = true
		}
	}
	if config == nil { // Backstage's own default
		config, allowed = &configs[0], map[string]bool{"component": true, "api": true, "location": true}
	}
	var missing []string
	for _, kind := range catalog.Kinds(entities) {
		if slices.Contains(entityKinds(), kind) && !allowed[strings.ToLower(kind)] {
			missing = append(missing, kind)
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	return []Issue{at(e.cause(c, config.manifest, "", []string{"catalog", "allow"}, "catalog", "rules"), Issue{
		Resource: config.manifest.ID(), Field: "catalog.rules", Expected: "every kind of the catalog", Actual: "without " + strings.Join(missing, ", "),
	})}, nil
}

// entityKinds are Backstage's own; a kind that is none of them is catalog/entities' business.
func entityKinds() []string {
	return []string{"API", "Component", "Domain", "Group", "Location", "Resource", "System", "Template", "User"}
}

func techdocsConfigured(e *Env) ([]Issue, error) {
	c, configs, err := e.appConfigs()
	if err != nil {
		return nil, err
	}
	var issues []Issue
	for _, path := range [][]string{{"techdocs", "builder"}, {"techdocs", "publisher", "type"}} {
		if v, _ := setting(configs, path...); str(v) == "" {
			m := configs[0].manifest
			issues = append(issues, at(e.blame(c, m, path...), Issue{Resource: m.ID(), Field: strings.Join(path, "."), Expected: "a value", Actual: "nothing"}))
		}
	}
	return issues, nil
}
