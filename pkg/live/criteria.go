package live

import (
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/verify"
)

// criterion is one success criterion of the installation. offline are the rules that judge what Git says of it; live
// decides from what runs, with its evidence. Without live only files can tell.
type criterion struct {
	id      string
	text    string
	offline []string
	live    func(d *Declared, s *Snapshot) (verify.Status, string)
}

// tableOfCriteria is the closing list of a report. What stands in braces is filled in.
func tableOfCriteria() []criterion {
	return []criterion{
		{"deployment/accessible", "Backstage accessible at {host}", []string{"host/agree", "host/zone", "route/parent", "route/port"}, accessible},
		{"deployment/healthz", "Health endpoint returns 200 at {path}", []string{"route/health"}, healthz},
		{"deployment/argocd", "Argo CD shows Synced and Healthy", []string{"appset/application", "appset/step", "chart/render"}, synced},
		{"auth/client", "Client {client} is in realm {realm}", []string{"oidc/client", "oidc/redirect-uri", "oidc/client-flow"}, clientExists},
		{"auth/extraction", "The client's secret is in Vault", []string{"oidc/extraction", "oidc/vault-key", "oidc/vault-policy"}, vaulted},
		{"auth/external-secret", "External Secrets syncs it into the namespace", []string{"oidc/secret-key"}, externalSecret},
		{"auth/provider", "Backstage has the OIDC provider", []string{"oidc/provider", "oidc/issuer"}, provider},
		{"auth/variable", "The Deployment mounts the secret as AUTH_OIDC_CLIENT_SECRET", []string{"oidc/secret-key", "config/variables"}, variableMounted},
		{"auth/login", "Sign-in through Keycloak works", []string{"oidc/client", "oidc/provider", "oidc/redirect-uri"}, signIn},
		{"database/exists", "The database exists", []string{"database/triple"}, databaseExists},
		{"database/createdb", "The role has CREATEDB for the plugins' databases", []string{"database/createdb"}, createDB},
		{"database/credentials", "The credentials are available as a Secret", []string{"database/secret"}, credentials},
		{"database/connects", "Backstage connects without errors in its logs", []string{"database/host"}, connects},
		{"database/migrated", "Migrations are complete", []string{"hook/migrations", "rollout/strategy"}, migrated},
		{"telemetry/traces", "Traces reach the collector", []string{"names/telemetry"}, traces},
		{"telemetry/metrics", "Metrics can be scraped (ServiceMonitor)", []string{"service/monitor"}, metrics},
		{"telemetry/logs", "Logs are JSON with trace_id", nil, logFormat},
		{"ci/lint", "helm lint passes", []string{"chart/lint"}, nil},
		{"ci/unittest", "helm unittest passes", []string{"chart/unittest"}, nil},
		{"ci/render", "Templates render for the environment", []string{"chart/render", "chart/schema"}, nil},
	}
}

// criteria are the closing list of one environment, after all checks of it.
func criteria(l Look, checks []verify.Check) []verify.Criterion {
	d := l.Declared
	fill := strings.NewReplacer("{host}", d.Env.Host, "{path}", orElse(d.HealthPath(), "/healthz"), "{client}", d.Spec.OIDC.ClientID, "{realm}", d.Spec.OIDC.Realm)
	var out []verify.Criterion
	for _, c := range tableOfCriteria() {
		one := verify.Criterion{ID: c.id, Text: fill.Replace(c.text), Live: verify.Skip, Evidence: "files alone can tell"}
		one.Offline = verify.Worst(checks, d.Env.Name, func(rule string) bool { return slices.Contains(c.offline, rule) })
		if c.live != nil {
			one.Live, one.Evidence = c.live(d, l.Snapshot)
		}
		out = append(out, one)
	}
	return out
}

// evidence is the verdict on a part: what holds is told, what was not seen says why.
func evidence[T any](p Part[T], what string, holds func(T) (bool, string)) (verify.Status, string) {
	switch {
	case p.Err != nil:
		return verify.Skip, what + " was not seen: " + oneLine(p.Err.Error())
	case p.Missing:
		return verify.Fail, what + " does not exist"
	}
	ok, text := holds(p.Value)
	if !ok {
		return verify.Fail, text
	}
	return verify.Pass, text
}

// judged is the verdict of a rule, as evidence.
func judged(d *Declared, s *Snapshot, rule func(*Declared, *Snapshot, *verdict), holds string) (verify.Status, string) {
	var v verdict
	rule(d, s, &v)
	switch {
	case len(v.issues) > 0:
		i := v.issues[0]
		return verify.Fail, oneLine(strings.TrimSpace(i.Resource + " " + i.Field + ": " + i.Actual))
	case len(v.unseen) > 0:
		return verify.Skip, oneLine(v.unseen[0].Resource + ": " + v.unseen[0].Actual)
	}
	return verify.Pass, holds
}
