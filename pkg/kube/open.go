package kube

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/ameideio/ameide/pkg/bounded"
)

// Config says which cluster is asked, and how.
type Config struct {
	Files     []string // kubeconfig files, the first one wins; empty is ~/.kube/config
	Context   string   // empty is the file's current one
	InCluster bool     // as the Pod that this process runs in
	UserAgent string
	Parallel  int                                  // requests at once; 0 is 8
	Sleep     func(time.Duration) <-chan time.Time // waits between two tries; nil is time.After
}

// Client asks one Kubernetes API. It is safe for concurrent use.
type Client struct {
	config    *rest.Config
	http      *http.Client
	base      string
	context   string
	inCluster bool
	sleep     func(time.Duration) <-chan time.Time
	requests  *bounded.Requests
	handshake time.Duration // of one try of a port-forward

	mu       sync.Mutex
	forwards map[string]*forward // by namespace/pod
}

// Open prepares a client; it asks nobody yet.
func Open(c Config) (*Client, error) {
	config, name, err := load(c)
	if err != nil {
		return nil, err
	}
	config.UserAgent = c.UserAgent
	client := &Client{config: config, base: strings.TrimRight(config.Host+config.APIPath, "/"), context: name, inCluster: c.InCluster, sleep: c.Sleep, handshake: handshake, forwards: map[string]*forward{}}
	if client.sleep == nil {
		client.sleep = time.After
	}
	if c.Parallel == 0 {
		c.Parallel = 8
	}
	client.requests = bounded.New(c.Parallel)
	config.Wrap(client.requests.Wrap)
	if client.http, err = rest.HTTPClientFor(config); err != nil {
		return nil, fmt.Errorf("context %s: %w", name, err)
	}
	if !strings.Contains(client.base, "://") {
		client.base = "https://" + client.base
	}
	return client, nil
}

// ContextError is a kubeconfig that does not name the cluster.
type ContextError struct{ reason string }

func (e *ContextError) Error() string { return e.reason }

// Hint is how to name the cluster.
func (e *ContextError) Hint() string {
	return "name a context of your kubeconfig with --context, or the environment's kubeContext in ameide.yaml; --kubeconfig names the file"
}

// load reads the kubeconfig, or the Pod's own ServiceAccount.
func load(c Config) (*rest.Config, string, error) {
	if c.InCluster {
		config, err := rest.InClusterConfig()
		return config, "this Pod", err
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if len(c.Files) > 0 {
		rules.Precedence = c.Files
	}
	loaded, err := rules.Load()
	if err != nil {
		return nil, "", &ContextError{"read the kubeconfig: " + err.Error()}
	}
	name := c.Context
	if name == "" {
		name = loaded.CurrentContext
	}
	if loaded.Contexts[name] == nil {
		return nil, "", &ContextError{fmt.Sprintf("the kubeconfig has no context %q", name)}
	}
	config, err := clientcmd.NewNonInteractiveClientConfig(*loaded, name, &clientcmd.ConfigOverrides{}, rules).ClientConfig()
	if err != nil {
		return nil, "", &ContextError{fmt.Sprintf("context %s: %v", name, err)}
	}
	return config, name, nil
}

// Context is the context that is used.
func (c *Client) Context() string { return c.context }

// InCluster tells whether this process runs in the cluster that it asks.
func (c *Client) InCluster() bool { return c.inCluster }

// Requests counts every request so far, port-forwards and repetitions included.
func (c *Client) Requests() int { return c.requests.Count() }
