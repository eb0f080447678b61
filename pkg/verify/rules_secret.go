package verify

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/lazy"
)

func secretRules() []Rule {
	inline := rule("secret/inline", "no secret stands in values, ConfigMaps, environment variables or Secret manifests", "keep it in Vault and sync it with an ExternalSecret; then change the secret, Git remembers it")
	inline.Sensitive = true
	return []Rule{
		{RuleInfo: inline, Tree: noInlineSecrets},
		{RuleInfo: rule("secret/placeholder", "no placeholder stands in for a value in a managed environment", "write the real value, or for a secret keep it in Vault"), Tree: noPlaceholders},
		{RuleInfo: rule("secret/external", "the session secret comes from the spec's Vault entry through a store of this tree, and follows it", "mend the ExternalSecret"), Env: externalSecrets},
	}
}

var (
	credentialName = lazy.Regexp(`(?i)(?:^|[a-z0-9_.-])(?:password|passwd|passphrase|secret|token|api[-_]?key|private[-_]?key|access[-_]?key|credentials?)$`)
	// Names of what often is no secret: what Backstage's proxy asks of callers, or the file that credentials are read from.
	credentialsName = lazy.Regexp(`(?i)credentials?$`)
	noCredentials   = lazy.Regexp(`^(?:require|forward|dangerously-allow-unauthenticated|(?:/[\w.@-]+){2,})$`)
	// Names that end like a credential and hold none: the name of a Secret.
	credentialReference = lazy.Regexp(`(?i)(?:pull|password|existing|tls|login)[-_]?secret$|secret[-_]?(?:name|key|ref)$|vault[-_]?key$`)
	credentialText      = lazy.Regexp(`-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[pousr]_[A-Za-z0-9]{30,}|\bglpat-[A-Za-z0-9_-]{20,}|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bhvs\.[A-Za-z0-9_-]{20,}|://[^/\s:@${}]+:[^/\s@${}]+@`)
	harmlessText        = lazy.Regexp(`^\s*(?:\$\{[^}]*\}|\$\([^)]*\)|\{\{.*\}\}|true|false|null|~)?\s*$`)
	placeholderText     = lazy.Regexp(`CHANGE_?ME|REPLACE_?ME|__generate__|keycloak_generated_placeholder|\bplaceholder_\w+|C1tr0n3lla!|\bplatform_client_secret\b|\bwww_ameide_platform_keycloak_secret\b`)
)

// credential tells whether a text under a name is a secret. Names of Secrets are none.
func credential(name, text string, known map[string]bool) bool {
	if harmlessText().MatchString(text) || placeholderText().MatchString(text) || known[text] {
		return false
	}
	if credentialText().MatchString(text) {
		return true
	}
	if credentialsName().MatchString(name) && noCredentials().MatchString(text) {
		return false
	}
	return credentialName().MatchString(name) && !credentialReference().MatchString(name)
}

// secretNames are the names that a credential-like key may hold: Secrets of the spec and of the portal's objects.
func (e *Env) secretNames() map[string]bool {
	s := e.tree.Spec
	known := map[string]bool{
		s.OIDC.SecretName: true, s.OIDC.SecretKey: true, s.OIDC.Vault.Key: true, s.Session.Key: true,
		s.Database.SecretName: true, s.Secrets.PullSecret: true,
	}
	if c, err := e.rendered(); err == nil {
		for _, m := range c.Objects("ExternalSecret") {
			known[target(m)] = true
			for _, data := range dig.List(m.Object, "spec", "data") {
				known[dig.Text(data, "secretKey")] = true
			}
		}
	}
	return known
}

// each collects the findings of every environment, each once.
func each(t *Tree, ask func(*Env) []Issue) []Issue {
	var issues []Issue
	for _, e := range t.Envs {
		issues = append(issues, ask(e)...)
	}
	return sorted(once(issues))
}

// once leaves out findings about a field at a place that an earlier one is about.
func once(issues []Issue) []Issue {
	var out []Issue
	for _, i := range issues {
		if !slices.ContainsFunc(out, func(o Issue) bool { return o.File == i.File && o.Line == i.Line && o.Field == i.Field }) {
			out = append(out, i)
		}
	}
	return out
}

func noInlineSecrets(t *Tree) ([]Issue, error) { return each(t, inlineSecrets), nil }

func inlineSecrets(e *Env) []Issue {
	known := e.secretNames()
	issues := e.secretValues(known)
	if client, err := e.client(); err == nil {
		for _, field := range []string{"secret", "clientSecret"} {
			if got := dig.Text(client.node, "spec", field); got != "" {
				issues = append(issues, at(client.place("spec", field), secretIssue("", "spec."+field, got)))
			}
		}
	}
	c, err := e.rendered()
	if err != nil {
		return issues
	}
	for _, m := range c.Manifests {
		for _, i := range e.secretsIn(c, m, known) {
			// The value file that holds it is reported already.
			if !slices.ContainsFunc(issues, func(o Issue) bool { return o.File == i.File && o.Line == i.Line }) {
				issues = append(issues, i)
			}
		}
	}
	return issues
}

// secretIssue never repeats the secret.
func secretIssue(resource, field, secret string) Issue {
	return Issue{Resource: resource, Field: field, Expected: "a reference", Actual: "a literal of " + strconv.Itoa(len(secret)) + " characters"}
}

// secretValues are secrets in the value files that the portal is rendered with.
func (e *Env) secretValues(known map[string]bool) []Issue {
	c := e.Portal()
	if c == nil || c.Values == nil {
		return nil
	}
	var issues []Issue
	c.Values.Walk(func(path []string, value any, origin helmchart.Pos) bool {
		if s, ok := value.(string); ok && len(path) > 0 && credential(lastName(path), s, known) {
			issues = append(issues, at(origin, secretIssue("", strings.Join(path, "."), s)))
		}
		return true
	})
	return issues
}

// lastName is the last key of a path that is not a list's index.
func lastName(path []string) string {
	for _, key := range slices.Backward(path) {
		if _, err := strconv.Atoi(key); err != nil {
			return key
		}
	}
	return ""
}

// secretsIn are secrets in one rendered object: any content of a Secret, literals of a ConfigMap and its app-config, of
// environment variables and annotations.
func (e *Env) secretsIn(c *Component, m *helmchart.Manifest, known map[string]bool) []Issue {
	var issues []Issue
	found := func(path []string, text string) {
		pos := e.textPlace(c, m, path, text, text)
		issues = append(issues, at(pos, secretIssue(m.ID(), strings.Join(path, "."), text)))
	}
	if m.Kind() == "Secret" || m.Kind() == "SealedSecret" {
		for _, field := range []string{"data", "stringData", "encryptedData"} {
			walkText(dig.At(m.Object, field), []string{field}, found)
		}
		walkText(dig.At(m.Object, "spec", "encryptedData"), []string{"spec", "encryptedData"}, found)
		return issues
	}
	judge := func(path []string, text string) {
		if credential(lastName(path), text, known) && !reference(path) {
			found(path, text)
		}
	}
	walkText(m.Object, nil, judge)
	for _, container := range containers(podSpec(m)) {
		for _, entry := range dig.List(container, "env") {
			if name, v := dig.Text(entry, "name"), dig.Text(entry, "value"); credential(name, v, known) && !credentialText().MatchString(v) {
				found([]string{"env", name, "value"}, v)
			}
		}
	}
	if m.Kind() == "ConfigMap" {
		for _, key := range sortedKeys(dig.Map(m.Object, "data")) {
			if root, err := parseYAML(m.Template, dig.Text(m.Object, "data", key)); err == nil && dig.Map(root) != nil {
				walkText(root, nil, judge)
			}
		}
	}
	return issues
}

// reference tells whether a path leads to where Kubernetes names Secrets and keys.
func reference(path []string) bool {
	for _, key := range path {
		switch key {
		case "secretKeyRef", "secretRef", "remoteRef", "secretName", "volumes", "imagePullSecrets", "labels", "matchLabels", "secretStoreRef":
			return true
		}
	}
	return false
}

// managed environments are those that more than one person uses: all but those on a laptop.
func managed(e *Env) bool { return e.Cluster != "local" }

func noPlaceholders(t *Tree) ([]Issue, error) {
	return each(t, func(e *Env) []Issue {
		if !managed(e) {
			return nil
		}
		return e.placeholders()
	}), nil
}

func (e *Env) placeholders() []Issue {
	var issues []Issue
	if c := e.Portal(); c != nil && c.Values != nil {
		c.Values.Walk(func(path []string, value any, origin helmchart.Pos) bool {
			if s, ok := value.(string); ok && placeholderText().MatchString(s) {
				issues = append(issues, at(origin, Issue{Field: strings.Join(path, "."), Expected: "a real value", Actual: placeholderText().FindString(s)}))
			}
			return true
		})
	}
	if client, err := e.client(); err == nil {
		walkText(client.node, nil, func(path []string, s string) {
			if placeholderText().MatchString(s) {
				issues = append(issues, at(client.place(path...), Issue{Field: strings.Join(path, "."), Expected: "a real value", Actual: placeholderText().FindString(s)}))
			}
		})
	}
	if len(issues) > 0 {
		return issues // what is rendered from them is the same finding
	}
	c, err := e.rendered()
	if err != nil {
		return nil
	}
	for _, m := range c.Manifests {
		walkText(m.Object, nil, func(path []string, s string) {
			if found := placeholderText().FindString(s); found != "" {
				issues = append(issues, at(e.textPlace(c, m, path, s, found), Issue{Resource: m.ID(), Field: strings.Join(path, "."), Expected: "a real value", Actual: found}))
			}
		})
	}
	return issues
}
