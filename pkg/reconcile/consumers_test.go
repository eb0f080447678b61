package reconcile_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/kube"
	"github.com/ameideio/ameide/pkg/reconcile"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/vault"
)

// objects is a cluster in memory.
type objects struct {
	external, pods []map[string]any
	values         map[string]map[string]string // by Secret
	written        time.Time
}

func (o objects) List(_ context.Context, q kube.Query) ([]map[string]any, error) {
	if q.Resource.Name == "pods" {
		return o.pods, nil
	}
	return o.external, nil
}

func (o objects) SecretWritten(_ context.Context, _, name string) (map[string]secret.Value, time.Time, error) {
	if o.values[name] == nil {
		return nil, time.Time{}, kube.ErrMissing
	}
	values := map[string]secret.Value{}
	for key, value := range o.values[name] {
		values[key] = secret.New(value)
	}
	return values, o.written, nil
}

// parsed is a list of objects as JSON.
func parsed(t *testing.T, text string) []map[string]any {
	t.Helper()
	var out []map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

const portalExternal = `[{"metadata":{"name":"portal"},"spec":{"data":[
	{"secretKey":"client","remoteRef":{"key":"portal-secret","property":"value"}},{"secretKey":"other","remoteRef":{"key":"other-secret","property":"value"}}]}}]`

// podAt is a Pod that was made at one second of a minute and whose container started at another, with a part of its spec.
func podAt(name, created, started, spec string) string {
	const minute = `2026-01-02T03:04:`
	return `{"metadata":{"name":"` + name + `","creationTimestamp":"` + minute + created + `Z"},"spec":` + spec +
		`,"status":{"containerStatuses":[{"name":"c","state":{"running":{"startedAt":"` + minute + started + `Z"}}}]}}`
}

func TestConsumersHaveASecretWhenEveryPodThatReadsItIsYounger(t *testing.T) {
	t.Parallel()
	const variable = `{"containers":[{"name":"c","env":[{"name":"S","valueFrom":{"secretKeyRef":{"name":"portal","key":"client"}}}]}]}`
	const other = `{"containers":[{"name":"c","env":[{"name":"S","valueFrom":{"secretKeyRef":{"name":"portal","key":"other"}}}]}]}`
	digest := secret.New("new").Digest()
	for name, test := range map[string]struct {
		pods string
		want reconcile.Digests
	}{
		"no Pod reads it":           {podAt("a", "00", "01", other), reconcile.Digests{}},
		"made after it was written": {podAt("a", "31", "31", variable), reconcile.Digests{Running: digest, Pods: 1}},
		"made before":               {podAt("a", "29", "31", variable), reconcile.Digests{Pods: 1, Old: []string{"a"}}},
		"made in the same second":   {podAt("a", "30", "31", variable), reconcile.Digests{Pods: 1, Old: []string{"a"}}},
		"restarted since":           {podAt("a", "10", "41", variable), reconcile.Digests{Running: digest, Pods: 1}},
		"one of two is old":         {podAt("a", "31", "31", variable) + "," + podAt("b", "01", "02", variable), reconcile.Digests{Pods: 2, Old: []string{"b"}}},
		"in all of its variables":   {podAt("a", "01", "01", `{"containers":[{"name":"c","envFrom":[{"secretRef":{"name":"portal"}}]}]}`), reconcile.Digests{Pods: 1, Old: []string{"a"}}},
		"as a file":                 {podAt("a", "01", "01", `{"volumes":[{"name":"v","secret":{"secretName":"portal"}}]}`), reconcile.Digests{Pods: 1, Old: []string{"a"}}},
		"as a file of another key":  {podAt("a", "01", "01", `{"volumes":[{"name":"v","secret":{"secretName":"portal","items":[{"key":"other","path":"x"}]}}]}`), reconcile.Digests{}},
		"as a projected file":       {podAt("a", "01", "01", `{"volumes":[{"name":"v","projected":{"sources":[{"secret":{"name":"portal"}}]}}]}`), reconcile.Digests{Pods: 1, Old: []string{"a"}}},
		"it has not started yet":    {`{"metadata":{"name":"a"},"spec":` + variable + `,"status":{}}`, reconcile.Digests{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := namespace(objects{
				external: parsed(t, portalExternal), pods: parsed(t, "["+test.pods+"]"), written: time.Date(2026, 1, 2, 3, 4, 30, 0, time.UTC),
				values: map[string]map[string]string{"portal": {"client": "new", "other": "x"}},
			})
			got, err := n.Digests(t.Context(), reconcile.ClientKey{Realm: "r", Client: "portal"})
			if err != nil {
				t.Fatal(err)
			}
			test.want.Synced, test.want.Secrets, test.want.Held = digest, []string{"dev/portal"}, []string{digest}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func namespace(o objects) reconcile.Namespace {
	return reconcile.Namespace{Cluster: o, Name: "dev", Secrets: map[reconcile.ClientKey]vault.Ref{
		{Realm: "r", Client: "portal"}: {Mount: "secret", Key: "portal-secret", Field: "value"},
	}}
}

func TestConsumersAreFoundThroughTheirExternalSecrets(t *testing.T) {
	t.Parallel()
	secrets := map[string]map[string]string{"a": {"client": "one", "value": "one"}, "b": {"client": "two"}}
	one := secret.New("one").Digest()
	for name, test := range map[string]struct {
		external, synced string
		none             bool
	}{
		"another entry":    {external: `[{"spec":{"target":{"name":"a"},"data":[{"secretKey":"client","remoteRef":{"key":"x","property":"value"}}]}}]`, none: true},
		"another property": {external: `[{"spec":{"target":{"name":"a"},"data":[{"secretKey":"client","remoteRef":{"key":"portal-secret","property":"id"}}]}}]`, none: true},
		"a target":         {external: `[{"metadata":{"name":"b"},"spec":{"target":{"name":"a"},"data":[{"secretKey":"client","remoteRef":{"key":"portal-secret","property":"value"}}]}}]`, synced: one},
		"with the mount":   {external: `[{"metadata":{"name":"a"},"spec":{"data":[{"secretKey":"client","remoteRef":{"key":"secret/portal-secret","property":"value"}}]}}]`, synced: one},
		"a whole entry":    {external: `[{"metadata":{"name":"a"},"spec":{"dataFrom":[{"extract":{"key":"portal-secret"}}]}}]`, synced: one},
		"two that differ": {external: `[{"metadata":{"name":"a"},"spec":{"data":[{"secretKey":"client","remoteRef":{"key":"portal-secret","property":"value"}}]}},
			{"metadata":{"name":"b"},"spec":{"data":[{"secretKey":"client","remoteRef":{"key":"portal-secret","property":"value"}}]}}]`},
		"not synced yet": {external: `[{"metadata":{"name":"c"},"spec":{"data":[{"secretKey":"client","remoteRef":{"key":"portal-secret","property":"value"}}]}}]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := namespace(objects{external: parsed(t, test.external), values: secrets}).Digests(t.Context(), reconcile.ClientKey{Realm: "r", Client: "portal"})
			if errors.Is(err, reconcile.ErrNoConsumers) != test.none || err != nil && !test.none {
				t.Fatalf("error is %v", err)
			}
			if len(got.Held) != len(got.Secrets) {
				t.Errorf("%d values of %d Secrets", len(got.Held), len(got.Secrets))
			}
			if got.Synced != test.synced {
				t.Errorf("synced is %q, want %q", got.Synced, test.synced)
			}
		})
	}
}
