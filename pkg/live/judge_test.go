package live

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/verify"
)

func TestAHealthyEnvironmentHasNoFindings(t *testing.T) {
	t.Parallel()
	for _, env := range []string{"dev"} {
		d := declared(t, env)
		s := healthy(d)
		for _, c := range judgedAll(d, s) {
			for _, i := range c.Issues {
				t.Errorf("%s %s: %+v", env, c.Rule, i)
			}
		}
		sum := Summarize(Look{d, s}, judgedAll(d, s))
		for _, c := range sum.Criteria {
			if c.Live == verify.Fail || c.Live == verify.Warn {
				t.Errorf("criterion %s is %s: %s", c.ID, c.Live, c.Evidence)
			}
		}
		if len(sum.Incidents) > 0 || sum.Live != verify.Pass {
			t.Errorf("incidents %v, live %s, want none and PASS", sum.Incidents, sum.Live)
		}
	}
}

// broken breaks one thing of a healthy environment.
type broken struct {
	name  string
	fault func(d *Declared, s *Snapshot)
	rules []string // that find it, and nothing else does
	says  string   // in the first finding: its resource, field, actual and hint
}

func status0(s *Snapshot) Object {
	return dig.At(s.Pods.Value[0], "status", "containerStatuses", "0").(Object)
}

func unready(s *Snapshot) {
	s.Pods.Value[0]["status"].(Object)["conditions"] = list(Object{"type": "Ready", "status": "False"}, Object{"type": "ContainersReady", "status": "False", "reason": "ContainersNotReady"})
}

// crashed is a Pod whose container ended and waits for its next start.
func crashed(code int, reason string) func(*Declared, *Snapshot) {
	return func(_ *Declared, s *Snapshot) {
		unready(s)
		c := status0(s)
		c["restartCount"] = int64(5)
		c["state"] = Object{"waiting": Object{"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}}
		c["lastState"] = Object{"terminated": Object{"exitCode": int64(code), "reason": reason}}
	}
}

func event(reason, message string) func(*Declared, *Snapshot) {
	return func(_ *Declared, s *Snapshot) {
		s.Events.Value = append(s.Events.Value, Object{"involvedObject": Object{"kind": "Pod", "name": portalPod}, "reason": reason, "message": message})
	}
}

func both(fs ...func(*Declared, *Snapshot)) func(*Declared, *Snapshot) {
	return func(d *Declared, s *Snapshot) {
		for _, f := range fs {
			f(d, s)
		}
	}
}

func logged(text string) func(*Declared, *Snapshot) {
	return func(_ *Declared, s *Snapshot) { s.Logs[0].Text += strings.Repeat(jsonLine, 3) + text + "\n" }
}

func table() []broken {
	lockOf := func(plugin string, change func(*dbops.Lock)) func(*Declared, *Snapshot) {
		return func(_ *Declared, s *Snapshot) {
			i := slices.IndexFunc(s.Database.Value.Locks, func(l dbops.Lock) bool { return l.Plugin == plugin })
			change(&s.Database.Value.Locks[i])
		}
	}
	return []broken{
		{"the Application is missing", func(_ *Declared, s *Snapshot) { s.Application = Part[Object]{Missing: true} }, []string{"argocd"}, "Application/dev-platform-backstage"},
		{"out of sync names the resource", func(_ *Declared, s *Snapshot) {
			dig.Map(s.Application.Value, "status", "sync")["status"] = "OutOfSync"
			dig.Map(s.Application.Value, "status")["resources"] = list(Object{"kind": "Deployment", "name": "platform-backstage", "status": "OutOfSync"})
		}, []string{"argocd"}, "OutOfSync: Deployment/platform-backstage is OutOfSync"},
		{"degraded tells the message", func(_ *Declared, s *Snapshot) {
			dig.Map(s.Application.Value, "status", "health")["status"] = "Degraded"
			dig.Map(s.Application.Value, "status")["resources"] = list(Object{"kind": "Deployment", "name": "platform-backstage", "status": "Synced", "health": Object{"status": "Degraded", "message": `Deployment "platform-backstage" exceeded its progress deadline`}})
		}, []string{"argocd"}, "exceeded its progress deadline"},
		{"a comparison error knows its way out", func(_ *Declared, s *Snapshot) {
			dig.Map(s.Application.Value, "status")["conditions"] = list(Object{"type": "ComparisonError", "message": "Failed to load target state: YAML parse error on backstage/templates/migrations-unlock-job.yaml: yaml: line 55: could not find expected ':'"})
		}, []string{"argocd"}, "verify --rule chart/render"},
		{"a failed sync tells which resource", func(_ *Declared, s *Snapshot) {
			dig.Map(s.Application.Value, "status")["operationState"] = Object{"phase": "Failed", "message": "one or more objects failed to apply", "syncResult": Object{"resources": list(Object{"kind": "Deployment", "name": "platform-backstage", "status": "SyncFailed",
				"message": `Deployment.apps "platform-backstage" is invalid: spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy type is 'Recreate'`})}}
		}, []string{"argocd"}, "force-conflicts"},
		{"another image", func(_ *Declared, s *Snapshot) {
			dig.At(s.Deployment.Value, "spec", "template", "spec", "containers", "0").(Object)["image"] = "quay.io/janus-idp/backstage-showcase:latest"
		}, []string{"deployment"}, "backstage-showcase:latest"},
		{"surge was changed by hand", func(_ *Declared, s *Snapshot) {
			dig.Map(s.Deployment.Value, "spec", "strategy", "rollingUpdate")["maxSurge"] = "25%"
		}, []string{"deployment"}, "maxSurge"},
		{"another app-config", func(_ *Declared, s *Snapshot) {
			dig.Map(s.Deployment.Value, "spec", "template", "metadata", "annotations")["checksum/app-config"] = "0123456789abcdef"
		}, []string{"deployment"}, "checksum/app-config"},
		{"the secret's variable is gone", func(_ *Declared, s *Snapshot) {
			dig.At(s.Deployment.Value, "spec", "template", "spec", "containers", "0").(Object)["env"] = list()
		}, []string{"deployment"}, "AUTH_OIDC_CLIENT_SECRET"},
		{"the rollout has no progress", func(_ *Declared, s *Snapshot) {
			dig.Map(s.Deployment.Value, "status")["conditions"] = list(Object{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "ReplicaSet has timed out progressing."})
		}, []string{"deployment"}, "ProgressDeadlineExceeded"},
		{"two revisions at once", func(d *Declared, s *Snapshot) {
			second := pod(d)
			second["metadata"].(Object)["name"] = "platform-backstage-77777-aaaaa"
			dig.Map(second, "metadata", "labels")["pod-template-hash"] = "77777"
			s.Pods.Value = append(s.Pods.Value, second)
		}, []string{"deployment"}, "2 revisions at once"},
		{"no Pods", func(_ *Declared, s *Snapshot) { s.Pods.Value, s.Probes, s.Logs = nil, nil, nil }, []string{"pods", "health"}, "none"},
		{"killed for memory", crashed(137, "OOMKilled"), []string{"pods", "restarts"}, "more memory than its limit"},
		{"killed by the liveness probe", both(crashed(137, "Error"), event("Killing", "Container backstage failed liveness probe, will be restarted")), []string{"pods", "restarts"}, "failed liveness probe"},
		{"killed by the startup probe", both(crashed(137, "Error"), event("Killing", "Container backstage failed startup probe, will be restarted")), []string{"pods", "restarts"}, "probes.startup.failureThreshold"},
		{"killed after an unhealthy probe", both(crashed(137, "Error"), event("Unhealthy", "Liveness probe failed: Get \"http://10.1.0.7:7007/.backstage/health/v1/liveness\": context deadline exceeded")), []string{"pods", "restarts"}, "after a probe failed"},
		{"killed, and the events are gone", crashed(137, "Error"), []string{"pods", "restarts"}, "live for an hour"},
		{"killed, and the events may not be seen", both(crashed(137, "Error"), func(_ *Declared, s *Snapshot) { s.Events = Part[[]Object]{Err: denied{}} }), []string{"pods", "restarts"}, "its events would tell"},
		{"an init container waits for its image", func(_ *Declared, s *Snapshot) {
			unready(s)
			status0(s)["state"] = Object{"waiting": Object{"reason": "PodInitializing"}}
			dig.Map(s.Pods.Value[0], "status")["initContainerStatuses"] = list(
				Object{"name": "ca", "state": Object{"terminated": Object{"exitCode": int64(0)}}},
				Object{"name": "fetch", "state": Object{"waiting": Object{"reason": "ImagePullBackOff", "message": "manifest unknown"}}},
			)
		}, []string{"pods"}, "init container fetch"},
		{"an evicted Pod was left behind", func(d *Declared, s *Snapshot) {
			old := pod(d)
			old["metadata"].(Object)["name"] = "platform-backstage-6d8f9c7b5-old"
			old["status"] = Object{"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
			s.Pods.Value = append(s.Pods.Value, old)
		}, []string{"restarts"}, "Evicted: The node was low on resource"},
		{"another exit code", crashed(1, "Error"), []string{"pods", "restarts"}, "exit code 1: Error"},
		{"the image cannot be pulled", func(_ *Declared, s *Snapshot) {
			unready(s)
			status0(s)["state"] = Object{"waiting": Object{"reason": "ImagePullBackOff", "message": `failed to pull image: no match for platform in manifest: not found`}}
		}, []string{"pods"}, "check-image"},
		{"the node runs another digest", func(_ *Declared, s *Snapshot) { status0(s)["imageID"] = "quay.io/x@sha256:other" }, []string{"pods"}, "sha256:other"},
		{"restarted, and well again", func(_ *Declared, s *Snapshot) {
			status0(s)["restartCount"] = int64(2)
			status0(s)["lastState"] = Object{"terminated": Object{"exitCode": int64(137), "reason": "OOMKilled"}}
		}, []string{"restarts"}, "OOMKilled"},
		{"the start ends at an unreachable issuer", both(crashed(1, "Error"), logged("    Error: connect ECONNREFUSED 127.0.0.1:18443")), []string{"logs", "pods", "restarts"}, "openid-configuration"},
		{"a lock in the log of a Pod that is ready", logged(`{"level":"error","message":"Unhandled rejection Migration table is already locked"}`), []string{"logs"}, "migrations --env dev"},
		{"plain text logs", func(_ *Declared, s *Snapshot) { s.Logs[0].Text = "starting\nlistening\n" }, []string{"log-format"}, "0 of 2 lines"},
		{"an arm64 node", func(_ *Declared, s *Snapshot) { s.Nodes.Value = append(s.Nodes.Value, node("node-2", "arm64")) }, []string{"nodes"}, "linux/arm64, which node-2"},
		{"no node takes the Pods", func(_ *Declared, s *Snapshot) {
			dig.Map(s.Nodes.Value[0], "spec")["taints"] = list(Object{"key": "ameide.io/pool", "value": "platform", "effect": "NoSchedule"})
		}, []string{"nodes"}, "nodeSelector"},
		{"no node fits the affinity", func(d *Declared, _ *Snapshot) {
			requires(d, Object{"matchFields": list(is("metadata.name", "In", "node-9"))})
		}, []string{"nodes"}, "fits the required node affinity"},
		{"an affinity that lets the arm64 node in", func(d *Declared, s *Snapshot) {
			arm := node("node-2", "arm64")
			dig.Map(arm, "metadata", "labels")["kubernetes.io/arch"] = "arm64"
			s.Nodes.Value = append(s.Nodes.Value, arm)
			requires(d, Object{"matchExpressions": list(is("ameide.io/pool", "Exists"))}, Object{"matchExpressions": list(is("kubernetes.io/arch", "In", "arm64"))})
		}, []string{"nodes"}, "linux/arm64, which node-2"},
		{"the route is refused", func(_ *Declared, s *Snapshot) {
			dig.At(s.Route.Value, "status", "parents", "0").(Object)["conditions"] = list(Object{"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners", "observedGeneration": int64(1)}, isTrue("ResolvedRefs"))
		}, []string{"route"}, "gateway-access: allowed"},
		{"the route's Service is not found", func(_ *Declared, s *Snapshot) {
			dig.At(s.Route.Value, "status", "parents", "0").(Object)["conditions"] = list(isTrue("Accepted"), Object{"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound", "observedGeneration": int64(1)})
		}, []string{"route"}, "ResolvedRefs"},
		{"the route's verdict is old", func(_ *Declared, s *Snapshot) {
			s.Route.Value["metadata"].(Object)["generation"] = int64(2)
		}, []string{"route"}, "generation 2"},
		{"no controller has seen the route", func(_ *Declared, s *Snapshot) { delete(s.Route.Value, "status") }, []string{"route"}, "no controller"},
		{"the listener takes another zone", func(_ *Declared, s *Snapshot) {
			dig.At(s.Gateway.Value, "spec", "listeners", "0").(Object)["hostname"] = "*.staging.ameide.io"
		}, []string{"route"}, "takes *.staging.ameide.io"},
		{"no endpoint is ready", func(_ *Declared, s *Snapshot) {
			dig.At(s.Slices.Value[0], "endpoints", "0", "conditions").(Object)["ready"] = false
		}, []string{"route"}, "none of 1"},
		{"readiness decides", func(_ *Declared, s *Snapshot) {
			s.Probes[0].Readiness = seen(Answer{Status: 503, Body: `{"message":"Backend has not started yet","status":"error"}`})
		}, []string{"health"}, "since Backstage 1.44"},
		{"the public health path is 404", func(_ *Declared, s *Snapshot) {
			s.Health = answered("GET https://backstage.dev.ameide.io/healthz", 404)
		}, []string{"health"}, "rewrite"},
		{"no page", func(_ *Declared, s *Snapshot) { s.Page = answered("GET https://backstage.dev.ameide.io/", 404) }, []string{"health"}, "404"},
		{"a plugin is not mounted", func(_ *Declared, s *Snapshot) { s.Plugins["scaffolder"] = answered("/api/scaffolder", 404) }, []string{"plugins"}, "plugin scaffolder"},
		{"a plugin did not start", func(_ *Declared, s *Snapshot) { s.Plugins["catalog"] = answered("/api/catalog", 503) }, []string{"plugins"}, "mounted and did not start"},
		{"the store is not ready", func(_ *Declared, s *Snapshot) {
			dig.Map(s.Store.Value, "status")["conditions"] = list(Object{"type": "Ready", "status": "False", "reason": "InvalidProviderConfig", "message": "unable to log in: Code: 503. Errors: * Vault is sealed"})
		}, []string{"secrets"}, "Vault is sealed"},
		{"an ExternalSecret is not synced", func(_ *Declared, s *Snapshot) {
			dig.Map(s.ExternalSecrets.Value[0], "status")["conditions"] = list(Object{"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": "could not get secret data from provider"})
		}, []string{"secrets"}, "Vault has no such entry"},
		{"an ExternalSecret is stale", func(_ *Declared, s *Snapshot) {
			dig.Map(s.ExternalSecrets.Value[0], "status")["refreshTime"] = ago(24 * time.Hour)
		}, []string{"secrets"}, "stopped refreshing"},
		{"a Secret lacks a key", func(d *Declared, s *Snapshot) {
			delete(s.Secrets[d.Spec.Database.SecretName].Value.Values, "POSTGRES_PASSWORD")
		}, []string{"secrets"}, "no such key"},
		{"a Secret is gone", func(_ *Declared, s *Snapshot) { s.Secrets["ghcr-pull"] = Part[Secret]{Missing: true} }, []string{"secrets"}, "ghcr-pull"},
		{"a placeholder everywhere", func(d *Declared, s *Snapshot) {
			fake := secret.New("keycloak_generated_placeholder")
			s.Secrets[d.Spec.OIDC.SecretName].Value.Values[d.Spec.OIDC.SecretKey] = fake
			s.Keycloak, s.Vault = seen(fake), seen(fake)
		}, []string{"secrets"}, "a placeholder"},
		{"the client is missing", func(_ *Declared, s *Snapshot) { s.Keycloak = Part[secret.Value]{Missing: true} }, []string{"secret-chain"}, "reconcile --env dev --client backstage"},
		{"Vault is behind Keycloak", func(_ *Declared, s *Snapshot) { s.Keycloak = seen(secret.New("another-secret-of-keycloak")) }, []string{"secret-chain"}, "Vault secret/backstage-oidc-client-secret"},
		{"the Secret is behind Vault", func(d *Declared, s *Snapshot) {
			s.Secrets[d.Spec.OIDC.SecretName].Value.Values[d.Spec.OIDC.SecretKey] = secret.New("the-one-before")
		}, []string{"secret-chain"}, "Secret/keycloak-realm-oidc-clients"},
		{"the Pods have an older secret", func(_ *Declared, s *Snapshot) {
			s.Login.Value.Exchange = "Authentication failed, unauthorized_client (Invalid client or Invalid client credentials)"
		}, []string{"secret-chain", "login"}, "rollout restart"},
		{"Reloader's hash is another's", func(_ *Declared, s *Snapshot) {
			s.Login = Part[Login]{Err: errors.New("the public host does not answer")}
			dig.At(s.Pods.Value[0], "spec", "containers", "0").(Object)["env"] = list(Object{"name": "STAKATER_KEYCLOAK_REALM_OIDC_CLIENTS_SECRET", "value": "0000"})
		}, []string{"secret-chain", "login"}, "Reloader's hash"},
		{"the Pods are older than the Secret", func(d *Declared, s *Snapshot) {
			s.Login = Part[Login]{Err: errors.New("the public host does not answer")}
			old := s.Secrets[d.Spec.OIDC.SecretName]
			old.Value.Changed = noon().Add(-time.Minute)
			s.Secrets[d.Spec.OIDC.SecretName] = old
		}, []string{"secret-chain", "login"}, "before the Secret was written"},
		{"Keycloak is not reached for the code", func(_ *Declared, s *Snapshot) {
			s.Login.Value.Exchange = "Authentication failed, connect ETIMEDOUT 10.0.0.9:443"
		}, []string{"login"}, "exchange of the code"},
		{"nobody accepted the Pods' secret, and they are older", func(d *Declared, s *Snapshot) {
			s.Login.Value.User, s.Login.Value.UserErr, s.Login.Value.Exchange = "ada", errors.New("Backstage: unknown state"), "unknown state"
			old := s.Secrets[d.Spec.OIDC.SecretName]
			old.Value.Changed = noon().Add(-time.Minute)
			s.Secrets[d.Spec.OIDC.SecretName] = old
		}, []string{"secret-chain", "login"}, "before the Secret was written"},
		{"there is no OIDC provider", func(_ *Declared, s *Snapshot) { s.Login.Value.Start.Status = 404 }, []string{"login"}, "OIDC provider module"},
		{"another environment's issuer", func(_ *Declared, s *Snapshot) {
			s.Login.Value.Sent = "https://auth.ameide.io/realms/ameide/protocol/openid-connect/auth"
		}, []string{"login"}, "another environment's"},
		{"Keycloak refuses the redirect", func(_ *Declared, s *Snapshot) {
			s.Login.Value.Authorize = errors.New("authorization endpoint: Invalid parameter: redirect_uri")
		}, []string{"login"}, "reconcile --env dev --client backstage"},
		{"the test user is unknown to the catalog", func(_ *Declared, s *Snapshot) {
			s.Login.Value.User, s.Login.Value.UserErr = "ada", errors.New("Backstage: Failed to sign-in, unable to resolve user identity")
		}, []string{"login"}, "unable to resolve user identity"},
		{"no CREATEDB", func(_ *Declared, s *Snapshot) { s.Database.Value.Rights.CreateDB = false }, []string{"database"}, "createdb: true"},
		{"no CREATEDB and no databases", func(_ *Declared, s *Snapshot) {
			s.Database.Value.Rights.CreateDB, s.Database.Value.Locks = false, []dbops.Lock{lock("auth")}
		}, []string{"database"}, "backstage_plugin_catalog"},
		{"the password is another one", func(_ *Declared, s *Snapshot) {
			s.Database = seen(Database{Refused: &Refusal{Text: `password authentication failed for user "backstage"`}})
		}, []string{"database", "migrations"}, "the database refuses the role's password"},
		{"there is no such database", func(_ *Declared, s *Snapshot) {
			s.Database = seen(Database{Refused: &Refusal{NoDatabase: true, Text: `database "backstage" does not exist`}})
		}, []string{"database", "migrations"}, "its operator makes both"},
		{"a standby", func(_ *Declared, s *Snapshot) { s.Database.Value.Snapshot.Standby = true }, []string{"database"}, "-rw Service"},
		{"a stuck lock", lockOf("catalog", func(l *dbops.Lock) { l.Verdict, l.Advice = dbops.Stale, "run unlock-migrations --plugin catalog" }), []string{"migrations"}, "unlock-migrations --plugin catalog"},
		{"a half-built index", lockOf("catalog", func(l *dbops.Lock) { l.InvalidIndexes = []string{"public.search_key_value_idx"} }), []string{"migrations"}, "search_key_value_idx"},
		{"never migrated", lockOf("auth", func(l *dbops.Lock) { l.LastMigration = "" }), []string{"migrations"}, "no migration has run"},
		{"the migrations Job failed", func(_ *Declared, s *Snapshot) {
			dig.Map(s.Jobs.Value[0], "status")["conditions"] = list(Object{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit"})
		}, []string{"migration-job"}, "BackoffLimitExceeded"},
		{"the log of the failed Job tells why", func(_ *Declared, s *Snapshot) {
			dig.Map(s.Jobs.Value[0], "status")["conditions"] = list(Object{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"})
			s.Logs = append(s.Logs, Log{Pod: "platform-backstage-migrations-x1", Container: "migrations", Hook: true, Text: "plain text\nMigration table is already locked\n"})
		}, []string{"logs", "migration-job"}, "a migration lock is taken"},
		{"the Job belongs to another image", func(_ *Declared, s *Snapshot) {
			job := clone(s.Jobs.Value[0])
			dig.At(job, "spec", "template", "spec", "containers", "0").(Object)["image"] = "quay.io/old@sha256:1"
			s.Jobs.Value[0] = job
		}, []string{"migration-job"}, "quay.io/old"},
		{"the Job is gone and Argo CD knows no run", func(_ *Declared, s *Snapshot) {
			s.Jobs.Value = nil
			dig.Map(s.Application.Value, "status")["operationState"] = Object{"phase": "Succeeded"}
		}, []string{"migration-job"}, "neither the Job"},
		{"the monitor selects nothing", func(_ *Declared, s *Snapshot) {
			dig.Map(s.Monitor.Value, "spec", "selector")["matchLabels"] = Object{"app": "other"}
		}, []string{"metrics"}, "app=other"},
		{"the monitor names another port", func(_ *Declared, s *Snapshot) {
			dig.At(s.Monitor.Value, "spec", "endpoints", "0").(Object)["port"] = "metrics"
		}, []string{"metrics"}, "spec.endpoints.port"},
		{"the collector has no Pod", func(d *Declared, s *Snapshot) {
			s.Slices.Value = slices.DeleteFunc(s.Slices.Value, func(o Object) bool {
				return dig.Text(o, "metadata", "labels", "kubernetes.io/service-name") == d.Spec.Telemetry.Service
			})
		}, []string{"traces"}, "none of 0"},
		{"the endpoint serves no metrics", func(_ *Declared, s *Snapshot) { s.Metrics = answered("Pod:9464/metrics", 404) }, []string{"metrics"}, "preload the OpenTelemetry SDK"},
	}
}

func TestEachThingThatBreaksIsNamedByItsRuleAndNoOther(t *testing.T) {
	t.Parallel()
	d := declared(t, "dev")
	for _, b := range table() {
		t.Run(b.name, func(t *testing.T) {
			s := healthy(d)
			b.fault(d, s)
			var rules []string
			told := ""
			for _, c := range judgedAll(d, s) {
				if len(c.Issues) == 0 {
					continue
				}
				rules = append(rules, strings.TrimPrefix(c.Rule, Area))
				told += fmt.Sprintf("%s: %+v\n", c.Rule, c.Issues)
			}
			slices.Sort(rules)
			slices.Sort(b.rules)
			if diff := cmp.Diff(rules, b.rules); diff != "" {
				t.Errorf("rules (got -, want +):\n%s\n%s", diff, told)
			}
			if !strings.Contains(told, b.says) {
				t.Errorf("findings do not say %q:\n%s", b.says, told)
			}
			if strings.Contains(told, theSecret) {
				t.Error("a finding shows a secret")
			}
		})
	}
}

func TestErrorsOfOthersInTheLogOfAReadyPodAreNoIncidents(t *testing.T) {
	t.Parallel()
	d := declared(t, "dev")
	for _, line := range []string{"connect ECONNREFUSED 140.82.121.4:443", "GET https://ghcr.io/v2/: 401 Unauthorized"} {
		s := healthy(d)
		logged(line)(d, s)
		for _, c := range judgedAll(d, s) {
			if len(c.Issues) > 0 {
				t.Errorf("%q: %s: %+v", line, c.Rule, c.Issues)
			}
		}
	}
}

func TestEveryRuleIsBrokenOnce(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, b := range table() {
		for _, r := range b.rules {
			found[Area+r] = true
		}
	}
	for _, i := range RuleInfos() {
		if !found[i.ID] {
			t.Errorf("nothing breaks %s", i.ID)
		}
	}
}

type denied struct{}

func (denied) Error() string { return "secrets is forbidden" }
func (denied) Hint() string  { return "grant get on secrets in ameide-dev" }

func TestWhatIsNotSeenNeverPasses(t *testing.T) {
	t.Parallel()
	d := declared(t, "dev")
	s := healthy(d)
	for n := range s.Secrets {
		s.Secrets[n] = Part[Secret]{Err: denied{}}
	}
	checks := judgedAll(d, s)
	i := slices.IndexFunc(checks, func(c verify.Check) bool { return c.Rule == "live/secrets" })
	if !checks[i].Unseen || len(checks[i].Issues) == 0 || checks[i].Issues[0].Hint != "grant get on secrets in ameide-dev" {
		t.Errorf("live/secrets = %+v, want it unseen with the rule that grants it", checks[i])
	}
	for _, c := range Summarize(Look{d, s}, checks).Criteria {
		if c.ID == "database/credentials" && c.Live != verify.Skip {
			t.Errorf("criterion %s = %s, want SKIP", c.ID, c.Live)
		}
	}
	if got := Summarize(Look{d, s}, checks).Live; got == verify.Pass {
		t.Error("an environment that was not seen passes")
	}
}

func TestWhatNobodyGaveTheMeansForIsNoFinding(t *testing.T) {
	t.Parallel()
	d := declared(t, "dev")
	s := healthy(d)
	s.Vault = Part[secret.Value]{Err: NotAsked("set VAULT_TOKEN")}
	s.Keycloak = Part[secret.Value]{Err: NotAsked("set KEYCLOAK_CLIENT_SECRET")}
	for _, c := range judgedAll(d, s) {
		if len(c.Issues) > 0 {
			t.Errorf("%s: %+v", c.Rule, c.Issues)
		}
	}
}

func TestPlatformsOfTheSpecStandInForTheRegistrys(t *testing.T) {
	t.Parallel()
	d := declared(t, "dev")
	s := healthy(d)
	s.Image = seen(Image{Platforms: []imagecheck.Platform{{OS: "linux", Arch: "amd64"}}, Declared: "dial tcp: i/o timeout"})
	s.Nodes.Value = append(s.Nodes.Value, node("node-2", "arm64"))
	checks := judgedAll(d, s)
	i := slices.IndexFunc(checks, func(c verify.Check) bool { return c.Rule == "live/nodes" })
	if got := checks[i].Issues[0].Actual; !strings.Contains(got, "as the spec says") {
		t.Errorf("actual = %q, want it to say whose word it is", got)
	}
}

// Without the registry nobody knows whether a digest is one of the index's: no advice to delete a Pod that may be well.
func TestAnotherDigestIsNotJudgedWithoutTheRegistry(t *testing.T) {
	t.Parallel()
	d := declared(t, "dev")
	s := healthy(d)
	s.Image = seen(Image{Platforms: []imagecheck.Platform{{OS: "linux", Arch: "amd64"}}, Declared: "dial tcp: i/o timeout"})
	status0(s)["imageID"] = "quay.io/x@sha256:child"
	checks := judgedAll(d, s)
	pods := checks[slices.IndexFunc(checks, func(c verify.Check) bool { return c.Rule == "live/pods" })]
	if !pods.Unseen || pods.Status == verify.Fail || !strings.Contains(pods.Issues[0].Actual, "only its registry tells") {
		t.Errorf("live/pods is %+v, want it unseen", pods)
	}
}

// requires gives the declared Pods a required node affinity of these terms.
func requires(d *Declared, terms ...any) {
	dig.Map(d.Deployment, "spec", "template", "spec")["affinity"] = Object{"nodeAffinity": Object{"requiredDuringSchedulingIgnoredDuringExecution": Object{"nodeSelectorTerms": terms}}}
}

func is(key, operator string, values ...any) Object {
	return Object{"key": key, "operator": operator, "values": values}
}

func TestNodesThatTheRequiredAffinityKeepsOutNeedNoImage(t *testing.T) {
	t.Parallel()
	for name, term := range map[string]Object{
		"In":            {"matchExpressions": list(is("kubernetes.io/arch", "In", "amd64"))},
		"NotIn":         {"matchExpressions": list(is("kubernetes.io/arch", "NotIn", "arm64"))},
		"Exists":        {"matchExpressions": list(is("fast", "Exists"))},
		"DoesNotExist":  {"matchExpressions": list(is("slow", "DoesNotExist"))},
		"Gt":            {"matchExpressions": list(is("cores", "Gt", "4"))},
		"Lt":            {"matchExpressions": list(is("price", "Lt", "4"))},
		"a field":       {"matchFields": list(is("metadata.name", "In", "node-1"))},
		"a field not":   {"matchFields": list(is("metadata.name", "NotIn", "node-2"))},
		"both together": {"matchExpressions": list(is("ameide.io/pool", "Exists")), "matchFields": list(is("metadata.name", "In", "node-1"))},
		"two labels":    {"matchExpressions": list(is("ameide.io/pool", "Exists"), is("kubernetes.io/arch", "In", "amd64"))},
	} {
		d := declared(t, "dev")
		requires(d, term, Object{"matchExpressions": list(is("kubernetes.io/arch", "In", "s390x"))})
		one, two := node("node-1", "amd64"), node("node-2", "arm64")
		for key, value := range map[string]string{"kubernetes.io/arch": "amd64", "fast": "", "cores": "8", "price": "2"} {
			dig.Map(one, "metadata", "labels")[key] = value
		}
		for key, value := range map[string]string{"kubernetes.io/arch": "arm64", "slow": "", "cores": "2", "price": "8"} {
			dig.Map(two, "metadata", "labels")[key] = value
		}
		if got := byPlatform(admitted(d, []Object{one, two})); len(got) != 1 || got["linux/amd64"] == nil {
			t.Errorf("%s: the Pods land on %v, want node-1 alone", name, got)
		}
	}
}

// The lists in this package name rules of package verify by their ids.
func TestFactsAndCriteriaNameRulesThatExist(t *testing.T) {
	t.Parallel()
	known := func(id string) bool {
		return slices.ContainsFunc(verify.RuleInfos(), func(i verify.RuleInfo) bool { return strings.HasPrefix(i.ID, id) })
	}
	for _, c := range tableOfCriteria() {
		for _, id := range c.offline {
			if !known(id) {
				t.Errorf("criterion %s names rule %s, which does not exist", c.id, id)
			}
		}
	}
	for _, r := range rows() {
		for _, id := range r.offline {
			if !known(id) {
				t.Errorf("row %s names rule %s, which does not exist", r.subject, id)
			}
		}
		if !slices.ContainsFunc(RuleInfos(), func(i verify.RuleInfo) bool { return i.ID == Area+r.check }) {
			t.Errorf("row %s names rule %s, which does not exist", r.subject, r.check)
		}
	}
}

func TestReloadersHashesAreItsOwn(t *testing.T) {
	t.Parallel()
	// printf 'a=1;b=2' | openssl dgst -sha512-256, and sha1sum
	want := []string{"7db861b5f6b5272224f7cc5e03e8f31d6a2b6fb79ae21b996cdae72457dc886d", "f83e99e324ba68ccc373a58ef1eb42f8ab88646a"}
	if diff := cmp.Diff(reloaderHashes(map[string]string{"b": "2", "a": "1"}), want); diff != "" {
		t.Error(diff)
	}
}
