package live

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/ameideio/ameide/internal/example"
	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/verify"
)

// noon is when tests look.
func noon() time.Time { return time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC) }

func ago(d time.Duration) string { return noon().Add(-d).Format(time.RFC3339) }

// checkedOut is the example's checkout with the installation in it.
func checkedOut(t testing.TB, s *spec.Spec) fs.FS {
	t.Helper()
	tree, err := example.Installed(s)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// declared is what the default installation declares of an environment.
func declared(t testing.TB, env string) *Declared {
	t.Helper()
	s := spec.Default()
	tree, err := verify.Load(checkedOut(t, &s), &spec.Loaded{Spec: s}, verify.LoadOptions{Envs: []string{env}, Scratch: t.TempDir(), Today: "2026-01-20"})
	if err != nil {
		t.Fatal(err)
	}
	d, err := Declare(tree.Envs[0], &s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func seen[T any](v T) Part[T] { return Part[T]{Value: v} }

func list(items ...any) []any { return items }

func isTrue(kind string) Object {
	return Object{"type": kind, "status": "True", "reason": kind, "observedGeneration": int64(1)}
}

// theSecret is the client secret of a healthy environment.
const theSecret = "u7Gk0ZkR5mQwPz3nB1sV9aTq"

const (
	jsonLine   = `{"level":"info","message":"Listening on 0.0.0.0:7007","service":"rootHttpRouter","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}` + "\n"
	portalPod  = "platform-backstage-6d8f9c7b5-x2x4k"
	revisionID = "6d8f9c7b5"
)

// pod is a Pod of the portal, ready since an hour.
func pod(d *Declared) Object {
	labels := Object{"pod-template-hash": revisionID}
	for key, value := range dig.Map(d.Deployment, "spec", "template", "metadata", "labels") {
		labels[key] = value
	}
	return Object{
		"metadata": Object{"name": portalPod, "labels": labels},
		"spec":     Object{"nodeName": "node-1", "containers": list(Object{"name": "backstage", "image": d.Image()})},
		"status": Object{
			"phase":      "Running",
			"conditions": list(isTrue("Ready"), isTrue("ContainersReady"), isTrue("PodScheduled")),
			"containerStatuses": list(Object{
				"name": "backstage", "ready": true, "restartCount": int64(0), "imageID": d.Image(),
				"state": Object{"running": Object{"startedAt": ago(time.Hour)}},
			}),
		},
	}
}

// healthy is an environment in which everything is as declared.
func healthy(d *Declared) *Snapshot {
	external := func(o Object) Object {
		return Object{"metadata": Object{"name": name(o)}, "spec": o["spec"], "status": Object{"conditions": list(isTrue("Ready")), "refreshTime": ago(30 * time.Second)}}
	}
	deployment := clone(d.Deployment)
	deployment["metadata"].(Object)["generation"] = int64(1)
	deployment["status"] = Object{
		"observedGeneration": int64(1), "replicas": int64(1), "readyReplicas": int64(1), "updatedReplicas": int64(1),
		"conditions": list(isTrue("Available"), isTrue("Progressing")),
	}
	route := clone(d.Route)
	route["metadata"].(Object)["generation"] = int64(1)
	route["status"] = Object{"parents": list(Object{"parentRef": dig.At(d.Route, "spec", "parentRefs", "0"), "conditions": list(isTrue("Accepted"), isTrue("ResolvedRefs"))})}
	s := &Snapshot{
		Taken: noon(), Context: "ameide-dev", Requests: 26,
		Application: seen(Object{
			"metadata": Object{"name": d.ApplicationName()}, "spec": d.Application["spec"],
			"status": Object{
				"sync": Object{"status": "Synced", "revision": "4f2a1c7d9e8b4f2a1c7d9e8b4f2a1c7d9e8b4f2a"}, "health": Object{"status": "Healthy"},
				"operationState": Object{"phase": "Succeeded", "syncResult": Object{"resources": list(Object{"kind": "Job", "name": name(d.Job), "hookPhase": "Succeeded"})}},
			},
		}),
		Deployment: seen(deployment), Pods: seen([]Object{pod(d)}), Logs: []Log{{Pod: portalPod, Container: "backstage", Text: jsonLine}},
		Nodes: seen([]Object{node("node-1", "amd64")}), Route: seen(route), Service: seen(clone(d.Service)), Monitor: seen(clone(d.Monitor)),
		Gateway: seen(Object{
			"metadata": Object{"name": "ameide"}, "status": Object{"conditions": list(isTrue("Programmed"))},
			"spec": Object{"listeners": list(Object{"name": "https", "hostname": "*.dev.ameide.io"})},
		}),
		Slices: seen([]Object{slice(name(d.Service), portalPod, 7007), slice("otel-collector", "otel-1", 4317), slice("postgres-ameide-rw", "postgres-ameide-1", 5432)}),
		Jobs:   seen([]Object{{"metadata": Object{"name": name(d.Job)}, "spec": d.Job["spec"], "status": Object{"conditions": list(isTrue("Complete"))}}}),
		Store:  seen(Object{"kind": "SecretStore", "metadata": Object{"name": "ameide-vault"}, "status": Object{"conditions": list(isTrue("Ready"))}}),
		Image:  seen(Image{Platforms: []imagecheck.Platform{{OS: "linux", Arch: "amd64"}}, Digests: []string{digest(d.Image()), "sha256:child"}}),
		Probes: []PodProbe{{Pod: portalPod, Liveness: answered("liveness", 200), Readiness: answered("readiness", 200)}},
		Page:   answered("GET https://backstage.dev.ameide.io/", 200), Health: answered("GET https://backstage.dev.ameide.io/healthz", 200),
		Metrics: seen(Answer{Asked: "Pod:9464/metrics", Status: 200, Body: "# HELP process_cpu_seconds_total x\n# TYPE process_cpu_seconds_total counter\n"}),
		Login: seen(Login{
			Start: Answer{Asked: "GET https://backstage.dev.ameide.io/api/auth/oidc/start", Status: 302},
			Sent:  d.Env.Issuer + "/protocol/openid-connect/auth", Exchange: "Authentication failed, invalid_grant (Code not valid)",
		}),
		Keycloak: seen(secret.New(theSecret)), Vault: seen(secret.New(theSecret)),
		Database: seen(Database{
			Rights:   dbops.Rights{Role: "backstage", CreateDB: true, Database: "backstage", Owner: "backstage"},
			Snapshot: dbops.Snapshot{Version: "17.6", Role: "backstage"}, Locks: []dbops.Lock{lock("auth"), lock("catalog"), lock("scaffolder")},
		}),
		Plugins: map[string]Part[Answer]{}, Secrets: map[string]Part[Secret]{},
	}
	for _, id := range d.Plugins() {
		s.Plugins[id] = answered("/api/"+id, 401)
	}
	for _, e := range d.ExternalSecrets {
		s.ExternalSecrets.Value = append(s.ExternalSecrets.Value, external(e))
	}
	for _, n := range d.SecretNames() {
		s.Secrets[n] = seen(Secret{Values: map[string]secret.Value{}, Changed: noon().Add(-48 * time.Hour)})
	}
	for _, k := range d.SecretKeys() {
		s.Secrets[k.Secret].Value.Values[k.Key] = secret.New(theSecret)
	}
	return s
}

func node(name, arch string) Object {
	return Object{
		"metadata": Object{"name": name, "labels": Object{"ameide.io/pool": "dev"}},
		"spec":     Object{"taints": list(Object{"key": "ameide.io/environment", "value": "dev", "effect": "NoSchedule"})},
		"status":   Object{"nodeInfo": Object{"architecture": arch, "operatingSystem": "linux"}},
	}
}

func slice(service, pod string, port int) Object {
	return Object{
		"metadata":  Object{"name": service + "-1", "labels": Object{"kubernetes.io/service-name": service}},
		"ports":     list(Object{"port": int64(port)}),
		"endpoints": list(Object{"conditions": Object{"ready": true}, "targetRef": Object{"kind": "Pod", "name": pod}}),
	}
}

func answered(asked string, status int) Part[Answer] {
	return seen(Answer{Asked: asked, Status: status})
}

func lock(plugin string) dbops.Lock {
	return dbops.Lock{Database: "backstage_plugin_" + plugin, Schema: "public", Table: "knex_migrations_lock", Plugin: plugin, Verdict: dbops.Free, LastMigration: "1_init.js"}
}

// clone copies an object, so that a test may change it.
func clone(o Object) Object { return copied(o).(Object) }

func copied(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := Object{}
		for key, value := range x {
			out[key] = copied(value)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, value := range x {
			out[i] = copied(value)
		}
		return out
	}
	return v
}

// judgedAll asks every rule, as verify does.
func judgedAll(d *Declared, s *Snapshot) []verify.Check {
	var checks []verify.Check
	for _, j := range judges() {
		issues, err := j.ask(Look{d, s})
		c := verify.Check{Rule: j.ID, Env: d.Env.Name, Status: verify.Pass, Issues: issues}
		if len(issues) > 0 {
			c.Status = verify.Fail
		}
		var unseen *verify.Unseen
		if errors.As(err, &unseen) {
			c.Unseen, c.Issues = true, append(c.Issues, unseen.Issues...)
		}
		checks = append(checks, c)
	}
	return checks
}
