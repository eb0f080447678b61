package reconcile

import (
	"context"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/secret"
)

// Proof is one thing that was tried with a client after it was reconciled.
type Proof struct {
	Check string // discovery, authorization or login
	Err   error
}

// Prove tries a client as its users do: discovery, authorization endpoint and, with a test user, a whole login with the
// secret that Vault has: none of a confidential client whose secret is in no Vault entry. It tries nothing for clients without the code flow or without a redirect URI in full.
func (s Systems) Prove(ctx context.Context, realm string, c keycloak.Client, vaulted secret.Value, user keycloak.User) []Proof {
	redirect := redirectURI(c)
	if c.ReadOnly || redirect == "" || c.Fields["standardFlowEnabled"] == false || c.Fields["enabled"] == false {
		return nil
	}
	p := keycloak.Probe{Realm: realm, ClientID: c.ID, RedirectURI: redirect, Scopes: slices.Concat(c.DefaultScopes, c.OptionalScopes)}
	proofs := []Proof{
		{Check: "discovery", Err: s.Keycloak.Discover(ctx, p)},
		{Check: "authorization", Err: s.Keycloak.Authorize(ctx, p)},
	}
	if user.Name != "" && (!vaulted.Empty() || c.Fields["publicClient"] == true) {
		user.Secret = vaulted
		proofs = append(proofs, Proof{Check: "login", Err: s.Keycloak.Login(ctx, p, user)})
	}
	return proofs
}

func redirectURI(c keycloak.Client) string {
	list, _ := c.Fields["redirectUris"].([]any)
	for _, item := range list {
		if uri, ok := item.(string); ok && strings.Contains(uri, "://") && !strings.Contains(uri, "*") {
			return uri
		}
	}
	return ""
}
