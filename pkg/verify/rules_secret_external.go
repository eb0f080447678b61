package verify

import (
	"slices"
	"strings"
	"time"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
)

// externalSecrets judges every ExternalSecret of the portal's, and follows the session secret from app-config back to
// Vault.
func externalSecrets(e *Env) ([]Issue, error) {
	c, err := e.rendered()
	if err != nil {
		return nil, err
	}
	var issues []Issue
	for _, m := range c.Objects("ExternalSecret") {
		issues = append(issues, e.storeIssues(c, m)...)
		issues = append(issues, e.refreshIssues(c, m)...)
	}
	return append(issues, e.sessionIssues(c)...), nil
}

// storeIssues: the store is the spec's, and this tree makes it where it is a namespace's own.
func (e *Env) storeIssues(c *Component, m *helmchart.Manifest) []Issue {
	ref := dig.Map(m.Object, "spec", "secretStoreRef")
	kind, name := dig.Text(ref, "kind"), dig.Text(ref, "name")
	if kind == "" {
		kind = "SecretStore"
	}
	if kind == e.tree.Spec.Secrets.StoreKind && name == e.tree.Spec.Secrets.StoreName {
		return nil
	}
	if found, _ := e.Find(kind, name); found != nil {
		return nil
	}
	field, got, want := "name", name, e.tree.Spec.Secrets.StoreName
	if kind != e.tree.Spec.Secrets.StoreKind {
		field, got, want = "kind", kind, e.tree.Spec.Secrets.StoreKind
	}
	pos := e.cause(c, m, got, []string{"externalSecrets", "storeRef", field}, "secretStoreRef", field)
	return []Issue{at(pos, Issue{Resource: m.ID(), Field: "spec.secretStoreRef." + field, Expected: want, Actual: orNothing(got)})}
}

// refreshIssues: without an interval, or with 0, a Secret never follows Vault.
func (e *Env) refreshIssues(c *Component, m *helmchart.Manifest) []Issue {
	got := dig.Text(m.Object, "spec", "refreshInterval")
	if d, err := time.ParseDuration(got); err == nil && d > 0 {
		return nil
	}
	pos := e.cause(c, m, got, []string{"externalSecrets", "refreshInterval"}, "spec", "refreshInterval")
	return []Issue{at(pos, Issue{Resource: m.ID(), Field: "spec.refreshInterval", Expected: e.tree.Spec.Secrets.RefreshInterval, Actual: orNothing(got)})}
}

// sessionIssues follows auth.session.secret: variable, Secret, ExternalSecret, Vault entry.
func (e *Env) sessionIssues(c *Component) []Issue {
	_, configs, err := e.appConfigs()
	if err != nil {
		return nil
	}
	v, _ := setting(configs, "auth", "session", "secret")
	_, deployment, err := e.object("Deployment")
	if err != nil || variable(v) == "" {
		return nil // oidc/provider and secret/inline report it
	}
	ref := dig.Map(envVar(mainContainer(deployment), variable(v)), "valueFrom", "secretKeyRef")
	if ref == nil {
		return nil // config/variables reports it
	}
	m, data := sessionEntry(c, dig.Text(ref, "name"), dig.Text(ref, "key"))
	if data == nil {
		pos := e.blame(c, deployment, "env", variable(v), "secretKeyRef", "name")
		return []Issue{at(pos, Issue{
			Resource: deployment.ID(), Field: "env." + variable(v), Expected: "a Secret that an ExternalSecret makes", Actual: dig.Text(ref, "name") + ", key " + dig.Text(ref, "key"),
		})}
	}
	session := e.tree.Spec.Session
	var issues []Issue
	for _, f := range [][2]string{{"key", session.Key}, {"property", session.Field}} {
		if got := dig.Text(data, "remoteRef", f[0]); got != f[1] {
			pos := e.cause(c, m, got, []string{"externalSecrets", "session", f[0]}, "data", "remoteRef", f[0])
			issues = append(issues, at(pos, Issue{Resource: m.ID(), Field: "spec.data.remoteRef." + f[0], Expected: f[1], Actual: orNothing(got)}))
		}
	}
	return append(issues, e.sessionSeeded()...)
}

// sessionEntry is the entry of an ExternalSecret that makes a key of a Secret.
func sessionEntry(c *Component, secret, key string) (*helmchart.Manifest, map[string]any) {
	for _, m := range c.Objects("ExternalSecret") {
		if target(m) != secret {
			continue
		}
		if data, n := indexed(m.Object, "secretKey", key, "spec", "data"); n >= 0 {
			return m, data
		}
	}
	return nil, nil
}

// sessionSeeded: somebody must create the entry. Where this tree's Vault bootstrap creates random ones, it is that list.
func (e *Env) sessionSeeded() []Issue {
	c, err := e.values(vaultBootstrap)
	if err != nil {
		return nil
	}
	list, pos, ok := c.Values.Lookup("randomKeys")
	if !ok || slices.Contains(dig.Texts(list), e.tree.Spec.Session.Key) {
		return nil
	}
	return []Issue{at(pos, Issue{
		Field: "randomKeys", Expected: e.tree.Spec.Session.Key, Actual: orNothing(strings.Join(dig.Texts(list), ", ")),
		Hint: "Vault would never have the session secret; run generate",
	})}
}
