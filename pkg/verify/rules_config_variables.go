package verify

import (
	"regexp"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/lazy"
)

func variablesProvided(e *Env) ([]Issue, error) {
	c, configs, err := e.appConfigs()
	if err != nil {
		return nil, err
	}
	issues, err := e.variableIssues(c, c.Object("Deployment", ""), configs)
	for _, job := range c.Objects("Job") { // each hook has an app-config of its own
		configs, jobErr := hookConfigs(c, job)
		if jobErr == nil {
			var more []Issue
			more, jobErr = e.variableIssues(c, job, configs)
			issues = append(issues, more...)
		}
		if err == nil {
			err = jobErr
		}
	}
	if len(issues) > 0 { // what is certain is said, whatever else cannot be told
		return issues, nil
	}
	return nil, err
}

// hookConfigs are the app-config files that a hook mounts.
func hookConfigs(c *Component, job *helmchart.Manifest) ([]appConfig, error) {
	var configs []appConfig
	mounted := configMaps(podSpec(job))
	hooks, _ := c.hooks() // one of the sync itself is hook/annotations' business
	for _, m := range hooks {
		for _, key := range sortedKeys(dig.Map(m.Object, "data")) {
			if m.Kind() != "ConfigMap" || !mounted[m.Name()] || !appConfigKey().MatchString(key) {
				continue
			}
			root, err := parseYAML(m.Template, dig.Text(m.Object, "data", key))
			if err != nil {
				return nil, err
			}
			configs = append(configs, appConfig{m, key, root})
		}
	}
	return configs, nil
}

// variableIssues are the variables of a workload's app-configs that its process does not have. It cannot be told when a
// Secret or ConfigMap with unknown keys fills the process' environment.
func (e *Env) variableIssues(c *Component, workload *helmchart.Manifest, configs []appConfig) ([]Issue, error) {
	provided, unknown := e.environment(backstageContainer(workload))
	portal, _ := e.environment(mainContainer(c.Object("Deployment", "")))
	var issues []Issue
	for _, config := range configs {
		for _, name := range variables(config.root) {
			if provided[name] || config.scripted(name) || strings.HasPrefix(name, "POSTGRES_") && !portal[name] { // database/secret reports those
				continue
			}
			if unknown != "" {
				return nil, notApplicable("${" + name + "} may come from " + unknown + ", which is not in this tree")
			}
			issues = append(issues, at(e.variablePlace(c, config, "${"+name), Issue{
				Resource: config.manifest.ID(), Field: "${" + name + "}", Expected: "a variable of the container", Actual: "nothing provides it",
			}))
		}
	}
	return issues, nil
}

// variablePlace is the value that holds a text, or the line of the template.
func (e *Env) variablePlace(c *Component, config appConfig, part string) helmchart.Pos {
	var place helmchart.Pos
	c.Values.Walk(func(_ []string, value any, origin helmchart.Pos) bool {
		if s, ok := value.(string); ok && strings.Contains(s, part) {
			place = origin
		}
		return place.File == ""
	})
	if place.File != "" {
		return place
	}
	for _, file := range e.templates(c, config.manifest) {
		if line := e.tree.lineOf(file, part); line > 0 {
			return helmchart.Pos{File: file, Line: line}
		}
	}
	return helmchart.Pos{File: config.manifest.Template}
}

// scripted tells whether a script beside the app-config sets a variable before it starts Backstage.
func (a appConfig) scripted(name string) bool {
	assigns := regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\s*[:=]`)
	for key, text := range dig.Map(a.manifest.Object, "data") {
		if !appConfigKey().MatchString(key) && assigns.MatchString(dig.Text(text)) {
			return true
		}
	}
	return false
}

// substitution is $${text}, which is left alone, or ${NAME} or ${NAME:-default} (config-loader's substitution transform).
var substitution = lazy.Regexp(`\$?\$\{[^{}]*\}`)

// variables are the names, sorted, that a config substitutes and that have no default. Only values count: a comment or a
// key is never substituted.
func variables(config any) []string {
	var names []string
	switch node := config.(type) {
	case map[string]any:
		for key, v := range node {
			if name, ok := v.(string); ok && key == "$env" && len(node) == 1 {
				names = append(names, name)
				continue
			}
			names = append(names, variables(v)...)
		}
	case []any:
		for _, v := range node {
			names = append(names, variables(v)...)
		}
	case string:
		for _, found := range substitution().FindAllString(node, -1) {
			name, plain := strings.CutPrefix(found, "${")
			if plain && !strings.Contains(name, ":-") {
				names = append(names, strings.TrimSpace(strings.TrimSuffix(name, "}")))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// environment is what a container's environment holds: its own variables, and the keys of Secrets and ConfigMaps that a
// component of the tree makes. unknown is a source whose keys nobody can tell, empty when there is none.
func (e *Env) environment(container map[string]any) (names map[string]bool, unknown string) {
	names = map[string]bool{}
	for _, v := range dig.List(container, "env") {
		names[dig.Text(v, "name")] = true
	}
	for _, v := range dig.List(container, "envFrom") {
		source := "Secret/" + dig.Text(v, "secretRef", "name")
		keys, known := e.secretKeys(dig.Text(v, "secretRef", "name"))
		if config := dig.Text(v, "configMapRef", "name"); config != "" {
			source = "ConfigMap/" + config
			m, _ := e.Find("ConfigMap", config)
			keys, known = keysOf(m, "data"), m != nil
		}
		if !known {
			unknown = source
		}
		for _, key := range keys {
			names[dig.Text(v, "prefix")+key] = true
		}
	}
	return names, unknown
}

// secretKeys are the keys of a Secret of the environment, which a chart or External Secrets makes; known is false when
// nothing in the tree tells them.
func (e *Env) secretKeys(name string) (keys []string, known bool) {
	if m, _ := e.Find("Secret", name); m != nil {
		return append(keysOf(m, "data"), keysOf(m, "stringData")...), true
	}
	for _, component := range append([]string{ComponentName}, e.names...) {
		c := e.Component(component)
		for _, m := range c.Objects("ExternalSecret") {
			target := dig.Map(m.Object, "spec", "target")
			if dig.Text(target, "name") != name && (dig.Text(target, "name") != "" || m.Name() != name) {
				continue
			}
			if target["template"] != nil || len(dig.List(m.Object, "spec", "dataFrom")) > 0 {
				return nil, false
			}
			for _, d := range dig.List(m.Object, "spec", "data") {
				keys = append(keys, dig.Text(d, "secretKey"))
			}
			return keys, true
		}
	}
	return nil, false
}

// keysOf are the keys of an object's map, none of no object.
func keysOf(m *helmchart.Manifest, field string) []string {
	if m == nil {
		return nil
	}
	return sortedKeys(dig.Map(m.Object, field))
}
