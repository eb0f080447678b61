package live

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/spec"
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

func accessible(d *Declared, s *Snapshot) (verify.Status, string) {
	if d.Route == nil {
		return verify.Skip, "the environment has no HTTPRoute"
	}
	return evidence(s.Page, "https://"+d.Env.Host+"/", func(a Answer) (bool, string) {
		return a.Status == http.StatusOK, a.Asked + ": " + status(a)
	})
}

func healthz(d *Declared, s *Snapshot) (verify.Status, string) {
	if d.Route == nil {
		return verify.Skip, "the environment has no HTTPRoute"
	}
	return evidence(s.Health, "https://"+d.Env.Host+d.HealthPath(), func(a Answer) (bool, string) {
		return a.Status == http.StatusOK, a.Asked + ": " + status(a)
	})
}

func status(a Answer) string { return fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)) }

func synced(d *Declared, s *Snapshot) (verify.Status, string) {
	return evidence(s.Application, ref("Application", d.Application), func(app Object) (bool, string) {
		sync, health := orNothing(text(app, "status", "sync", "status")), orNothing(text(app, "status", "health", "status"))
		return sync == "Synced" && health == "Healthy", sync + ", " + health + revision(app)
	})
}

// revision is the commit that Argo CD has synced.
func revision(app Object) string {
	all := texts(app, "status", "sync", "revisions")
	if one := text(app, "status", "sync", "revision"); one != "" {
		all = append(all, one)
	}
	if len(all) == 0 {
		return ""
	}
	return " at " + short(all[0])
}

func clientExists(d *Declared, s *Snapshot) (verify.Status, string) {
	client := "client " + d.Spec.OIDC.ClientID
	if s.Keycloak.Err != nil && s.Login.Seen() && s.Login.Value.Sent != "" && s.Login.Value.Authorize == nil {
		return verify.Pass, "Keycloak shows its login page for " + client
	}
	return evidence(s.Keycloak, client, func(secret.Value) (bool, string) { return true, client + " is there" })
}

func vaulted(d *Declared, s *Snapshot) (verify.Status, string) {
	entry := "Vault " + d.Spec.OIDC.Vault.Mount + "/" + d.Spec.OIDC.Vault.Key
	return evidence(s.Vault, entry, func(value secret.Value) (bool, string) {
		if value.Placeholder() || value.Empty() {
			return false, entry + " holds a placeholder or nothing"
		}
		return !s.Keycloak.Seen() || s.Keycloak.Value.Equal(value), entry + " is " + value.Short() + compared(s, value)
	})
}

func compared(s *Snapshot, value secret.Value) string {
	switch {
	case !s.Keycloak.Seen():
		return ""
	case s.Keycloak.Value.Equal(value):
		return ", as Keycloak's"
	}
	return ", and Keycloak's is " + s.Keycloak.Value.Short()
}

func externalSecret(d *Declared, s *Snapshot) (verify.Status, string) {
	key, ok := d.ClientSecret()
	if !ok {
		return verify.Skip, "the Deployment reads no client secret"
	}
	return evidence(s.Secrets[key.Secret], "Secret/"+key.Secret, func(now Secret) (bool, string) {
		var v verdict
		judgeKey(key, now, &v)
		if len(v.issues) > 0 {
			return false, "Secret/" + key.Secret + " " + key.Key + ": " + v.issues[0].Actual
		}
		return true, "Secret/" + key.Secret + " " + key.Key + " is " + now.Values[key.Key].Short()
	})
}

func provider(d *Declared, s *Snapshot) (verify.Status, string) {
	if _, ok := d.OIDC(); !ok {
		return verify.Skip, "the environment signs people in without Keycloak"
	}
	return evidence(s.Login, "the sign-in", func(l Login) (bool, string) {
		if l.Start.Status != http.StatusFound {
			return false, l.Start.Asked + ": " + l.Start.String()
		}
		return true, "Backstage sends the browser to " + l.Sent
	})
}

func variableMounted(d *Declared, s *Snapshot) (verify.Status, string) {
	want, ok := d.ClientSecret()
	if !ok {
		return verify.Skip, "the Deployment reads no client secret"
	}
	return evidence(s.Deployment, ref("Deployment", d.Deployment), func(now Object) (bool, string) {
		got := secretRef(child(envVar(now, want.Variable), "valueFrom", "secretKeyRef"))
		return got == "Secret "+want.Secret+", key "+want.Key, want.Variable + " is from " + orNothing(got)
	})
}

func signIn(d *Declared, s *Snapshot) (verify.Status, string) {
	return judged(d, s, judgeLogin, howFar(s.Login.Value))
}

// howFar says what a sign-in proved.
func howFar(l Login) string {
	switch {
	case l.User != "":
		return "user " + l.User + " was signed in"
	case l.Exchange != "":
		return "Keycloak shows its login page and accepts the client secret of the Pods; no test user was given"
	}
	return l.Start.Asked + ": " + status(l.Start)
}

func databaseExists(d *Declared, s *Snapshot) (verify.Status, string) {
	return evidence(s.Database, "database "+d.Spec.Database.Name, func(db Database) (bool, string) {
		return true, fmt.Sprintf("%s, owned by %s, on PostgreSQL %s", db.Rights.Database, db.Rights.Owner, db.Snapshot.Version)
	})
}

func createDB(d *Declared, s *Snapshot) (verify.Status, string) {
	if d.Spec.Database.DivisionMode == spec.DivisionSchema {
		return verify.Skip, "schema mode needs no CREATEDB"
	}
	return evidence(s.Database, "role "+d.Spec.Database.Role, func(db Database) (bool, string) {
		if !db.Rights.CreateDB {
			return false, "role " + db.Rights.Role + " lacks it"
		}
		return true, "role " + db.Rights.Role + " has it"
	})
}

func credentials(d *Declared, s *Snapshot) (verify.Status, string) {
	secret := d.Spec.Database.SecretName
	return evidence(s.Secrets[secret], "Secret/"+secret, func(now Secret) (bool, string) {
		for _, key := range []string{"POSTGRES_USER", "POSTGRES_PASSWORD"} {
			if now.Values[key].Empty() {
				return false, "Secret/" + secret + " has no " + key
			}
		}
		return true, "Secret/" + secret + " has POSTGRES_USER and POSTGRES_PASSWORD"
	})
}

func connects(d *Declared, s *Snapshot) (verify.Status, string) {
	return judged(d, s, func(d *Declared, s *Snapshot, v *verdict) {
		judgeLogs(d, s, v)
		if len(v.issues)+len(v.unseen) == 0 && len(s.Logs) == 0 {
			v.blind("logs", NotRunning("no container has written any"))
		}
	}, "no known error in the logs")
}

// NotRunning is why there is nothing to see: it does not run.
type NotRunning string

func (n NotRunning) Error() string { return string(n) }

func migrated(d *Declared, s *Snapshot) (verify.Status, string) {
	locks := 0
	for _, l := range s.Database.Value.Locks {
		if l.Verdict == dbops.Free {
			locks++
		}
	}
	return judged(d, s, judgeMigrations, fmt.Sprintf("all %d migration locks are FREE", locks))
}

// traces can be followed as far as the collector: where it sends them is its own concern.
func traces(d *Declared, s *Snapshot) (verify.Status, string) {
	service := d.Spec.Telemetry.Service
	if envVar(d.Deployment, "OTEL_EXPORTER_OTLP_ENDPOINT") == nil {
		return verify.Skip, "no collector is declared"
	}
	return evidence(s.Slices, "Service/"+service, func(all []Object) (bool, string) {
		ready, _ := endpoints(all, service)
		return ready > 0, fmt.Sprintf("the collector's Service/%s has %d ready endpoints", service, ready)
	})
}

func metrics(d *Declared, s *Snapshot) (verify.Status, string) {
	if d.Monitor == nil {
		return verify.Skip, "no ServiceMonitor is declared: the image preloads no SDK"
	}
	return judged(d, s, judgeMetrics, s.Metrics.Value.Asked+" serves metrics, and the ServiceMonitor selects it")
}

// logFormat asks for trace_id only where the SDK that adds it is preloaded.
func logFormat(d *Declared, s *Snapshot) (verify.Status, string) {
	shape, ok := shapeOfLogs(s)
	if !ok {
		return verify.Skip, "no log was seen"
	}
	told := fmt.Sprintf("%d of %d lines are JSON, %d with trace_id", shape.json, shape.lines, shape.traced)
	switch {
	case shape.json*2 < shape.lines:
		return verify.Fail, told
	case shape.traced == 0 && d.Monitor != nil:
		return verify.Warn, told
	}
	return verify.Pass, told
}
