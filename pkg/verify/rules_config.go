package verify

import (
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/catalog"
	"github.com/ameideio/ameide/pkg/dig"
)

func configRules() []Rule {
	return []Rule{
		{RuleInfo: rule("config/variables", "every ${VAR} of app-config is in the container's environment", "provide it with extraEnv or extraEnvFrom; Backstage drops the key of a missing one without a word"), Env: variablesProvided},
		{RuleInfo: rule("config/keys", "app-config has only keys that the Backstage release reads", "remove the key; Backstage ignores it without a word"), Env: keysKnown},
		{RuleInfo: rule("config/catalog-rules", "catalog.rules allow every kind that the catalog has", "add the kind to catalog.allow"), Env: kindsAllowed},
		{RuleInfo: rule("config/techdocs", "app-config has a techdocs section", "set techdocs.builder and techdocs.publisher; the plugin does not start without them"), Env: techdocsConfigured},
	}
}

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
	for _, r := range dig.List(rules) {
		for _, kind := range dig.Texts(r, "allow") {
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
		if v, _ := setting(configs, path...); dig.Text(v) == "" {
			m := configs[0].manifest
			issues = append(issues, at(e.blame(c, m, path...), Issue{Resource: m.ID(), Field: strings.Join(path, "."), Expected: "a value", Actual: "nothing"}))
		}
	}
	return issues, nil
}
