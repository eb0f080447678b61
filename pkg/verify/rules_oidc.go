package verify

import (
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/lazy"
)

func oidcRules() []Rule {
	return []Rule{
		{RuleInfo: rule("oidc/client", "the environment's effective client list has the portal's client", "run generate for the environment"), Env: clientDeclared},
		{RuleInfo: rule("oidc/redirect-uri", "the client allows the portal's redirect URI, in full", "write the URI that Backstage sends"), Env: redirectAllowed},
		{RuleInfo: rule("oidc/web-origin", "the client allows the portal's origin", "write the portal's base URL, without a slash at its end"), Env: originAllowed},
		{RuleInfo: rule("oidc/openid-scope", "the client has the spec's scopes, and no client lists openid", "openid is a protocol scope and never a client scope"), Env: scopesLinked},
		{RuleInfo: rule("oidc/client-flow", "the client is confidential and does the authorization code flow alone", "say it in the client's spec; what is left out stays as it is in Keycloak"), Env: clientFlow},
		{RuleInfo: rule("oidc/extraction", "the environment's effective extraction list has the client", "run generate for the environment"), Env: extractionDeclared},
		{RuleInfo: rule("oidc/vault-key", "extraction and ExternalSecret name the spec's Vault entry", "use one key everywhere: extraction, ExternalSecret and spec"), Env: vaultKeysAgree},
		{RuleInfo: rule("oidc/vault-policy", "Vault lets the client patcher write the key", "add the path to the client patcher's policy"), Tree: policyCovers},
		{RuleInfo: rule("oidc/secret-key", "the Deployment reads the Secret and key that the realm chart syncs", "use the names of the realm chart's ExternalSecret"), Env: secretKeysAgree},
		{RuleInfo: rule("oidc/provider", "app-config has a complete OIDC provider for its environment", "see the keys that the OIDC module reads"), Env: providerComplete},
		{RuleInfo: rule("oidc/guest", "guests come in only where the spec says so, and never in production", "remove the guest provider"), Env: guestsKeptOut},
		{RuleInfo: rule("oidc/issuer", "the portal uses the environment's issuer, over https", "set the issuer of the environment's Keycloak"), Env: issuerAgrees},
	}
}

// placeholder is a variable in app-config.
var placeholder = lazy.Regexp(`^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-[^}]*)?\}`)

// variable is the variable that a setting starts with, empty when it is a literal.
func variable(v any) string {
	m := placeholder().FindStringSubmatch(strings.TrimSpace(dig.Text(v)))
	if m == nil {
		return ""
	}
	return m[1]
}

// expand puts the literal values of the container's environment into a setting; ok is false when one is not known.
func expand(container map[string]any, setting string) (text string, ok bool) {
	ok = true
	text = anyPlaceholder().ReplaceAllStringFunc(setting, func(match string) string {
		name, fallback, _ := strings.Cut(strings.Trim(match, "${}"), ":-")
		entry := envVar(container, name)
		if v, literal := entry["value"].(string); literal {
			return v
		}
		ok = ok && fallback != "" && entry == nil
		return fallback
	})
	return text, ok
}

var anyPlaceholder = lazy.Regexp(`\$\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?\}`)

// providers is the OIDC part of app-config with what it is read with.
type providers struct {
	comp        *Component
	deployment  *helmchart.Manifest
	configs     []appConfig
	environment string         // auth.environment
	blocks      map[string]any // auth.providers.oidc
}

// oidcProvider is the OIDC provider of app-config, or the reason to skip a rule about it.
func (e *Env) oidcProvider() (*providers, error) {
	c, configs, err := e.appConfigs()
	if err != nil {
		return nil, err
	}
	_, deployment, err := e.object("Deployment")
	if err != nil {
		return nil, err
	}
	v, _ := setting(configs, "auth", "environment")
	blocks, _ := setting(configs, "auth", "providers", "oidc")
	p := &providers{comp: c, deployment: deployment, configs: configs, environment: dig.Text(v), blocks: dig.Map(blocks)}
	if p.blocks == nil && e.GuestSignIn {
		return nil, notApplicable("the environment signs in as guest")
	}
	return p, nil
}

// place is where app-config says a setting of the provider.
func (p *providers) place(e *Env, actual string, leaf []string, path ...string) helmchart.Pos {
	_, config := setting(p.configs, "auth")
	if config == nil {
		config = &p.configs[0]
	}
	return e.cause(p.comp, config.manifest, actual, leaf, path...)
}

func providerComplete(e *Env) ([]Issue, error) {
	p, err := e.oidcProvider()
	if err != nil {
		return nil, err
	}
	var issues []Issue
	if _, ok := p.blocks[p.environment]; !ok {
		issues = append(issues, at(p.place(e, p.environment, []string{"auth", "environment"}, "auth", "environment"), Issue{
			Field: "auth.environment", Expected: "the name of a block of auth.providers.oidc", Actual: orNothing(p.environment),
		}))
	}
	for _, name := range sortedKeys(p.blocks) {
		issues = append(issues, p.block(e, name)...)
	}
	return append(issues, p.session(e)...), nil
}

// block judges one block of the provider. Backstage starts every block that is there, not only the one it uses.
func (p *providers) block(e *Env, name string) []Issue {
	block, oidc := p.blocks[name], e.tree.Spec.OIDC
	base := []string{"auth", "providers", "oidc", name}
	var issues []Issue
	wrong := func(key, want, got string) {
		pos := p.place(e, got, []string{"auth", "oidc", key}, below(base, key)...)
		issues = append(issues, at(pos, Issue{Field: strings.Join(below(base, key), "."), Expected: want, Actual: orNothing(got)}))
	}
	main := mainContainer(p.deployment)
	if got, known := expand(main, dig.Text(block, "clientId")); known && got != oidc.ClientID {
		wrong("clientId", oidc.ClientID, got)
	}
	if dig.Text(block, "clientSecret") == "" {
		wrong("clientSecret", "a variable", "")
	}
	if !discovery(dig.Text(block, "metadataUrl")) {
		wrong("metadataUrl", e.Issuer+"/.well-known/openid-configuration", dig.Text(block, "metadataUrl"))
	}
	if got := dig.Text(block, "prompt"); got != "auto" && got != "login" {
		wrong("prompt", "auto or login", got)
	}
	if v := dig.At(block, "scope"); v != nil {
		issues = append(issues, at(p.place(e, text(v), nil, below(base, "scope")...), Issue{
			Field: strings.Join(below(base, "scope"), "."), Expected: "no such key", Actual: text(v), Hint: "Backstage refuses to start with it; use additionalScopes",
		}))
	}
	if got := resolvers(block); !slices.Contains(got, oidc.Resolver) {
		pos := p.place(e, strings.Join(got, ", "), []string{"auth", "oidc", "resolver"}, below(base, "signIn", "resolvers", "resolver")...)
		issues = append(issues, at(pos, Issue{Field: strings.Join(base, ".") + ".signIn.resolvers", Expected: oidc.Resolver, Actual: orNothing(strings.Join(got, ", "))}))
	}
	return issues
}

// discovery tells whether a metadata URL is an issuer in a variable or in full; rule oidc/issuer judges which issuer.
func discovery(url string) bool {
	rest := anyPlaceholder().ReplaceAllString(url, "")
	if rest != url {
		return rest == "" || rest == "/.well-known/openid-configuration"
	}
	return strings.Contains(url, "/realms/")
}

func resolvers(block any) []string {
	var names []string
	for _, r := range dig.List(block, "signIn", "resolvers") {
		names = append(names, dig.Text(r, "resolver"))
	}
	return names
}

// session: the OIDC flow keeps its state in a session, which Backstage only has with a secret to sign it.
func (p *providers) session(e *Env) []Issue {
	v, _ := setting(p.configs, "auth", "session", "secret")
	if dig.Text(v) != "" {
		return nil // a literal is rule secret/inline's
	}
	return []Issue{at(p.place(e, "", nil, "auth", "session", "secret"), Issue{
		Field: "auth.session.secret", Expected: "a variable", Actual: "nothing", Hint: "sign-in fails with: authentication requires session support",
	})}
}

func guestsKeptOut(e *Env) ([]Issue, error) {
	c, configs, err := e.appConfigs()
	if err != nil {
		return nil, err
	}
	_, deployment, err := e.object("Deployment")
	if err != nil {
		return nil, err
	}
	guest, config := setting(configs, "auth", "providers", "guest")
	development := envVar(mainContainer(deployment), "NODE_ENV")
	open := dig.Text(guest, "dangerouslyAllowOutsideDevelopment") == "true" || dig.Text(development, "value") == "development"
	if e.GuestSignIn {
		return e.guestsLetIn(c, configs, open)
	}
	var issues []Issue
	if guest != nil {
		issues = append(issues, at(e.cause(c, config.manifest, "true", []string{"auth", "guest", "enabled"}, "auth", "providers", "guest"), Issue{
			Field: "auth.providers.guest", Expected: "no such key", Actual: "guest",
		}))
	}
	if dig.Text(development, "value") == "development" {
		issues = append(issues, at(e.blame(c, deployment, "env", "NODE_ENV", "value"), Issue{
			Resource: deployment.ID(), Field: "NODE_ENV", Expected: "production", Actual: "development",
		}))
	}
	return issues, nil
}

// guestsLetIn is the other side: where the spec wants guests, somebody must be able to sign in, except in production.
func (e *Env) guestsLetIn(c *Component, configs []appConfig, open bool) ([]Issue, error) {
	oidc, _ := setting(configs, "auth", "providers", "oidc")
	if isProduction(e) {
		pos, _ := e.tree.Spec.Pos("environments[" + e.Name + "].guestSignIn")
		return []Issue{{File: pos.File, Line: pos.Line, Field: "guestSignIn", Expected: "false in production", Actual: "true"}}, nil
	}
	if open || oidc != nil {
		return nil, nil
	}
	return []Issue{at(e.cause(c, configs[len(configs)-1].manifest, "false", []string{"auth", "guest", "enabled"}, "auth", "providers", "guest"), Issue{
		Field: "auth.providers.guest.dangerouslyAllowOutsideDevelopment", Expected: "true, as the spec's guestSignIn says", Actual: "nothing",
		Hint: "nobody can sign in: neither as guest nor through Keycloak",
	})}, nil
}
