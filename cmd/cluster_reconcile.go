package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/kube"
	"github.com/ameideio/ameide/pkg/reconcile"
	"github.com/ameideio/ameide/pkg/secret"
	"github.com/ameideio/ameide/pkg/vault"
)

// dialTime is how long the issuer's host may take to accept a connection before Keycloak's Service is tried.
const dialTime = 3 * time.Second

// addresses fills in where Keycloak and Vault are: the issuer's host, or the Service where that host does not answer here.
func (o *reconcileOptions) addresses(ctx context.Context, env Env, s *site, p reconcile.Patcher) {
	if o.vaultAddress == "" {
		o.vaultAddress = s.VaultAddress
	}
	if o.keycloakURL != "" {
		return
	}
	o.keycloakURL, _, _ = strings.Cut(s.Issuer, "/realms/")
	if p.KeycloakURL == "" || s.inPod || answers(ctx, o.keycloakURL) {
		return
	}
	if _, err := s.client(); err != nil {
		return // then the issuer's host is what the error is about
	}
	fmt.Fprintf(env.Err, "ameide: note: %s does not answer here; Keycloak is asked as Pods do, at %s\n", o.keycloakURL, p.KeycloakURL)
	o.keycloakURL = p.KeycloakURL
}

// answers tells whether a URL's host accepts connections, or is a proxy's business.
func answers(ctx context.Context, address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return true
	}
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err != nil || proxy != nil {
		return true
	}
	port := u.Port()
	if port == "" {
		port = u.Scheme
	}
	d := net.Dialer{Timeout: dialTime}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// found completes credentials and ways with what the environment's cluster has, read with the user's own rights. What was
// given stays.
func (s *site) found(ctx context.Context, k *keycloak.Config, v *vault.Config, p reconcile.Patcher) error {
	if s.inPod {
		return nil
	}
	if s.isService(k.URL) {
		k.Transport = s.network.Transport()
	}
	if s.isService(v.Address) {
		v.Transport = s.network.Transport()
	}
	if k.ClientSecret.Empty() && k.Password.Empty() && p.Secret != "" {
		values, err := ask(ctx, s, func(ctx context.Context, c *kube.Client) (map[string]secret.Value, error) {
			return c.Secret(ctx, s.Namespace, p.Secret)
		})
		if err != nil {
			return missing(err, "Keycloak's service account is not given", "KEYCLOAK_CLIENT_SECRET")
		}
		k.ClientID, k.ClientSecret = values[p.IDKey].Reveal(), values[p.SecretKey]
	}
	if v.Token.Empty() && v.JWT.Empty() && p.ServiceAccount != "" {
		token, err := ask(ctx, s, func(ctx context.Context, c *kube.Client) (secret.Value, error) {
			return c.ServiceAccountToken(ctx, s.Namespace, p.ServiceAccount)
		})
		if err != nil {
			return missing(err, "no token for Vault is given", "VAULT_TOKEN")
		}
		v.JWT = token
	}
	return nil
}

// consumers are who uses the secrets in the environment's cluster; nil where no cluster is given, and in a Pod, whose
// ServiceAccount may not look.
func (o *reconcileOptions) consumers(s *site, desired reconcile.Desired) (reconcile.Consumers, error) {
	if s.inPod {
		return nil, nil
	}
	client, err := s.client()
	if err != nil {
		if o.kube.named() {
			return nil, unasked(err)
		}
		return nil, nil //nolint:nilerr // nobody asked for a cluster
	}
	return reconcile.Namespace{Cluster: client, Name: s.Namespace, Secrets: desired.Secrets}, nil
}

// missing is a credential that was neither given nor found.
func missing(err error, what, variable string) error {
	_, hint := classify(err)
	if hint != "" {
		hint = "; or " + hint
	}
	var wrong *kube.ContextError
	if errors.As(err, &wrong) {
		return usage(fmt.Errorf("%s, and the cluster cannot be asked: %w", what, err), "set "+variable+hint)
	}
	return unavailable(fmt.Errorf("%s: %w", what, err), "set "+variable+hint)
}

// isService tells whether a URL's host is a Service of the cluster.
func (s *site) isService(address string) bool {
	u, err := url.Parse(address)
	return err == nil && s.network.Service(u.Hostname())
}
