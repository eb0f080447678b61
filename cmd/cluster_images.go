package cmd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/kube"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/spec"
)

// pullSecretTime is how long clusters may take to say their pull secrets, within the time that an image has.
const pullSecretTime = 5 * time.Second

// pullSecrets are the credentials that the environments' nodes pull with; nil without --env. They are read when a registry
// is asked that Docker's config and --pull-secret do not know; at once, and as an error, where a cluster was named.
func (f *kubeFlags) pullSecrets(ctx context.Context, env Env, s *spec.Spec, envs []string) (authn.Keychain, error) {
	if len(envs) == 0 {
		if f.named() {
			return nil, usage(errors.New("--context and --kubeconfig need --env"), "name the environment whose pull secret is meant, for example --env dev")
		}
		return nil, nil
	}
	var sites []*site
	for _, name := range envs {
		if e, ok := s.Environment(name); ok {
			sites = append(sites, f.at(env, e))
		}
	}
	if f.named() {
		keys, err := readPullSecrets(ctx, sites, s.Secrets.PullSecret)
		if err != nil {
			return nil, unasked(err)
		}
		return keys, nil
	}
	return &lateKeys{read: func(ctx context.Context) authn.Keychain {
		keys, err := readPullSecrets(ctx, sites, s.Secrets.PullSecret)
		var elsewhere *kube.ContextError
		if err != nil && !errors.As(err, &elsewhere) {
			_, hint := classify(err)
			fmt.Fprintf(env.Err, "ameide: note: the pull secret is not used: %v (%s)\n", err, hint)
		}
		return keys
	}}, nil
}

// readPullSecrets reads one Secret of each site. What was read before an error is still of use.
func readPullSecrets(ctx context.Context, sites []*site, name string) (authn.Keychain, error) {
	ctx, cancel := context.WithTimeout(ctx, pullSecretTime)
	defer cancel()
	var chains []authn.Keychain
	var errs []error
	for _, s := range sites {
		values, err := ask(ctx, s, func(ctx context.Context, c *kube.Client) (map[string]secret.Value, error) {
			return c.Secret(ctx, s.Namespace, name)
		})
		if err == nil {
			var keys authn.Keychain
			if keys, err = imagecheck.PullSecret([]byte(values[".dockerconfigjson"].Reveal())); err == nil {
				chains = append(chains, keys)
				continue
			}
			err = fmt.Errorf("the Secret %s/%s: %w", s.Namespace, name, err)
		}
		errs = append(errs, err)
	}
	return authn.NewMultiKeychain(chains...), errors.Join(errs...)
}

// lateKeys reads credentials when they are needed for the first time.
type lateKeys struct {
	read func(context.Context) authn.Keychain
	once sync.Once
	keys authn.Keychain
}

// Resolve is ResolveContext for callers that have no context.
func (k *lateKeys) Resolve(r authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), r)
}

// ResolveContext is what the credentials say of a registry.
func (k *lateKeys) ResolveContext(ctx context.Context, r authn.Resource) (authn.Authenticator, error) {
	k.once.Do(func() { k.keys = k.read(ctx) })
	return authn.Resolve(ctx, k.keys, r)
}
