package cmd_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/internal/livelab"
	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/spec"
)

// breakGlassRights are those that the runbook names.
func breakGlassRights() []map[string]any {
	return []map[string]any{
		livelab.Rule("", "secrets", "get"), livelab.Rule("discovery.k8s.io", "endpointslices", "list"), livelab.Rule("", "pods", "get", "list"),
		livelab.Rule("", "pods/portforward", "create"), livelab.Rule("apps", "deployments/scale", "get", "patch"),
		livelab.Rule("apps", "deployments", "get"), livelab.Rule("", "events", "create"),
	}
}

// portalOf puts into a cluster what an environment's portal consists of for a break-glass, and its database behind a Service.
func portalOf(t *testing.T, c *livelab.Cluster, e spec.Environment, db spec.Database, port int) {
	t.Helper()
	labels := map[string]any{"app.kubernetes.io/name": "backstage"}
	pod := map[string]any{"nodeName": livelab.NodeName, "containers": []any{map[string]any{"name": "backstage", "image": "lab"}}}
	for _, o := range []map[string]any{
		{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": e.Namespace}},
		{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "platform-backstage"}, "spec": map[string]any{
			"replicas": 1, "selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": map[string]any{"containers": pod["containers"]}},
		}},
		{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": livelab.PortalPod, "labels": labels}, "spec": pod},
	} {
		namespace := e.Namespace
		if o["kind"] == "Namespace" {
			namespace = ""
		}
		if err := c.Apply(t.Context(), o, namespace, false); err != nil {
			t.Fatal(err)
		}
	}
	c.Status(t, "v1", "Pod", e.Namespace, livelab.PortalPod, map[string]any{"phase": "Running"})
	c.Secret(t, e.Namespace, db.SecretName, "Opaque", map[string]string{"POSTGRES_USER": "backstage", "POSTGRES_PASSWORD": lab.Password})
	c.Endpoints(t, e.Namespace, db.Host, livelab.DatabasePod, db.Port)
	c.Kubelet.Expose(e.Namespace, livelab.DatabasePod, db.Port, port)
}

// replicas is what the Deployment is to have.
func replicas(t *testing.T, c *livelab.Cluster, e spec.Environment) float64 {
	t.Helper()
	o := c.Must(t, http.MethodGet, livelab.PathOf("apps/v1", "Deployment", e.Namespace, "platform-backstage"), "", nil)
	n, _ := o["spec"].(map[string]any)["replicas"].(float64)
	return n
}

// A real API server, a real PostgreSQL behind a port-forward, and a user who may do what the runbook says and nothing else.
func TestABreakGlassThroughARealCluster(t *testing.T) {
	lab.Slow(t)
	t.Parallel()
	c := livelab.NewCluster(t, "sre")
	db, e := spec.Default().Database, spec.DefaultEnvironment("dev")
	s := lab.Postgres(t)
	s.Exec(t, "postgres", "CREATE ROLE backstage LOGIN CREATEDB PASSWORD '"+lab.Password+"'", "CREATE DATABASE "+db.Name+" OWNER backstage",
		"CREATE DATABASE backstage_plugin_catalog OWNER backstage")
	owner := s.Connect(t, "backstage", "backstage_plugin_catalog", "application_name", "backstage_plugin_catalog")
	for _, statement := range []string{
		"create table knex_migrations (id serial primary key, name varchar(255), batch integer, migration_time timestamptz)",
		"create table knex_migrations_lock (index serial primary key, is_locked integer)", "insert into knex_migrations_lock (is_locked) values (1)",
	} {
		if _, err := owner.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	portalOf(t, c, e, db, s.Port)
	c.Grant(t, "sre", e.Namespace, breakGlassRights()...)
	args := []string{"--env", "dev", "--kubeconfig", c.Kubeconfig(t, "sre", e.KubeContext)}
	got := runWith(t, nil, append([]string{"migrations"}, args...)...)
	if where := db.Host + "." + e.Namespace + ".svc:5432"; got.code != 1 || !strings.Contains(got.out, where) || !strings.Contains(got.out, "HELD") {
		t.Fatalf("exit %d:\n%s%s", got.code, got.out, got.err)
	}
	got = runWith(t, nil, append([]string{"unlock-migrations", "--yes"}, args...)...)
	if got.code != 4 || !strings.Contains(got.err, "runs 1 Pod "+livelab.PortalPod) {
		t.Fatalf("with a Pod that is connected: exit %d:\n%s%s", got.code, got.out, got.err)
	}
	ended := make(chan struct{})
	go func() { // the Deployment's controller and the kubelet
		defer close(ended)
		for ctx := t.Context(); replicas(t, c, e) != 0 && ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		}
		c.Delete(t, "v1", "Pod", e.Namespace, livelab.PortalPod)
		_ = owner.Close(context.WithoutCancel(t.Context()))
	}()
	got = runWith(t, nil, append([]string{"unlock-migrations", "--yes", "--scale-down", "--events", "--reason", "INC-1"}, args...)...)
	if got.code != 0 || !strings.Contains(got.out, "1 cleared") {
		t.Errorf("exit %d:\n%s%s", got.code, got.out, got.err)
	}
	<-ended
	if n := replicas(t, c, e); n != 1 {
		t.Errorf("the Deployment is to have %v replicas, want 1 as before", n)
	}
	events := c.Must(t, http.MethodGet, livelab.PathOf("v1", "Event", e.Namespace, ""), "", nil)
	items, _ := events["items"].([]any)
	if len(items) != 1 || !strings.Contains(items[0].(map[string]any)["message"].(string), "1 cleared, 0 refused; reason: INC-1") {
		t.Errorf("events are %v", items)
	}
}
