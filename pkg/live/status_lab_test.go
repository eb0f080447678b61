package live_test

import (
	"context"
	"testing"
	"time"

	"github.com/ameideio/ameide/internal/livelab"
)

type m = map[string]any

const (
	argo     = "argoproj.io/v1alpha1"
	gateway  = "gateway.networking.k8s.io/v1"
	external = "external-secrets.io/v1"
	ns       = "ameide-dev"
	portal   = "platform-backstage"
)

// brokenStatus is one thing that its controller, or somebody with kubectl, has changed on the API server.
type brokenStatus struct {
	name   string
	fault  func(t *testing.T, c *livelab.Cluster)
	checks []string
	says   string
	mend   func(t *testing.T, c *livelab.Cluster) // beside what Settle mends
}

func no(reason, message string) []any {
	return []any{m{"type": "Ready", "status": "False", "reason": reason, "message": message, "lastTransitionTime": time.Now().UTC().Format(time.RFC3339)}}
}

func (i *installation) statuses() []brokenStatus {
	restarted := func(state, last m) m {
		return m{"ready": false, "restartCount": 3, "state": state, "lastState": last}
	}
	backOff := m{"waiting": m{"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}}
	route := func(accepted, resolved, reason string) func(*testing.T, *livelab.Cluster) {
		return func(t *testing.T, c *livelab.Cluster) {
			now := time.Now().UTC().Format(time.RFC3339)
			one := func(kind, status string) m {
				return m{"type": kind, "status": status, "reason": reason, "message": "", "lastTransitionTime": now, "observedGeneration": 99}
			}
			c.Status(t, gateway, "HTTPRoute", ns, portal, m{"parents": []any{m{"controllerName": "gateway.envoyproxy.io/gatewayclass-controller",
				"parentRef": m{"name": "ameide", "sectionName": "https"}, "conditions": []any{one("Accepted", accepted), one("ResolvedRefs", resolved)}}}})
		}
	}
	killed := func(reason string) func(*testing.T, *livelab.Cluster) {
		return func(t *testing.T, c *livelab.Cluster) {
			c.Pod(t, i.Declared, livelab.PortalPod, "", restarted(backOff, m{"terminated": m{"exitCode": 137, "reason": reason, "startedAt": nil, "finishedAt": nil}}))
		}
	}
	return []brokenStatus{
		{name: "the Application is out of sync", checks: []string{"live/argocd"}, says: "Deployment/platform-backstage is OutOfSync", fault: func(t *testing.T, c *livelab.Cluster) {
			c.Status(t, argo, "Application", "argocd", "dev-platform-backstage", m{"sync": m{"status": "OutOfSync"}, "resources": []any{m{"kind": "Deployment", "name": portal, "status": "OutOfSync", "version": "v1"}}})
		}},
		{name: "the Application is degraded", checks: []string{"live/argocd"}, says: "Degraded", fault: func(t *testing.T, c *livelab.Cluster) {
			c.Status(t, argo, "Application", "argocd", "dev-platform-backstage", m{"health": m{"status": "Degraded"}})
		}},
		{name: "the chart does not render for Argo CD", checks: []string{"live/argocd"}, says: "incident render-failure", fault: func(t *testing.T, c *livelab.Cluster) {
			c.Status(t, argo, "Application", "argocd", "dev-platform-backstage", m{"conditions": []any{m{"type": "ComparisonError", "message": "YAML parse error on backstage/templates/migrations-unlock-job.yaml: yaml: line 55: could not find expected ':'"}}})
		}},
		{name: "somebody changed maxSurge", checks: []string{"live/deployment"}, says: "maxSurge", fault: func(t *testing.T, c *livelab.Cluster) {
			c.Patch(t, "apps/v1", "Deployment", ns, portal, m{"spec": m{"strategy": m{"rollingUpdate": m{"maxSurge": 1}}}})
			settleDeployment(t, c, i)
		}, mend: i.reapply},
		{name: "the rollout has no progress", checks: []string{"live/deployment"}, says: "ProgressDeadlineExceeded", fault: func(t *testing.T, c *livelab.Cluster) {
			c.Status(t, "apps/v1", "Deployment", ns, portal, m{"conditions": []any{m{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"}}})
		}},
		{name: "the Pod was killed for memory", checks: []string{"live/pods", "live/restarts", "live/health"}, says: "OOMKilled", fault: killed("OOMKilled")},
		{name: "the Pod was killed by its liveness probe", checks: []string{"live/pods", "live/restarts", "live/health"}, says: "failed liveness probe", fault: func(t *testing.T, c *livelab.Cluster) {
			killed("Error")(t, c)
			c.Must(t, "POST", livelab.PathOf("v1", "Event", ns, ""), "application/json", m{
				"apiVersion": "v1", "kind": "Event", "metadata": m{"generateName": "killing-"}, "type": "Normal", "reason": "Killing", "message": "Container backstage failed liveness probe, will be restarted",
				"involvedObject": m{"kind": "Pod", "name": livelab.PortalPod, "namespace": ns},
			})
		}},
		{name: "the route is not accepted", checks: []string{"live/route"}, says: "gateway-access: allowed", fault: route("False", "True", "NotAllowedByListeners")},
		{name: "the route's backend is not resolved", checks: []string{"live/route"}, says: "BackendNotFound", fault: route("True", "False", "BackendNotFound")},
		{name: "the listener is for another zone", checks: []string{"live/route"}, says: "takes *.staging.ameide.io", fault: func(t *testing.T, c *livelab.Cluster) {
			c.Patch(t, gateway, "Gateway", ns, "ameide", m{"spec": m{"listeners": []any{m{"name": "https", "port": 443, "protocol": "HTTPS", "hostname": "*.staging.ameide.io", "tls": m{"mode": "Terminate", "certificateRefs": []any{m{"name": "x"}}}}}}})
		}, mend: i.reapply},
		{name: "the store is sealed", checks: []string{"live/secrets"}, says: "incident vault-sealed", fault: func(t *testing.T, c *livelab.Cluster) {
			c.Status(t, external, "SecretStore", ns, "ameide-vault", m{"conditions": no("InvalidProviderConfig", "unable to log in: Code: 503. Errors: * Vault is sealed")})
		}},
		{name: "an ExternalSecret does not sync", checks: []string{"live/secrets"}, says: "incident vault-entry-missing", fault: func(t *testing.T, c *livelab.Cluster) {
			c.Status(t, external, "ExternalSecret", ns, "platform-backstage-session-sync", m{"conditions": no("SecretSyncedError", "could not get secret data from provider")})
		}},
		{name: "an ExternalSecret is stale", checks: []string{"live/secrets"}, says: "stopped refreshing", fault: func(t *testing.T, c *livelab.Cluster) {
			c.Status(t, external, "ExternalSecret", ns, "platform-backstage-session-sync", m{"refreshTime": "2026-01-01T00:00:00Z"})
		}},
		{name: "a Secret is gone", checks: []string{"live/secrets"}, says: "Secret/ghcr-pull", fault: func(t *testing.T, c *livelab.Cluster) { c.Delete(t, "v1", "Secret", ns, "ghcr-pull") }},
		{name: "the monitor selects nothing", checks: []string{"live/metrics"}, says: "app=other", fault: func(t *testing.T, c *livelab.Cluster) {
			c.Patch(t, "monitoring.coreos.com/v1", "ServiceMonitor", ns, portal, m{"spec": m{"selector": m{"matchLabels": m{"app": "other", "app.kubernetes.io/name": nil, "app.kubernetes.io/instance": nil}}}})
		}, mend: func(t *testing.T, c *livelab.Cluster) {
			c.Delete(t, "monitoring.coreos.com/v1", "ServiceMonitor", ns, portal)
			i.reapply(t, c)
		}},
		{name: "the migrations Job is of another image", checks: []string{"live/migration-job"}, says: "neither the Job", fault: func(t *testing.T, c *livelab.Cluster) {
			c.Delete(t, "batch/v1", "Job", ns, "platform-backstage-migrations")
		}, mend: i.reapply},
		{name: "no endpoint is ready", checks: []string{"live/route"}, says: "endpoints", fault: func(t *testing.T, c *livelab.Cluster) {
			c.Delete(t, "discovery.k8s.io/v1", "EndpointSlice", ns, portal+"-lab")
		}},
	}
}

// settleDeployment lets the controller have seen the last change.
func settleDeployment(t *testing.T, c *livelab.Cluster, i *installation) {
	t.Helper()
	c.Settle(t, i.Declared)
}

// reapply is what Argo CD's self-heal does.
func (i *installation) reapply(t *testing.T, c *livelab.Cluster) {
	t.Helper()
	c.Install(t, i.Tree(t, i.Env), i.Declared)
}

func (i *installation) brokenStatuses(t *testing.T) {
	for _, b := range i.statuses() {
		t.Run(b.name, func(t *testing.T) {
			b.fault(t, i.cluster)
			i.red(t, b.checks, b.says)
			if b.mend != nil {
				b.mend(t, i.cluster)
			}
			i.Secrets(t, i.cluster, i.ClientSecret(t))
			i.cluster.Settle(t, i.Declared)
		})
	}
	i.green(t)
}

// migrating holds a lock in a transaction as Knex does: first about as long as a start takes it, then for good.
func (i *installation) migrating(t *testing.T) {
	conn := i.Postgres.Connect(t, "backstage", catalogDB)
	say := func(ctx context.Context, statements ...string) error {
		for _, statement := range statements {
			if _, err := conn.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	}
	take := func() {
		t.Helper()
		if err := say(t.Context(), "BEGIN", "UPDATE knex_migrations_lock SET is_locked = 1 WHERE is_locked = 0"); err != nil {
			t.Fatal(err)
		}
	}
	take()
	released := make(chan error, 1)
	time.AfterFunc(2*time.Second, func() { released <- say(context.Background(), "ROLLBACK") })
	i.green(t)
	if err := <-released; err != nil {
		t.Fatal(err)
	}
	take()
	i.red(t, []string{"live/migrations"}, "want FREE, is HELD")
	if err := say(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	i.green(t)
}
