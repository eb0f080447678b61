package live_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ameideio/ameide/internal/livelab"
	"github.com/ameideio/ameide/lab"
)

// Users who may do what one command needs, and nothing else.
const (
	looksAtLocks = "looks-at-locks"
	unlocks      = "unlocks"
	reconciles   = "reconciles"
	pulls        = "pulls"
	nobody       = "nobody"

	cannotForward = "cannot-forward" // has the database's Secret, and no way to it
)

func databaseRules(more ...map[string]any) []map[string]any {
	return append([]map[string]any{
		livelab.Named(livelab.Rule("", "secrets", "get"), "backstage-db-credentials"),
		livelab.Rule("discovery.k8s.io", "endpointslices", "list"), livelab.Rule("", "pods/portforward", "create", "get"),
	}, more...)
}

// commands find everything in the environment's cluster, each with the rights that docs/live.md gives it.
func (i *installation) commands(t *testing.T) {
	i.ConnectSystems(t, i.cluster)
	i.cluster.Grant(t, looksAtLocks, ns, databaseRules()...)
	i.cluster.Grant(t, unlocks, ns, databaseRules(
		livelab.Rule("", "pods", "list"), livelab.Rule("", "events", "create"),
		livelab.Named(livelab.Rule("apps", "deployments", "get"), portal), livelab.Named(livelab.Rule("apps", "deployments/scale", "get", "patch"), portal),
	)...)
	i.cluster.Grant(t, reconciles, ns,
		livelab.Named(livelab.Rule("", "secrets", "get"), "keycloak-admin-sa"), livelab.Named(livelab.Rule("", "serviceaccounts/token", "create"), "default"),
		livelab.Rule("", "services", "get"), livelab.Rule("discovery.k8s.io", "endpointslices", "list"), livelab.Rule("", "pods/portforward", "create", "get"),
	)
	i.cluster.Grant(t, pulls, ns, livelab.Named(livelab.Rule("", "secrets", "get"), i.Spec.Secrets.PullSecret))
	i.cluster.Grant(t, cannotForward, ns, livelab.Rule("", "secrets", "get"), livelab.Rule("discovery.k8s.io", "endpointslices", "list"))
	t.Run("migrations", i.findsTheDatabase)
	t.Run("unlock-migrations", i.unlocksAroundTheDeployment)
	t.Run("reconcile", i.findsKeycloakAndVault)
	t.Run("check-image", i.findsThePullSecret)
	t.Run("somebody without rights is told which", i.missesRights)
}

// as runs a command as a user, and wants an exit code.
func (i *installation) as(t *testing.T, user string, code int, args ...string) livelab.Result {
	t.Helper()
	r := i.Run(t, i.cluster.Kubeconfig(t, user, "ameide-dev"), args...)
	if r.Code != code {
		t.Fatalf("%v: exit %d, want %d\n%s%s", args, r.Code, code, r.Out, r.Err)
	}
	for _, secret := range []string{lab.Password, i.Realm.Secret, i.ClientSecret(t)} {
		if strings.Contains(r.Out+r.Err, secret) {
			t.Errorf("%v shows a secret", args)
		}
	}
	return r
}

// says wants texts in what a run wrote.
func says(t *testing.T, where string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(where, text) {
			t.Errorf("nothing says %q:\n%s", text, where)
		}
	}
}

func (i *installation) findsTheDatabase(t *testing.T) {
	r := i.as(t, looksAtLocks, 0, "migrations", "--json")
	var report struct {
		Server string
		Locks  []struct{ Plugin, Verdict string }
	}
	if err := json.Unmarshal([]byte(r.Out), &report); err != nil {
		t.Fatal(err)
	}
	if want := i.Spec.Database.Host + "." + ns + ".svc:5432"; report.Server != want {
		t.Errorf("server %s, want %s", report.Server, want)
	}
	if len(report.Locks) < 4 {
		t.Errorf("locks %v, want those of every plugin", report.Locks)
	}
	for _, l := range report.Locks {
		if l.Verdict != "FREE" {
			t.Errorf("%s is %s", l.Plugin, l.Verdict)
		}
	}
}

// unlocksAroundTheDeployment: while the portal is connected its lock is left alone; out of the way it is cleared, and what was
// done is told to the Deployment and to Prometheus.
func (i *installation) unlocksAroundTheDeployment(t *testing.T) {
	i.Postgres.Exec(t, catalogDB, "UPDATE knex_migrations_lock SET is_locked = 1")
	r := i.as(t, unlocks, 4, "unlock-migrations", "--plugin", "catalog", "--yes", "--reason", "lab")
	says(t, r.Err, "runs 1 Pod "+livelab.PortalPod+" (ready)")

	metrics := filepath.Join(t.TempDir(), "ameide.prom")
	stopped := i.StopWhenScaled(t, i.cluster)
	r = i.as(t, unlocks, 0, "unlock-migrations", "--plugin", "catalog", "--yes", "--reason", "lab", "--scale-down", "--events", "--metrics-file", metrics)
	<-stopped
	says(t, r.Err, "from 1 to 0", "is scaled to 1 again", `"reason":"lab"`)
	if n := i.cluster.Replicas(t, ns, portal); n != 1 {
		t.Errorf("%d replicas, want 1 as before", n)
	}
	events := i.cluster.Must(t, "GET", livelab.PathOf("v1", "Event", ns, "")+"?fieldSelector=reason=MigrationUnlock", "", nil)
	if items, _ := events["items"].([]any); len(items) != 1 {
		t.Errorf("events %v, want one", events)
	} else if text, err := json.Marshal(items[0]); err != nil {
		t.Error(err)
	} else {
		says(t, string(text), `"kind":"Deployment"`, `"name":"platform-backstage"`, "1 cleared", "reason: lab")
	}
	written, err := os.ReadFile(metrics)
	if err != nil {
		t.Fatal(err)
	}
	says(t, string(written), `ameide_unlock_migrations_locks{env="dev"`, `action="cleared"} 1`)
	i.restart(t, i.ClientSecret(t))
	i.green(t)
}

// findsKeycloakAndVault: the issuer's host does not resolve here, so Keycloak is asked through its Service.
func (i *installation) findsKeycloakAndVault(t *testing.T) {
	i.as(t, reconciles, 0, "reconcile", "--client", "backstage", "--check")
	i.Realm.DeleteClient(t, "backstage")
	r := i.as(t, reconciles, 1, "reconcile", "--client", "backstage", "--check")
	says(t, r.Out, "create")
	i.as(t, reconciles, 0, "reconcile", "--client", "backstage")
	i.synced(t)
	i.restart(t, i.ClientSecret(t))
	i.green(t)
}

func (i *installation) findsThePullSecret(t *testing.T) {
	r := i.as(t, pulls, 0, "check-image", i.Declared.Image(), "--mirror", "quay.io="+i.Registry.Host, "--json")
	says(t, r.Out, "linux/amd64", "linux/arm64", i.Spec.Image.Digest)
}

func (i *installation) missesRights(t *testing.T) {
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"migrations"}, `{apiGroups: [""], resources: ["secrets"], verbs: ["get"]} in a Role of namespace ameide-dev`},
		{[]string{"unlock-migrations", "--yes", "--scale-down"}, `{apiGroups: [""], resources: ["secrets"], verbs: ["get"]}`},
		{[]string{"reconcile", "--check"}, `{apiGroups: [""], resources: ["secrets"], verbs: ["get"]}`},
		{[]string{"check-image", i.Declared.Image(), "--mirror", "quay.io=" + i.Registry.Host}, `{apiGroups: [""], resources: ["secrets"], verbs: ["get"]}`},
	} {
		r := i.as(t, nobody, 3, test.args...)
		says(t, r.Err, test.says)
	}
	r := i.as(t, cannotForward, 3, "migrations")
	says(t, r.Err, `{apiGroups: [""], resources: ["pods/portforward"], verbs: ["create"]}`)
	r = i.as(t, looksAtLocks, 3, "unlock-migrations", "--yes", "--scale-down")
	says(t, r.Err, `{apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["get"]}`)
}
