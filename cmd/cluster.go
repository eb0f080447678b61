package cmd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/kube"
	"github.com/ameideio/ameide/pkg/spec"
)

// kubeFlags say which cluster is asked.
type kubeFlags struct {
	context    string
	kubeconfig string
}

func (f *kubeFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.context, "context", "", "context of the kubeconfig (default the environment's kubeContext in the spec; in a Pod without a kubeconfig its ServiceAccount)")
	c.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig file (default KUBECONFIG, else ~/.kube/config)")
	_ = c.MarkFlagFilename("kubeconfig")
}

// named tells that the command line, the environment or the config file asks for a cluster.
func (f *kubeFlags) named() bool { return f.context != "" || f.kubeconfig != "" }

// open prepares a client for a context. A process in a Pod without any kubeconfig is that Pod.
func (f *kubeFlags) open(env Env, context string) (*kube.Client, error) {
	return kube.Open(kube.Config{Context: context, Files: f.files(env), InCluster: f.inPod(env), UserAgent: "ameide/" + orUnknown(env.Build.Version)})
}

// files are the kubeconfig's.
func (f *kubeFlags) files(env Env) []string {
	switch {
	case f.kubeconfig != "":
		return []string{f.kubeconfig}
	case env.getenv("KUBECONFIG") != "":
		return filepath.SplitList(env.getenv("KUBECONFIG"))
	}
	return []string{filepath.Join(env.getenv("HOME"), ".kube", "config")}
}

// inPod tells that this process runs in the cluster that it asks, where Services have addresses and Pods have what they
// need: nobody gave it a kubeconfig.
func (f *kubeFlags) inPod(env Env) bool {
	if f.named() || env.getenv("KUBECONFIG") != "" || env.getenv("KUBERNETES_SERVICE_HOST") == "" {
		return false
	}
	_, err := os.Stat(f.files(env)[0])
	return err != nil
}

// lookTime is how long the cluster may take to name an address or a credential.
const lookTime = 20 * time.Second

// site is the cluster of one environment. Nobody is asked before something of it is needed, so that commands that are
// given everything need no kubeconfig.
type site struct {
	spec.Environment
	client  func() (*kube.Client, error)
	network *kube.Network
	inPod   bool // this process is one of its Pods
}

// at is the site of an environment: never the kubeconfig's current context, which may be another one's.
func (f *kubeFlags) at(env Env, e spec.Environment) *site {
	s := &site{Environment: e, inPod: f.inPod(env)}
	s.client = sync.OnceValues(func() (*kube.Client, error) {
		name := f.context
		if name == "" {
			name = e.KubeContext
		}
		return f.open(env, name)
	})
	s.network = kube.NewNetwork(e.Namespace, s.client)
	return s
}

// unasked is what a failed look at the cluster means: a context that the kubeconfig does not have is the command line's.
func unasked(err error) error {
	var wrong *kube.ContextError
	if errors.As(err, &wrong) {
		return usage(err, "")
	}
	return unavailable(err, "")
}

// ask runs one look at the cluster, which ends in time.
func ask[T any](ctx context.Context, s *site, look func(context.Context, *kube.Client) (T, error)) (T, error) {
	var none T
	client, err := s.client()
	if err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lookTime, errors.New("the Kubernetes API took longer than "+lookTime.String()))
	defer cancel()
	return look(ctx, client)
}
