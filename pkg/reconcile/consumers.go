package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ameideio/ameide/pkg/kube"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/vault"
)

// ErrNoConsumers is a client whose secret no ExternalSecret of the cluster asks for.
var ErrNoConsumers = errors.New("nobody in the cluster is seen to use it")

// Cluster is what is asked of a Kubernetes API: reads alone. A kube.Client is one.
type Cluster interface {
	List(ctx context.Context, q kube.Query) ([]map[string]any, error)
	SecretWritten(ctx context.Context, namespace, name string) (map[string]secret.Value, time.Time, error)
}

// Namespace sees who uses the clients' secrets in one namespace: the Secrets that ExternalSecrets fill from Vault, and the
// Pods that read them.
type Namespace struct {
	Cluster Cluster
	Name    string
	Secrets map[ClientKey]vault.Ref
}

// clockSkew is how much a node's clock may be ahead of the API server's.
const clockSkew = 10 * time.Second

// secretKey is one value of a Secret.
type secretKey struct{ Secret, Key string }

// Digests looks once. Secrets are read before Pods: one that was written in between makes a Pod newer, never older.
func (n Namespace) Digests(ctx context.Context, client ClientKey) (Digests, error) {
	var d Digests
	keys, err := n.filled(ctx, n.Secrets[client])
	if err != nil {
		return d, err
	}
	written := map[secretKey]time.Time{}
	for i, k := range keys {
		values, when, err := n.Cluster.SecretWritten(ctx, n.Name, k.Secret)
		if err != nil && !errors.Is(err, kube.ErrMissing) {
			return d, err
		}
		d.Secrets, written[k] = append(d.Secrets, n.Name+"/"+k.Secret), when
		digest := values[k.Key].Digest()
		d.Held = append(d.Held, digest)
		if i == 0 {
			d.Synced = digest
		} else if d.Synced != digest {
			d.Synced = ""
		}
	}
	pods, err := list[corev1.Pod](ctx, n.Cluster, kube.Query{Resource: kube.Resource{Version: "v1", Name: "pods"}, Namespace: n.Name})
	if err != nil {
		return d, fmt.Errorf("list the Pods of namespace %s: %w", n.Name, err)
	}
	for _, p := range pods {
		d.addPod(p, written)
	}
	if d.Pods > 0 && len(d.Old) == 0 {
		d.Running = d.Synced
	}
	return d, nil
}

// addPod counts a Pod that runs with one of the secrets. One that is being deleted still runs.
func (d *Digests) addPod(p corev1.Pod, written map[secretKey]time.Time) {
	started, runs := oldestStart(p)
	if !runs {
		return
	}
	uses, old := false, false
	for k, when := range written {
		if reads(p.Spec, k) {
			uses = true
			old = old || !p.CreationTimestamp.After(when) && !started.After(when.Add(clockSkew))
		}
	}
	if uses {
		d.Pods++
	}
	if old {
		d.Old = append(d.Old, p.Name)
	}
}

// oldestStart is when the first of a Pod's running containers started.
func oldestStart(p corev1.Pod) (oldest time.Time, runs bool) {
	for _, c := range p.Status.ContainerStatuses {
		if c.State.Running == nil {
			continue
		}
		if at := c.State.Running.StartedAt.Time; !runs || at.Before(oldest) {
			oldest, runs = at, true
		}
	}
	return oldest, runs
}

// reads tells whether a Pod has a value of a Secret in a variable or a file.
func reads(p corev1.PodSpec, k secretKey) bool {
	return slices.ContainsFunc(slices.Concat(p.InitContainers, p.Containers), func(c corev1.Container) bool { return inVariable(c, k) }) ||
		slices.ContainsFunc(p.Volumes, func(v corev1.Volume) bool { return inFile(v, k) })
}

func inVariable(c corev1.Container, k secretKey) bool {
	return slices.ContainsFunc(c.EnvFrom, func(f corev1.EnvFromSource) bool { return f.SecretRef != nil && f.SecretRef.Name == k.Secret }) ||
		slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
			if e.ValueFrom == nil || e.ValueFrom.SecretKeyRef == nil {
				return false
			}
			return e.ValueFrom.SecretKeyRef.Name == k.Secret && e.ValueFrom.SecretKeyRef.Key == k.Key
		})
}

func inFile(v corev1.Volume, k secretKey) bool {
	if v.Secret != nil && v.Secret.SecretName == k.Secret {
		return listed(v.Secret.Items, k.Key)
	}
	return v.Projected != nil && slices.ContainsFunc(v.Projected.Sources, func(s corev1.VolumeProjection) bool {
		return s.Secret != nil && s.Secret.Name == k.Secret && listed(s.Secret.Items, k.Key)
	})
}

// listed tells whether a volume has a key: all are in it unless some are named.
func listed(items []corev1.KeyToPath, key string) bool {
	return len(items) == 0 || slices.ContainsFunc(items, func(i corev1.KeyToPath) bool { return i.Key == key })
}

// externalSecret is what External Secrets fills from Vault, as far as it says from where and into what.
type externalSecret struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Target struct {
			Name string `json:"name"`
		} `json:"target"`
		Data []struct {
			SecretKey string    `json:"secretKey"`
			RemoteRef remoteRef `json:"remoteRef"`
		} `json:"data"`
		DataFrom []struct {
			Extract *remoteRef `json:"extract"`
		} `json:"dataFrom"`
	} `json:"spec"`
}

type remoteRef struct {
	Key      string `json:"key"`
	Property string `json:"property"`
}

// entry tells whether a store asks for an entry of Vault; its own path may name the mount.
func (r remoteRef) entry(ref vault.Ref) bool {
	return r.Key == ref.Key || r.Key == ref.Mount+"/"+ref.Key || r.Key == ref.Path()
}

// filled are the values of Secrets that come from a field in Vault, sorted.
func (n Namespace) filled(ctx context.Context, ref vault.Ref) ([]secretKey, error) {
	all, err := list[externalSecret](ctx, n.Cluster, kube.Query{Resource: kube.Resource{Group: "external-secrets.io", Version: "v1", Name: "externalsecrets"}, Namespace: n.Name})
	if err != nil {
		return nil, fmt.Errorf("list the ExternalSecrets of namespace %s: %w", n.Name, err)
	}
	var keys []secretKey
	for _, e := range all {
		into := e.Spec.Target.Name
		if into == "" {
			into = e.Metadata.Name
		}
		for _, d := range e.Spec.Data {
			if d.RemoteRef.entry(ref) && d.RemoteRef.Property == ref.Field {
				keys = append(keys, secretKey{into, d.SecretKey})
			}
		}
		for _, d := range e.Spec.DataFrom {
			if d.Extract != nil && d.Extract.entry(ref) && d.Extract.Property == "" {
				keys = append(keys, secretKey{into, ref.Field})
			}
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: no ExternalSecret of namespace %s asks for %s", ErrNoConsumers, n.Name, ref.Path())
	}
	slices.SortFunc(keys, func(a, b secretKey) int { return slices.Compare([]string{a.Secret, a.Key}, []string{b.Secret, b.Key}) })
	return slices.Compact(keys), nil
}

// list lists objects as a type that has what is wanted of them.
func list[T any](ctx context.Context, c Cluster, q kube.Query) ([]T, error) {
	objects, err := c.List(ctx, q)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(objects)
	var out []T
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	return out, err
}
