package verify

import (
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/lazy"
	"github.com/ameideio/ameide/pkg/spec"
)

const clustersComponent = "platform-postgres-clusters"

func databaseRules() []Rule {
	return []Rule{
		{RuleInfo: rule("database/triple", "role, application user and database are in the environment's effective lists", "run generate; the last values file that names a list replaces all others"), Env: databaseTriple},
		{RuleInfo: rule("database/createdb", "the division mode is the spec's, and the role may create the databases that it needs", "say createdb: true for the role; Backstage makes a database for each plugin"), Env: databaseDivision},
		{RuleInfo: rule("database/secret", "role, application user and Deployment name one Secret, and it has what the portal reads", "use the spec's Secret, and a template of app-secrets.yaml with the POSTGRES_ keys"), Env: databaseSecret},
		{RuleInfo: rule("database/host", "the portal connects to the primary of the spec's cluster", "use the cluster's -rw Service"), Env: databaseHost},
	}
}

func rolesPath() []string { return []string{"managed", "roles"} }
func usersPath() []string { return []string{"credentials", "appUsers"} }

func databaseTriple(e *Env) ([]Issue, error) {
	c, err := e.values(clustersComponent)
	if err != nil {
		return nil, err
	}
	db := e.tree.Spec.Database
	issues := c.declared(rolesPath(), db.Role, map[string]string{"ensure": "present", "login": "true"})
	issues = append(issues, c.declared(usersPath(), db.Role, map[string]string{"database": db.Name, "username": db.Role})...)
	return append(issues, c.declared([]string{"databases"}, db.Name, map[string]string{"owner": db.Role})...), nil
}

// declared asks a list for an entry of a name with these fields.
func (c *Component) declared(list []string, name string, fields map[string]string) []Issue {
	entry := c.entry(list, "name", name)
	if entry == nil {
		return []Issue{at(c.Values.Origin(list...), Issue{Field: strings.Join(list, "."), Expected: "name: " + name, Actual: "nothing"})}
	}
	var issues []Issue
	for _, field := range sortedKeys(fields) {
		issues = append(issues, entry.mismatch(fields[field], field)...)
	}
	return issues
}

func databaseDivision(e *Env) ([]Issue, error) {
	db := e.tree.Spec.Database
	var issues []Issue
	clusters, err := e.values(clustersComponent)
	if err == nil && db.DivisionMode == spec.DivisionDatabase {
		if role := clusters.entry(rolesPath(), "name", db.Role); role != nil {
			issues = role.mismatch("true", "createdb")
		}
	}
	c, configs, configErr := e.appConfigs()
	if configErr != nil {
		if err != nil {
			return nil, err
		}
		return issues, nil
	}
	for _, f := range []struct{ key, want, missing, leaf string }{
		{"pluginDivisionMode", string(db.DivisionMode), string(spec.DivisionDatabase), "divisionMode"},
		{"prefix", db.PluginPrefix, "backstage_plugin_", "prefix"},
	} {
		v, config := setting(configs, "backend", "database", f.key)
		got := dig.Text(v)
		if got == "" {
			got, config = f.missing, &configs[0]
		}
		if got != f.want {
			pos := e.cause(c, config.manifest, got, []string{"postgresql", f.leaf}, "backend", "database", f.key)
			issues = append(issues, at(pos, Issue{Field: "backend.database." + f.key, Expected: f.want, Actual: got}))
		}
	}
	return issues, nil
}

// databaseSecret follows the Secret: the operator's role and the application user name it, the chart makes it, the
// Deployment takes its environment from it.
func databaseSecret(e *Env) ([]Issue, error) {
	c, err := e.values(clustersComponent)
	if err != nil {
		return nil, err
	}
	db := e.tree.Spec.Database
	var issues []Issue
	if role := c.entry(rolesPath(), "name", db.Role); role != nil {
		issues = append(issues, role.mismatch(db.SecretName, "passwordSecret", "name")...)
	}
	if user := c.entry(usersPath(), "name", db.Role); user != nil {
		wrong := user.mismatch(db.SecretName, "secretName")
		if len(wrong) == 0 {
			wrong = e.databaseSecretMade(c, user)
		}
		issues = append(issues, wrong...)
	}
	return append(issues, e.databaseSecretRead()...), nil
}

// databaseKeys are the keys that the portal's environment needs of the database Secret.
func databaseKeys() []string {
	return []string{"POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_USER", "POSTGRES_PASSWORD"}
}

func (e *Env) databaseSecretMade(c *Component, user *listEntry) []Issue {
	if c.Err != nil {
		if _, skip := skipped(c.Err); skip {
			return nil
		}
		return chartIssues(c.Err)
	}
	m := c.Object("Secret", e.tree.Spec.Database.SecretName)
	if m == nil {
		return nil // made in another way, for example from Vault
	}
	var issues []Issue
	var missing []string
	for _, key := range databaseKeys() {
		if dig.Text(m.Object, "stringData", key) == "" && dig.Text(m.Object, "data", key) == "" {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		issues = append(issues, e.missingKeys(m, user, strings.Join(missing, ", ")))
	}
	return append(issues, e.rawPasswords(m, dig.Text(user.node, "template"))...)
}

// missingKeys blames the template branch if the user asks for the portal's, or else the user's choice of a template.
func (e *Env) missingKeys(m *helmchart.Manifest, user *listEntry, keys string) Issue {
	i := Issue{Resource: m.ID(), Field: "stringData", Expected: keys, Actual: "nothing"}
	template := dig.Text(user.node, "template")
	if template == portalTemplate {
		i.File, i.Line = m.Template, e.tree.lineOf(m.Template, `$template "`+template+`"`)
		return i
	}
	i.Expected = "template: " + portalTemplate + ", for " + keys
	i.Actual = orNothing(template)
	return at(user.place("template"), i)
}

// portalTemplate is the branch of app-secrets.yaml for the portal.
const portalTemplate = "backstage"

var (
	postgresURL  = lazy.Regexp(`postgres(?:ql)?://`)
	rawPassword  = lazy.Regexp(`\$password\b`)
	otherBranch  = lazy.Regexp(`^\s*\{\{-?\s*(?:else|end)\b`)
	encodingFunc = lazy.Regexp(`\b(?:urlquery|urlPathEscape)\b`)
)

// rawPasswords finds URLs of the branch with a password that is not encoded: it may hold any character.
func (e *Env) rawPasswords(m *helmchart.Manifest, template string) []Issue {
	text, err := e.tree.read(m.Template)
	if err != nil {
		return nil
	}
	lines := strings.Split(string(text), "\n")
	start := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, `$template "`+template+`"`) })
	if start < 0 {
		return nil
	}
	var issues []Issue
	for n := start + 1; n < len(lines) && !otherBranch().MatchString(lines[n]); n++ {
		if postgresURL().MatchString(lines[n]) && rawPassword().MatchString(lines[n]) && !encodingFunc().MatchString(lines[n]) {
			issues = append(issues, Issue{
				File: m.Template, Line: n + 1, Resource: m.ID(), Expected: "the password piped to urlquery", Actual: "the password as it is",
				Hint: "a password with @, / or # breaks the URL",
			})
		}
	}
	return issues
}

// databaseSecretRead: the Deployment takes its environment from the Secret, as a whole or key by key.
func (e *Env) databaseSecretRead() []Issue {
	c, m, err := e.object("Deployment")
	if err != nil {
		return nil
	}
	name := e.tree.Spec.Database.SecretName
	container := mainContainer(m)
	var read []string
	for _, from := range dig.List(container, "envFrom") {
		if got := dig.Text(from, "secretRef", "name"); got != "" {
			read = append(read, got)
		}
	}
	for _, key := range databaseKeys() {
		if got := dig.Text(envVar(container, key), "valueFrom", "secretKeyRef", "name"); got != "" {
			read = append(read, got)
		}
	}
	if slices.Contains(read, name) {
		return nil
	}
	pos := e.cause(c, m, strings.Join(read, ", "), []string{"postgresql", "secretName"}, "envFrom", "secretRef", "name")
	return []Issue{at(pos, Issue{Resource: m.ID(), Field: "envFrom.secretRef.name", Expected: name, Actual: orNothing(strings.Join(read, ", "))})}
}

func databaseHost(e *Env) ([]Issue, error) {
	db := e.tree.Spec.Database
	var issues []Issue
	clusters, err := e.values(clustersComponent)
	if err == nil {
		issues = e.secretHost(clusters)
	}
	c, configs, configErr := e.appConfigs()
	if configErr != nil && err != nil {
		return nil, err
	}
	if configErr != nil {
		return issues, nil
	}
	_, deployment, err := e.object("Deployment")
	if err != nil {
		return issues, nil
	}
	check := func(want, leaf string, path ...string) {
		v, config := setting(configs, below([]string{"backend", "database"}, path...)...)
		got, known := expand(mainContainer(deployment), dig.Text(v))
		if !known || got == want {
			return
		}
		if config == nil {
			config = &configs[0]
		}
		pos := e.cause(c, config.manifest, got, []string{"postgresql", leaf}, below([]string{"backend", "database"}, path...)...)
		issues = append(issues, at(pos, Issue{Field: "backend.database." + strings.Join(path, "."), Expected: want, Actual: orNothing(got)}))
	}
	check("pg", "client", "client")
	check(db.Host, "host", "connection", "host")
	check(portText(db), "port", "connection", "port")
	return once(append(issues, declaredHost(c, db)...)), nil
}

// declaredHost: the portal's own values say where the database is; network rules and people go by it, whatever the
// Secret says.
func declaredHost(c *Component, db spec.Database) []Issue {
	var issues []Issue
	for _, f := range [][2]string{{"host", db.Host}, {"port", portText(db)}} {
		if v, pos, ok := c.Values.Lookup("postgresql", f[0]); ok && dig.Text(v) != f[1] {
			issues = append(issues, at(pos, Issue{Field: "postgresql." + f[0], Expected: f[1], Actual: orNothing(dig.Text(v))}))
		}
	}
	return issues
}

func portText(db spec.Database) string { return dig.Text(db.Port) }

// secretHost compares what the cluster's chart puts into the Secret, or else the name of the cluster.
func (e *Env) secretHost(c *Component) []Issue {
	db := e.tree.Spec.Database
	if v, pos, ok := c.Values.Lookup("cluster", "name"); ok && dig.Text(v) != db.Cluster {
		return []Issue{at(pos, Issue{Field: "cluster.name", Expected: db.Cluster, Actual: text(v)})}
	}
	m := c.Object("Secret", db.SecretName)
	if m == nil {
		return nil
	}
	var issues []Issue
	for _, f := range [][3]string{{"POSTGRES_HOST", db.Host, "host"}, {"POSTGRES_PORT", portText(db), "port"}} {
		if got := dig.Text(m.Object, "stringData", f[0]); got != "" && got != f[1] {
			pos := e.cause(c, m, got, []string{"credentials", f[2]}, f[0])
			issues = append(issues, at(pos, Issue{Resource: m.ID(), Field: f[0], Expected: f[1], Actual: got}))
		}
	}
	return issues
}
