package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/ameideio/ameide/pkg/kube"
	"github.com/ameideio/ameide/pkg/reconcile"
)

// versionsManager owns the digests in the ConfigMap.
const versionsManager = "ameide-reconcile"

// versionStore keeps the digests of client secrets.
type versionStore interface {
	Data(ctx context.Context, manager string) (data map[string]string, own map[string]bool, err error)
	Apply(ctx context.Context, manager string, data map[string]string) error
}

// versionFlags say where the digests of client secrets are kept.
type versionFlags struct {
	configMap string
}

func (f *versionFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.configMap, "versions-configmap", "", "NAMESPACE/NAME of the ConfigMap that keeps the digest of each client's secret (in a Pod)")
}

// open reaches the ConfigMap as the Pod's ServiceAccount, before anything is changed; nil when none is named.
func (f *versionFlags) open() (versionStore, error) {
	if f.configMap == "" {
		return nil, nil
	}
	namespace, name, ok := strings.Cut(f.configMap, "/")
	if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
		return nil, usage(fmt.Errorf("--versions-configmap %s is not NAMESPACE/NAME", f.configMap), "")
	}
	config, err := rest.InClusterConfig()
	if errors.Is(err, rest.ErrNotInCluster) {
		return nil, usage(errors.New("--versions-configmap is for a Pod: there is no ServiceAccount here"), "leave it out; the hook Job keeps the ConfigMap")
	}
	if err != nil {
		return nil, unavailable(err, "")
	}
	return kube.NewConfigMap(config, namespace, name)
}

// reconcileVersions is what became of the ConfigMap.
type reconcileVersions struct {
	ConfigMap string `json:"config_map"`
	Status    string `json:"status"` // unchanged, written or failed
	Error     string `json:"error,omitempty"`
}

// reconciled is a run: what was wanted, planned and done.
type reconciled struct {
	desired reconcile.Desired
	plans   []reconcile.RealmPlan
	results [][]reconcile.Result
}

// keepVersions writes the digests of what this run saw, if the ConfigMap says something else.
func (run reconciled) keepVersions(ctx context.Context, env Env, store versionStore) (written bool, err error) {
	have, own, err := store.Data(ctx, versionsManager)
	if err != nil {
		return false, unavailable(err, "")
	}
	data, unnamed := reconcile.Versions(run.desired, run.plans, run.results, have)
	for _, c := range unnamed {
		fmt.Fprintf(env.Err, "ameide: note: client %s of realm %s cannot be a key of a ConfigMap; its digest is not kept\n", c.Client, c.Realm)
	}
	if current(data, have, own) {
		return false, nil
	}
	if err := store.Apply(ctx, versionsManager, data); err != nil {
		return false, unavailable(err, "")
	}
	return true, nil
}

// current tells that the ConfigMap has every digest as ours, and none of ours that is no longer wanted.
func current(data, have map[string]string, own map[string]bool) bool {
	for key, digest := range data {
		if have[key] != digest || !own[key] {
			return false
		}
	}
	for key := range own {
		if _, wanted := data[key]; !wanted {
			return false
		}
	}
	return true
}

// keep writes the digests and says in the report what became of them.
func (f *versionFlags) keep(ctx context.Context, env Env, store versionStore, run reconciled, r *reconcileReport) error {
	if store == nil || run.results == nil {
		return nil
	}
	r.Versions = &reconcileVersions{ConfigMap: f.configMap, Status: "unchanged"}
	written, err := run.keepVersions(ctx, env, store)
	switch {
	case err != nil:
		r.Versions.Status, r.Versions.Error = "failed", err.Error()
	case written:
		r.Versions.Status = "written"
	}
	return err
}
