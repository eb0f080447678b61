package live

import (
	"fmt"
	"net/http"

	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/verify"
)

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
		sync, health := orNothing(dig.Text(app, "status", "sync", "status")), orNothing(dig.Text(app, "status", "health", "status"))
		return sync == "Synced" && health == "Healthy", sync + ", " + health + revision(app)
	})
}

// revision is the commit that Argo CD has synced.
func revision(app Object) string {
	all := dig.Texts(app, "status", "sync", "revisions")
	if one := dig.Text(app, "status", "sync", "revision"); one != "" {
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
		got := secretRef(dig.Map(envVar(now, want.Variable), "valueFrom", "secretKeyRef"))
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
	case accepted(l.Exchange):
		return "Keycloak shows its login page and accepts the client secret of the Pods; no test user was given"
	}
	return l.Start.Asked + ": " + status(l.Start)
}

func databaseExists(d *Declared, s *Snapshot) (verify.Status, string) {
	if db := s.Database.Value; db.Refused != nil && !db.Refused.NoDatabase {
		return verify.Skip, "database " + d.Spec.Database.Name + " was not seen: " + db.Refused.Text
	}
	return evidence(s.Database, "database "+d.Spec.Database.Name, func(db Database) (bool, string) {
		if db.Refused != nil {
			return false, db.Refused.Text
		}
		return true, fmt.Sprintf("%s, owned by %s, on PostgreSQL %s", db.Rights.Database, db.Rights.Owner, db.Snapshot.Version)
	})
}

func createDB(d *Declared, s *Snapshot) (verify.Status, string) {
	if d.Spec.Database.DivisionMode == spec.DivisionSchema {
		return verify.Skip, "schema mode needs no CREATEDB"
	}
	if db := s.Database.Value; db.Refused != nil {
		return verify.Skip, "role " + d.Spec.Database.Role + " was not seen: " + db.Refused.Text
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
		if r := s.Database.Value.Refused; r != nil && !r.NoDatabase {
			return false, "PostgreSQL refuses those of Secret/" + secret + ": " + r.Text
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

func traces(d *Declared, s *Snapshot) (verify.Status, string) {
	if !d.traces() {
		return verify.Skip, "no collector is declared"
	}
	ready, _ := endpoints(s.Slices.Value, d.Spec.Telemetry.Service)
	return softly(judged(d, s, judgeTraces, fmt.Sprintf("the collector's Service/%s has %s", d.Spec.Telemetry.Service, countOf(ready, "ready endpoint"))))
}

// softly is the verdict of a rule that only warns.
func softly(status verify.Status, evidence string) (verify.Status, string) {
	if status == verify.Fail {
		status = verify.Warn
	}
	return status, evidence
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
	if shape.json*2 < shape.lines || shape.traced == 0 && d.Monitor != nil {
		return verify.Warn, told
	}
	return verify.Pass, told
}
