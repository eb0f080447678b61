package cmd

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/kube"
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

// open prepares a client for a context. A process in a Pod without any kubeconfig is that Pod.
func (f *kubeFlags) open(env Env, context string) (*kube.Client, error) {
	config := kube.Config{Context: context, UserAgent: "ameide/" + orUnknown(env.Build.Version)}
	switch {
	case f.kubeconfig != "":
		config.Files = []string{f.kubeconfig}
	case env.getenv("KUBECONFIG") != "":
		config.Files = filepath.SplitList(env.getenv("KUBECONFIG"))
	default:
		file := filepath.Join(env.getenv("HOME"), ".kube", "config")
		config.Files = []string{file}
		_, err := os.Stat(file)
		config.InCluster = err != nil && f.context == "" && env.getenv("KUBERNETES_SERVICE_HOST") != ""
	}
	return kube.Open(config)
}
