package factory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/yamledit"
	"github.com/ameideio/ameide/pkg/yamledit/helmtext"
)

// The files of the platform that an installation has a part in.
const (
	appSecretsFile     = "sources/charts/foundation/operators-config/postgres_clusters/templates/app-secrets.yaml"
	oidcSecretsFile    = "sources/charts/foundation/operators-config/keycloak_realm/templates/externalsecret-oidc-clients.yaml"
	vaultBootstrapFile = "sources/charts/foundation/vault-bootstrap/templates/cronjob.yaml"
	applicationSetFile = "argocd/applicationsets/ameide.yaml"

	secretTemplate = "backstage" // branch of app-secrets.yaml
	rolloutPhase   = "356"       // right behind the realm's client patcher at 355
)

// The values of components that an installation has a part in.
func realmLayers() layered { return layered{"platform", "platform-keycloak-realm"} }
func vaultLayers() layered { return layered{"foundation", "foundation-vault-bootstrap"} }

// edits makes every change in files that are not ours.
func (w *workspace) edits(selected map[string]bool) error {
	steps := []func() error{
		func() error { return w.databaseValues(selected) },
		func() error { return w.realmValues(selected) },
		func() error { return w.reconciler(selected) },
		func() error { return w.sessionKey(selected) },
		w.secretBranch, w.oidcSecret, w.vaultPolicy, w.vaultRole, w.rolloutStep,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// databaseValues: a role that may create databases, the application user whose Secret the portal reads, a database.
func (w *workspace) databaseValues(selected map[string]bool) error {
	s := w.spec
	return w.ensureItems(layered{"data", "platform-postgres-clusters"}, []item{
		{"managed.roles", "name", s.Database.Role, func([]spec.Environment) any { return roleOf(s) }},
		{"credentials.appUsers", "name", s.Database.Role, func([]spec.Environment) any { return appUserOf(s) }},
		{"databases", "name", s.Database.Name, func([]spec.Environment) any { return databaseOf(s) }},
	}, selected)
}

// realmValues: the client as Keycloak shall have it, and the order to copy its secret to Vault.
func (w *workspace) realmValues(selected map[string]bool) error {
	s := w.spec
	return w.ensureItems(realmLayers(), []item{
		{"clientPatcher.clientReconciliation.clients", "clientId", s.OIDC.ClientID, func(envs []spec.Environment) any { return clientOf(s, envs) }},
		{"clientPatcher.secretExtraction.clients", "clientId", s.OIDC.ClientID, func([]spec.Environment) any { return extractionOf(s) }},
	}, selected)
}

// sessionKey lets the Vault bootstrap create the secret that signs session cookies, once: in the shared list, and in that of
// each environment that replaces it.
func (w *workspace) sessionKey(selected map[string]bool) error {
	files := []string{vaultLayers().shared()}
	for _, e := range w.spec.Environments {
		replaces, err := w.hasList(vaultLayers().env(e.Name), "randomKeys")
		if err != nil {
			return err
		}
		if replaces && selected[e.Name] {
			files = append(files, vaultLayers().env(e.Name))
		}
	}
	for _, file := range files {
		if err := w.ensure(file, "randomKeys", []string{w.spec.Session.Key}); err != nil {
			return err
		}
	}
	return nil
}

// secretBranch gives the database Secret the keys that the portal's Deployment takes its environment from. The
// password is encoded where it stands in a URL, because it may hold any character.
func (w *workspace) secretBranch() error {
	return w.editText(appSecretsFile, func(name, text string) (string, error) {
		return helmtext.InsertBranch(name, text, helmtext.Branch{Variable: "$template", Value: secretTemplate, Body: secretKeys})
	})
}

const secretKeys = `  POSTGRES_HOST: {{ $host | quote }}
  POSTGRES_PORT: {{ printf "%d" (int $port) | quote }}
  POSTGRES_USER: {{ $username | quote }}
  POSTGRES_PASSWORD: {{ $password | quote }}
  POSTGRES_URL: {{ printf "postgresql://%s:%s@%s:%d/%s" $username ($password | urlquery) $host (int $port) $database | quote }}
`

// oidcSecret lets the realm chart sync the client secret from Vault.
func (w *workspace) oidcSecret() error {
	o := w.spec.OIDC
	return w.editText(oidcSecretsFile, func(name, text string) (string, error) {
		return helmtext.AppendItem(name, text, helmtext.Item{
			List: "spec.data", Field: "secretKey", Value: o.SecretKey,
			Text: fmt.Sprintf("secretKey: %s\nremoteRef:\n  key: %s\n  property: %s\n", o.SecretKey, o.Vault.Key, o.Vault.Field),
		})
	})
}

// vaultPolicy lets the client patcher write the key: policies name one prefix for each consumer. The script may write
// policies of others, too.
func (w *workspace) vaultPolicy() error {
	prefix := policyPrefix(w.spec.OIDC.Vault)
	role, err := w.patcherRole()
	if err != nil {
		return err
	}
	return w.editText(vaultBootstrapFile, func(name, text string) (string, error) {
		return helmtext.InsertLine(name, text, helmtext.Line{
			Block:   policyStart,
			Own:     regexp.MustCompile(`\bvault policy write ["']?(?:\{\{-?\s*\.Values\.vault\.authRole\b[^}]*\}\}|` + regexp.QuoteMeta(role) + `)["']?(?:\s|$)`),
			After:   policyLine,
			Present: regexp.MustCompile(`^\s*path\s+"` + regexp.QuoteMeta(prefix) + `"\s*\{[^}]*"create"`),
			Text:    `path "` + prefix + `" { capabilities = ["create","update","read"] }`,
		})
	})
}

// patcherRole is the Vault role that the client patcher logs in with; its policy has the same name.
func (w *workspace) patcherRole() (string, error) {
	doc, err := w.document(realmLayers().shared())
	if err != nil {
		return "", err
	}
	role, ok, err := doc.Get("clientPatcher.vault.authRole")
	if err != nil || !ok {
		return "keycloak-client-patcher", err
	}
	return role.Text(), nil
}

var policyStart = regexp.MustCompile(`\bvault policy write\s`)

var policyLine = regexp.MustCompile(`^\s*path\s+"[^"]*/data/[^"]+-\*"\s*\{[^}]*"create"[^}]*\}\s*$`)

// policyPrefix is the policy path for a key: everything behind its first dash is left open. A key without one is itself.
func policyPrefix(v spec.VaultRef) string {
	consumer, _, open := strings.Cut(v.Key, "-")
	if !open {
		return v.Mount + "/data/" + v.Key
	}
	return v.Mount + "/data/" + consumer + "-*"
}

// rolloutStep names the portal's phase in the ApplicationSet's RollingSync: Argo CD does not roll out an Application
// whose phase no step names. The step goes behind the last one with a lower phase.
func (w *workspace) rolloutStep() error {
	const path = "spec.strategy.rollingSync.steps"
	doc, err := w.existing(applicationSetFile)
	if doc == nil || err != nil {
		return err
	}
	steps, ok, err := doc.Get(path)
	if err != nil || !ok {
		return err
	}
	after := -1
	for i, step := range steps.Items() {
		phases := stepPhases(step)
		if slices.Contains(phases, rolloutPhase) {
			return nil
		}
		if len(phases) > 0 && slices.Max(phases) < rolloutPhase {
			after = i
		}
	}
	edited, err := doc.InsertAfter(path, after, stepFragment)
	if err != nil {
		return err
	}
	w.docs[applicationSetFile] = edited
	return nil
}

const stepFragment = `matchExpressions: [{key: rollout-phase, operator: In, values: ["` + rolloutPhase + `"]}]
maxUpdate: 2
`

// stepPhases are the phases that one RollingSync step names.
func stepPhases(step yamledit.Value) []string {
	var phases []string
	expressions, ok, err := step.Field("matchExpressions")
	if !ok || err != nil {
		return nil
	}
	for _, expression := range expressions.Items() {
		values, ok, err := expression.Field("values")
		if !ok || err != nil {
			continue
		}
		for _, v := range values.Items() {
			phases = append(phases, v.Text())
		}
	}
	return phases
}
