package reconcile_test

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ameideio/ameide/internal/livelab"
	"github.com/ameideio/ameide/pkg/reconcile"
)

const (
	labNamespace = "ameide-dev"
	labContext   = "ameide-dev"
)

// portalCluster is a real Kubernetes API with the Secret, the ExternalSecret and the Pods of one client. The test plays
// their controllers.
type portalCluster struct {
	*livelab.Cluster
	t      *testing.T
	w      *world
	client string
}

func newPortalCluster(t *testing.T, w *world, client string) *portalCluster {
	t.Helper()
	c := &portalCluster{Cluster: livelab.NewCluster(t), t: t, w: w, client: client}
	c.put("v1", "Namespace", "", labNamespace, nil)
	c.put("v1", "ServiceAccount", labNamespace, "default", nil)
	c.put("external-secrets.io/v1", "ExternalSecret", labNamespace, "portal", map[string]any{"spec": map[string]any{
		"refreshInterval": "1m", "secretStoreRef": map[string]any{"kind": "SecretStore", "name": "ameide-vault"},
		"data": []any{map[string]any{"secretKey": "client-secret", "remoteRef": map[string]any{"key": w.ref(client).Key, "property": "value"}}},
	}})
	w.account(accountID+"-"+w.realm, "view-clients", "manage-clients", "view-realm", "manage-realm")
	c.Secret(t, labNamespace, "keycloak-admin-sa", "Opaque", map[string]string{"client-id": accountID + "-" + w.realm, "client-secret": accountSecret})
	return c
}

func (c *portalCluster) put(apiVersion, kind, namespace, name string, rest map[string]any) {
	c.t.Helper()
	o := map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": name}}
	for key, value := range rest {
		o[key] = value
	}
	if err := c.Apply(c.t.Context(), o, namespace, false); err != nil {
		c.t.Fatal(err)
	}
}

// sync is External Secrets: the Secret gets what Vault has.
func (c *portalCluster) sync() {
	c.t.Helper()
	value, _ := c.w.getVault(c.client)["value"].(string)
	c.Secret(c.t, labNamespace, "portal", "Opaque", map[string]string{"client-secret": value})
}

// start is the Deployment's controller and the kubelet: one Pod more that runs with the Secret.
func (c *portalCluster) start(name string) {
	c.t.Helper()
	time.Sleep(1100 * time.Millisecond) // the API's times are whole seconds
	c.put("v1", "Pod", labNamespace, name, map[string]any{"spec": map[string]any{"nodeName": livelab.NodeName, "containers": []any{map[string]any{
		"name": "portal", "image": "portal", "env": []any{map[string]any{
			"name": "SECRET", "valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "portal", "key": "client-secret"}},
		}},
	}}}})
	c.Status(c.t, "v1", "Pod", labNamespace, name, map[string]any{"phase": "Running", "containerStatuses": []any{map[string]any{
		"name": "portal", "image": "portal", "imageID": "portal", "ready": true, "restartCount": 0, "lastState": map[string]any{},
		"state": map[string]any{"running": map[string]any{"startedAt": time.Now().UTC().Format(time.RFC3339)}},
	}}})
}

// run runs the binary as a person does who is given no credentials of Keycloak: they are found in the cluster.
func (c *portalCluster) run(bin string, flags ...string) (*exec.Cmd, *strings.Builder) {
	c.t.Helper()
	cmd, _ := c.w.ameide(bin, c.client, c.w.serve(c.w.keycloak), c.w.serve(c.w.vault), flags...)
	var env []string
	for _, v := range cmd.Env {
		if !strings.HasPrefix(v, "KEYCLOAK_") && !strings.HasPrefix(v, "KUBE") {
			env = append(env, v)
		}
	}
	cmd.Env = append(env, "KUBECONFIG="+c.Kubeconfig(c.t, "", labContext))
	out := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out
}

// await waits for something, and fails the test when the binary ends before it.
func (c *portalCluster) await(what string, ended <-chan error, out *strings.Builder, happened func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); !happened(); time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-ended:
			c.t.Fatalf("it ended before %s: %v\n%s", what, err, out)
		default:
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("no %s after a minute", what)
		}
	}
}

// seenInCluster: the binary finds its credentials in a real cluster and rotates a secret as its consumers follow. Without
// overlap Keycloak waits for the Secret; with it the old secret ends when no Pod runs with it.
func seenInCluster(t *testing.T, w *world) {
	const client = "backstage"
	bin := program(t)
	c := newPortalCluster(t, w, client)
	made, out := c.run(bin)
	if err := made.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c.sync()
	c.start("portal-1")
	t.Run("without overlap", func(t *testing.T) {
		before := w.rotation(client)
		rotate, out, ended := c.rotating(bin)
		c.await("a new secret in Vault", ended, out, func() bool { return w.rotation(client).vault != before.vault })
		time.Sleep(1500 * time.Millisecond) // it looks every second
		if now := w.rotation(client); now.keycloak != before.keycloak {
			t.Error("Keycloak has the new secret before its consumers")
		}
		c.sync()
		c.finish(rotate, ended, out, "waiting for the consumers of client backstage: Secret "+labNamespace+"/portal holds another one")
		if now := w.rotation(client); now.keycloak == before.keycloak || now.vault != now.keycloak {
			t.Error("the rotation is not finished")
		}
	})
	t.Run("with overlap", func(t *testing.T) {
		w.withOverlap()
		before := w.rotation(client)
		rotate, out, ended := c.rotating(bin)
		c.await("a new secret in Vault", ended, out, func() bool { return w.rotation(client).vault != before.vault })
		c.sync()
		c.start("portal-2")
		time.Sleep(1500 * time.Millisecond)
		if now := w.rotation(client); now.old != before.keycloak {
			t.Error("the old secret has ended while a Pod runs with it")
		}
		c.Delete(t, "v1", "Pod", labNamespace, "portal-1")
		c.finish(rotate, ended, out, "Pods that were started before: portal-1")
		if now := w.rotation(client); now.old != "" || now.keycloak == before.keycloak {
			t.Error("the old secret has not ended")
		}
	})
	t.Run("a foreign namespace is no consumer", func(t *testing.T) {
		c.Delete(t, "external-secrets.io/v1", "ExternalSecret", labNamespace, "portal")
		before := w.rotation(client)
		rotate, out := c.run(bin, "--rotate")
		if err := rotate.Run(); err != nil || !strings.Contains(out.String(), "no ExternalSecret of namespace "+labNamespace+" asks for") {
			t.Errorf("%v\n%s", err, out)
		}
		if now := w.rotation(client); now.old != before.keycloak || now.vault != now.keycloak {
			t.Error("the old secret must be left to the policy")
		}
	})
}

// rotating starts a rotation.
func (c *portalCluster) rotating(bin string) (*exec.Cmd, *strings.Builder, <-chan error) {
	c.t.Helper()
	rotate, out := c.run(bin, "--rotate", "--wait", "2m")
	if err := rotate.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- rotate.Wait() }()
	return rotate, out, ended
}

// finish waits for the end of a rotation that must have said something, and no secret.
func (c *portalCluster) finish(rotate *exec.Cmd, ended <-chan error, out *strings.Builder, says string) {
	c.t.Helper()
	select {
	case err := <-ended:
		if err != nil || !strings.Contains(out.String(), says) {
			c.t.Errorf("%v, want %q\n%s", err, says, out)
		}
		c.w.leaks(out.String()+"\n", c.client)
		if strings.Contains(out.String(), accountSecret) {
			c.t.Error("the output holds the service account's secret")
		}
	case <-time.After(time.Minute):
		_ = rotate.Process.Kill()
		c.t.Fatalf("it still waits; killed: %v\n%s", <-ended, out)
	}
}

// tokensEnd: a real token ends while a run goes on, several times; the run logs in again.
func tokensEnd(t *testing.T, w *world) {
	id := accountID + "-" + w.realm
	w.account(id, "view-clients", "manage-clients", "view-realm", "manage-realm")
	w.inMaster(func() {
		w.edit(id, func(c map[string]any) { c["attributes"].(map[string]any)["access.token.lifespan"] = "1" })
	})
	slow := w.keycloak
	requests := 0
	w.keycloak = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/admin/") {
			if requests++; requests%3 == 0 {
				time.Sleep(2100 * time.Millisecond) // longer than the token lives
			}
		}
		slow.ServeHTTP(rw, r)
	})
	d := w.desired(portal(t, "backstage"))
	s := w.as(id, accountSecret, "", func(text string) { t.Errorf("noted: %s", text) })
	s.Parallel = 1
	for range 2 {
		plans := s.Plan(t.Context(), d, reconcile.Options{})
		if err := failures(plans, s.Apply(t.Context(), plans, reconcile.Options{})); err != nil {
			t.Fatal(err)
		}
	}
	w.keycloak = slow
	w.converged(d)
}
