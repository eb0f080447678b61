package verify

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/spec"
)

// isProduction tells the environment that needs the most care.
func isProduction(e *Env) bool { return spec.IsProduction(e.Name) }

// clientSecrets is the realm chart's ExternalSecret that makes the Secret of the OIDC clients, and the reason why there
// is none.
func (e *Env) clientSecrets() (*Component, *helmchart.Manifest, error) {
	c := e.Component(realmComponent)
	if c == nil {
		return nil, nil, notApplicable("no Application " + e.Name + "-" + realmComponent + " is generated")
	}
	if c.Err != nil {
		return c, nil, c.Err
	}
	for _, m := range c.Objects("ExternalSecret") {
		if target(m) == e.tree.Spec.OIDC.SecretName {
			return c, m, nil
		}
	}
	return c, nil, nil
}

// target is the name of the Secret that an ExternalSecret makes.
func target(m *helmchart.Manifest) string {
	if name := dig.Text(m.Object, "spec", "target", "name"); name != "" {
		return name
	}
	return m.Name()
}

// vaultKeysAgree follows the secret: extraction writes the key, the ExternalSecret reads it.
func vaultKeysAgree(e *Env) ([]Issue, error) {
	c, err := e.values(realmComponent)
	if err != nil {
		return nil, err
	}
	oidc := e.tree.Spec.OIDC
	var issues []Issue
	if entry := c.entry(extractedPath(), "clientId", oidc.ClientID); entry != nil {
		issues = entry.mismatch(oidc.Vault.Key, "vaultKey")
	}
	c, m, err := e.clientSecrets()
	if err != nil || m == nil {
		return issues, nil // oidc/secret-key reports it
	}
	data, _ := indexed(m.Object, "secretKey", oidc.SecretKey, "spec", "data")
	if data == nil {
		return issues, nil
	}
	for _, f := range [][2]string{{"key", oidc.Vault.Key}, {"property", oidc.Vault.Field}} {
		if got := dig.Text(data, "remoteRef", f[0]); got != f[1] {
			issues = append(issues, at(e.blame(c, m, "data", oidc.SecretKey, f[0]), Issue{
				Resource: m.ID(), Field: "spec.data.remoteRef." + f[0], Expected: f[1], Actual: orNothing(got),
			}))
		}
	}
	return issues, nil
}

// secretKeysAgree follows the secret on: the ExternalSecret makes a key of a Secret, the Deployment reads it.
func secretKeysAgree(e *Env) ([]Issue, error) {
	issues, err := e.secretSynced()
	if err != nil {
		return nil, err
	}
	p, err := e.oidcProvider()
	if err != nil {
		return issues, nil
	}
	return append(issues, e.secretRead(p)...), nil
}

func (e *Env) secretSynced() ([]Issue, error) {
	oidc := e.tree.Spec.OIDC
	c, m, err := e.clientSecrets()
	if err != nil {
		if _, skip := skipped(err); skip {
			return nil, err
		}
		return chartIssues(err), nil
	}
	if m == nil {
		pos := c.Values.Origin("oidcClientSecrets", "targetSecretName")
		if v, p, ok := c.Values.Lookup("oidcClientSecrets", "enabled"); ok && dig.Text(v) == "false" {
			pos = p
		}
		return []Issue{at(pos, Issue{Expected: "an ExternalSecret that makes Secret " + oidc.SecretName, Actual: "nothing"})}, nil
	}
	if data, _ := indexed(m.Object, "secretKey", oidc.SecretKey, "spec", "data"); data == nil {
		return []Issue{at(e.blame(c, m, "data"), Issue{Resource: m.ID(), Field: "spec.data", Expected: "secretKey: " + oidc.SecretKey, Actual: "nothing"})}, nil
	}
	return nil, nil
}

// secretRead judges the reference behind the variable that app-config takes the client secret from. A variable that is
// missing is rule config/variables's, a literal value secret/inline's.
func (e *Env) secretRead(p *providers) []Issue {
	name := variable(dig.At(p.blocks, p.environment, "clientSecret"))
	ref := dig.Map(envVar(mainContainer(p.deployment), name), "valueFrom", "secretKeyRef")
	if name == "" || ref == nil {
		return nil
	}
	oidc := e.tree.Spec.OIDC
	var issues []Issue
	for _, f := range [][3]string{{"name", oidc.SecretName, "secretName"}, {"key", oidc.SecretKey, "secretKey"}} {
		if got := dig.Text(ref, f[0]); got != f[1] {
			pos := e.cause(p.comp, p.deployment, got, []string{"auth", "oidc", f[2]}, "env", name, "secretKeyRef", f[0])
			issues = append(issues, at(pos, Issue{Resource: p.deployment.ID(), Field: "env." + name + ".secretKeyRef." + f[0], Expected: f[1], Actual: orNothing(got)}))
		}
	}
	if dig.Text(ref, "optional") == "true" {
		issues = append(issues, at(e.blame(p.comp, p.deployment, "env", name, "secretKeyRef", "optional"), Issue{
			Resource: p.deployment.ID(), Field: "env." + name + ".secretKeyRef.optional", Expected: "false", Actual: "true",
			Hint: "without the Secret the portal would start and sign nobody in",
		}))
	}
	return issues
}

// issuerAgrees compares the issuer that app-config's metadata URL leads to with the spec's, and its realm with the realm
// chart's.
func issuerAgrees(e *Env) ([]Issue, error) {
	issues := e.issuerSafe()
	if c, err := e.values(realmComponent); err == nil {
		if v, pos, ok := c.Values.Lookup("realm", "name"); ok && dig.Text(v) != e.tree.Spec.OIDC.Realm {
			issues = append(issues, at(pos, Issue{Field: "realm.name", Expected: e.tree.Spec.OIDC.Realm, Actual: text(v)}))
		}
	}
	p, err := e.oidcProvider()
	if err != nil && len(issues) > 0 {
		return issues, nil
	}
	if err != nil {
		return nil, err
	}
	url := dig.Text(p.blocks, p.environment, "metadataUrl")
	full, known := expand(mainContainer(p.deployment), url)
	got := strings.TrimSuffix(full, "/.well-known/openid-configuration")
	if !known || url == "" || got == e.Issuer {
		return issues, nil
	}
	i := Issue{Field: "issuer", Expected: e.Issuer, Actual: orNothing(got)}
	leaf := []string{"auth", "oidc", "issuer"}
	if name := variable(url); name != "" {
		return append(issues, at(e.cause(p.comp, p.deployment, got, leaf, "env", name, "value"), i)), nil
	}
	return append(issues, at(p.place(e, got, leaf, "auth", "providers", "oidc", p.environment, "metadataUrl"), i)), nil
}

// issuerSafe: codes and tokens travel to the issuer; only a loopback address needs no TLS.
func (e *Env) issuerSafe() []Issue {
	u, err := url.Parse(e.Issuer)
	if err == nil && (u.Scheme == "https" || loopback(u.Hostname())) {
		return nil
	}
	pos, _ := e.tree.Spec.Pos("environments[" + e.Name + "].issuer")
	return []Issue{{File: pos.File, Line: pos.Line, Field: "issuer", Expected: "https", Actual: e.Issuer}}
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && addr.IsLoopback()
}
