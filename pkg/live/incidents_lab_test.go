package live_test

import (
	"testing"

	"github.com/ameideio/ameide/internal/livelab"
)

const catalogDB = "backstage_plugin_catalog"

// stop ends the portal as a rollout does.
func (i *installation) stop(t *testing.T) {
	t.Helper()
	i.Portal.Stop()
}

// restart is a new Pod, started with a client secret, that becomes ready.
func (i *installation) restart(t *testing.T, secret string) {
	t.Helper()
	i.stop(t)
	i.Start(i.t, secret)
	i.AwaitReady(t)
	i.settled(t)
}

// settled is what the cluster says of a Pod that runs.
func (i *installation) settled(t *testing.T) {
	t.Helper()
	i.Expose(i.t, i.cluster)
	i.cluster.Settle(t, i.Declared)
}

// synced is a refresh by External Secrets.
func (i *installation) synced(t *testing.T) {
	t.Helper()
	i.Secrets(t, i.cluster, i.ClientSecret(t))
}

// crashLoop waits until the portal that was just started has ended, and says of its Pod what the kubelet would.
func (i *installation) crashLoop(t *testing.T) {
	t.Helper()
	if err := i.Portal.Wait(t); err == nil {
		t.Fatalf("the portal ended well:\n%s", i.Portal.Output())
	}
	i.cluster.Kubelet.Log(ns, livelab.PortalPod, true, i.Portal.Output)
	i.cluster.Pod(t, i.Declared, livelab.PortalPod, "", m{
		"ready": false, "restartCount": 4, "state": m{"waiting": m{"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}},
		"lastState": m{"terminated": m{"exitCode": 1, "reason": "Error", "startedAt": nil, "finishedAt": nil}},
	})
	i.cluster.EndpointsReady(t, ns, portal, livelab.PortalPod, 7007, false)
	i.Gateway.Route(i.Declared.Env.Host, livelab.Route{})
}

// crashing are the checks that fail while the portal ends at its start.
func crashing(more ...string) []string {
	return append([]string{"live/pods", "live/restarts", "live/logs", "live/health", "live/login", "live/route"}, more...)
}

// incidents recreates each of the mission's incidents, finds it named, follows its way out, and is green again.
func (i *installation) incidents(t *testing.T) {
	for _, incident := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"missing client", i.missingClient},
		{"placeholder secret", i.placeholder},
		{"stuck lock", i.stuckLock},
		{"missing createdb", i.missingCreateDB},
		{"unreachable issuer at the start", i.unreachableIssuer},
		{"overlapping rollout", i.overlappingRollout},
		{"amd64 image on arm64 nodes", i.wrongArchitecture},
	} {
		t.Run(incident.name, func(t *testing.T) {
			incident.run(t)
			i.green(t)
		})
	}
}

func (i *installation) missingClient(t *testing.T) {
	i.Realm.DeleteClient(t, "backstage")
	i.red(t, []string{"live/secret-chain", "live/login"}, "incident client-missing", "ameide platform backstage reconcile --env dev --client backstage")
	i.Reconcile(t)
	i.synced(t)
	i.restart(t, i.ClientSecret(t))
}

func (i *installation) placeholder(t *testing.T) {
	const fixture = "keycloak_generated_placeholder"
	i.PutVault(t, fixture)
	i.Secrets(t, i.cluster, fixture)
	i.restart(t, fixture)
	i.red(t, []string{"live/secrets", "live/secret-chain", "live/login"}, "a placeholder", "incident stale-client-secret", "reconcile --env dev --client backstage")
	i.Reconcile(t)
	i.synced(t)
	i.restart(t, i.ClientSecret(t))
}

func (i *installation) stuckLock(t *testing.T) {
	i.stop(t)
	i.Postgres.Exec(t, catalogDB, "UPDATE knex_migrations_lock SET is_locked = 1")
	i.Start(i.t, i.ClientSecret(t))
	i.crashLoop(t)
	i.red(t, crashing("live/migrations"), "incident migration-lock", "unlock-migrations --plugin catalog")
	i.Ameide(t, "platform", "backstage", "unlock-migrations", "--plugin", "catalog", "--yes", "--reason", "lab")
	i.restart(t, i.ClientSecret(t))
}

func (i *installation) missingCreateDB(t *testing.T) {
	i.stop(t)
	i.Postgres.Exec(t, "postgres", "ALTER ROLE backstage NOCREATEDB", "DROP DATABASE backstage_plugin_scaffolder")
	i.Start(i.t, i.ClientSecret(t))
	i.crashLoop(t)
	i.red(t, crashing("live/database"), "incident no-createdb", "createdb: true", "backstage_plugin_scaffolder")
	i.Postgres.Exec(t, "postgres", "ALTER ROLE backstage CREATEDB") // as CloudNativePG does for createdb: true
	i.restart(t, i.ClientSecret(t))
}

func (i *installation) unreachableIssuer(t *testing.T) {
	i.stop(t)
	i.StartWithoutIssuer(i.t, i.ClientSecret(t))
	i.crashLoop(t)
	i.red(t, crashing(), "incident issuer-unreachable", "/.well-known/openid-configuration")
	i.restart(t, i.ClientSecret(t))
}

// overlappingRollout is a second revision beside the first, and what two first starts leave behind: a lock table with two
// rows, which is taken for ever though both read 0.
func (i *installation) overlappingRollout(t *testing.T) {
	const second = "platform-backstage-77f4b8d9c-q8w2e"
	i.cluster.Patch(t, "apps/v1", "Deployment", ns, portal, m{"spec": m{"strategy": m{"rollingUpdate": m{"maxSurge": "25%"}}}})
	i.cluster.Pod(t, i.Declared, second, "77f4b8d9c", nil)
	i.cluster.Kubelet.Expose(ns, second, 7007, i.Port)
	i.cluster.Kubelet.Log(ns, second, false, i.Portal.Output)
	i.Postgres.Exec(t, catalogDB, "INSERT INTO knex_migrations_lock (is_locked) VALUES (0)")
	i.cluster.Settle(t, i.Declared)
	i.red(t, []string{"live/deployment", "live/migrations"}, "2 revisions at once", "maxSurge", "CORRUPT")
	i.cluster.Delete(t, "v1", "Pod", ns, second)
	i.reapply(t, i.cluster)
	i.synced(t)
	i.stop(t)
	i.Ameide(t, "platform", "backstage", "unlock-migrations", "--plugin", "catalog", "--yes", "--reason", "lab")
	i.restart(t, i.ClientSecret(t))
}

// wrongArchitecture: what Git says passes offline, what runs fails.
func (i *installation) wrongArchitecture(t *testing.T) {
	i.deploy(t, "linux/amd64")
	i.cluster.Node(t, "node-2", "arm64")
	r := i.red(t, []string{"live/nodes"}, "linux/arm64, which node-2 run")
	for _, f := range r.Report.Environments[0].Facts {
		if f.Subject == "nodes" && (f.Offline != "PASS" || f.Live != "FAIL") {
			t.Errorf("nodes are %s offline and %s live, want PASS and FAIL", f.Offline, f.Live)
		}
	}
	i.deploy(t, "linux/amd64", "linux/arm64")
}

// deploy lets Git declare another image, and Argo CD roll it out.
func (i *installation) deploy(t *testing.T, platforms ...string) {
	t.Helper()
	i.UseImage(t, platforms...)
	i.cluster.Delete(t, "v1", "Pod", ns, livelab.PortalPod)
	i.cluster.Delete(t, "batch/v1", "Job", ns, "platform-backstage-migrations")
	i.reapply(t, i.cluster)
	i.synced(t)
	i.settled(t)
}
