package live_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ameideio/ameide/internal/livelab"
	"github.com/ameideio/ameide/pkg/verify"
)

// brokenCriterion is one thing that is wrong, the checks that find it, and the only criteria that it breaks.
type brokenCriterion struct {
	name     string
	fault    func(t *testing.T)
	checks   []string
	criteria []string
	mend     func(t *testing.T)
}

// unmet are the criteria of the first environment that what runs does not meet.
func unmet(r livelab.Result) []string {
	var out []string
	for _, e := range r.Report.Environments {
		for _, c := range e.Criteria {
			if c.Live == verify.Fail || c.Live == verify.Warn {
				out = append(out, c.ID)
			}
		}
	}
	return out
}

// rewrite lets the Gateway answer a public path with another path's answer; an empty one is as declared.
func (i *installation) rewrite(from, to string) func(*testing.T) {
	return func(*testing.T) {
		paths := map[string]string{i.Declared.HealthPath(): i.Declared.ProbePath("readinessProbe")}
		if from != "" {
			paths[from] = to
		}
		i.Gateway.Route(i.Declared.Env.Host, livelab.Route{To: i.PortalURL(), Rewrite: paths})
	}
}

func (i *installation) criteria() []brokenCriterion {
	const argocd, pod = "dev-platform-backstage", livelab.PortalPod
	sql := func(db, statement string) func(*testing.T) {
		return func(t *testing.T) { t.Helper(); i.Postgres.Exec(t, db, statement) }
	}
	says := func(text string) func(*testing.T) {
		return func(*testing.T) {
			i.cluster.Kubelet.Log(ns, pod, false, func() string { return i.Portal.Output() + text })
		}
	}
	secret := func(name string, values map[string]string) func(*testing.T) {
		return func(t *testing.T) {
			t.Helper()
			i.cluster.Delete(t, "v1", "Secret", ns, name)
			i.cluster.Secret(t, ns, name, "Opaque", values)
		}
	}
	oidc, db := i.Spec.OIDC, i.Spec.Database
	return []brokenCriterion{
		{"no page", i.rewrite("/", "/nothing"), []string{"live/health"}, []string{"deployment/accessible"}, i.rewrite("", "")},
		{"the health path is not rewritten", i.rewrite(i.Declared.HealthPath(), "/nothing"), []string{"live/health"}, []string{"deployment/healthz"}, i.rewrite("", "")},
		{"Argo CD is out of sync", func(t *testing.T) {
			i.cluster.Status(t, argo, "Application", "argocd", argocd, m{"sync": m{"status": "OutOfSync"}})
		}, []string{"live/argocd"}, []string{"deployment/argocd"}, nil},
		{"the realm has no client", func(t *testing.T) { i.Realm.DeleteClient(t, oidc.ClientID) }, []string{"live/login", "live/secret-chain"}, []string{"auth/client", "auth/login"}, func(t *testing.T) {
			i.Reconcile(t)
			i.synced(t)
			i.restart(t, i.ClientSecret(t))
		}},
		{"Vault has an older secret", func(t *testing.T) { i.PutVault(t, "0ld-s3cret-0f-the-client") }, []string{"live/secret-chain"}, []string{"auth/extraction"}, func(t *testing.T) { i.Reconcile(t) }},
		{"the Secret lacks its key", secret(oidc.SecretName, map[string]string{"another": "key"}), []string{"live/secret-chain", "live/secrets"}, []string{"auth/external-secret"}, nil},
		{"Backstage has no OIDC provider", i.rewrite("/api/auth/oidc/start", "/api/auth/none/start"), []string{"live/login"}, []string{"auth/provider", "auth/login"}, i.rewrite("", "")},
		{"the Deployment has no variable", func(t *testing.T) {
			container := m{"name": "backstage", "env": []any{m{"$patch": "replace"}}}
			i.cluster.Must(t, "PATCH", livelab.PathOf("apps/v1", "Deployment", ns, portal), "application/strategic-merge-patch+json", m{"spec": m{"template": m{"spec": m{"containers": []any{container}}}}})
			i.cluster.Settle(t, i.Declared)
		}, []string{"live/deployment"}, []string{"auth/variable"}, func(t *testing.T) { i.reapply(t, i.cluster) }},
		{"the database has another name", sql("postgres", "ALTER DATABASE backstage RENAME TO elsewhere"), []string{"live/database"}, []string{"database/exists"}, sql("postgres", "ALTER DATABASE elsewhere RENAME TO backstage")},
		{"the role lacks CREATEDB", sql("postgres", "ALTER ROLE backstage NOCREATEDB"), []string{"live/database"}, []string{"database/createdb"}, sql("postgres", "ALTER ROLE backstage CREATEDB")},
		{"the Secret's password is another one", secret(db.SecretName, map[string]string{"POSTGRES_USER": "backstage", "POSTGRES_PASSWORD": "an0ther-passw0rd"}), []string{"live/database"}, []string{"database/credentials"}, func(t *testing.T) {
			i.cluster.Delete(t, "v1", "Secret", ns, db.SecretName)
		}},
		{"the log tells of an error", says("Error: EROFS: read-only file system, mkdir '/opt/x'\n"), []string{"live/logs"}, []string{"database/connects"}, says("")},
		{"a migration was killed", sql(catalogDB, "UPDATE knex_migrations_lock SET is_locked = 1"), []string{"live/migrations"}, []string{"database/migrated"}, sql(catalogDB, "UPDATE knex_migrations_lock SET is_locked = 0")},
		{"the collector has no Pod", func(t *testing.T) {
			i.cluster.Delete(t, "discovery.k8s.io/v1", "EndpointSlice", ns, i.Spec.Telemetry.Service+"-lab")
		}, []string{"live/traces"}, []string{"telemetry/traces"}, nil},
		{"the monitor names another port", func(t *testing.T) {
			i.cluster.Patch(t, "monitoring.coreos.com/v1", "ServiceMonitor", ns, portal, m{"spec": m{"endpoints": []any{m{"port": "other"}}}})
		}, []string{"live/metrics"}, []string{"telemetry/metrics"}, func(t *testing.T) { i.reapply(t, i.cluster) }},
		{"the log is no JSON", says(strings.Repeat("plain text\n", 2000)), []string{"live/log-format"}, []string{"telemetry/logs"}, says("")},
	}
}

// brokenCriteria breaks every success criterion that what runs decides, one at a time, and wants the report to name it alone.
func (i *installation) brokenCriteria(t *testing.T) {
	var named []string
	for _, b := range i.criteria() {
		t.Run(b.name, func(t *testing.T) {
			b.fault(t)
			r := i.red(t, b.checks)
			if got := unmet(r); !slices.Equal(got, b.criteria) {
				t.Errorf("unmet %v, want %v", got, b.criteria)
			}
			named = append(named, b.criteria...)
			if b.mend != nil {
				b.mend(t)
			}
			i.synced(t)
			i.settled(t)
		})
	}
	for _, c := range i.green(t).Report.Environments[0].Criteria {
		if !slices.Contains(named, c.ID) && !strings.HasPrefix(c.ID, "ci/") {
			t.Errorf("nothing breaks criterion %s", c.ID)
		}
	}
}
