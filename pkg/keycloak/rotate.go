package keycloak

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// rotationExecutor of a client policy keeps the old secret valid beside a new one. The server refuses it unless its
// preview feature client-secret-rotation is on.
const rotationExecutor = "secret-rotation"

// expirationAttribute is what the executor writes to a client that it has handled.
const expirationAttribute = "client.secret.expiration.time"

// Overlap is what a realm's client policies say about old secrets.
type Overlap struct {
	policies []policy // enabled, with the executor
}

type policy struct {
	Name       string
	Enabled    bool
	Profiles   []string
	Conditions []condition
}

type condition struct {
	Condition     string
	Configuration map[string]any
}

// ReadOverlap reads a realm's client policies.
func (a *API) ReadOverlap(ctx context.Context, realm string) (Overlap, error) {
	var policies struct{ Policies []policy }
	var profiles struct {
		Profiles []struct {
			Name      string
			Executors []struct{ Executor string }
		}
	}
	if err := a.get(ctx, path(realm, "client-policies", "policies"), nil, &policies); err != nil {
		return Overlap{}, fmt.Errorf("read client policies of realm %s: %w", realm, err)
	}
	if err := a.get(ctx, path(realm, "client-policies", "profiles"), nil, &profiles); err != nil {
		return Overlap{}, fmt.Errorf("read client profiles of realm %s: %w", realm, err)
	}
	var rotating []string
	for _, p := range profiles.Profiles {
		if slices.ContainsFunc(p.Executors, func(e struct{ Executor string }) bool { return e.Executor == rotationExecutor }) {
			rotating = append(rotating, p.Name)
		}
	}
	var o Overlap
	for _, p := range policies.Policies {
		if p.Enabled && slices.ContainsFunc(p.Profiles, func(name string) bool { return slices.Contains(rotating, name) }) {
			o.policies = append(o.policies, p)
		}
	}
	return o, nil
}

// Policy is the policy by which a client's old secret stays valid beside a new one; empty when none does, or when that
// cannot be told before it happens. Conditions that depend on more than the client being confidential are believed where
// the client shows that the executor has handled it.
func (o Overlap) Policy(c Current) string {
	for _, p := range o.policies {
		covers, known := p.covers()
		if covers || !known && text(field(c.Fields, "attributes", expirationAttribute)) != "" {
			return p.Name
		}
	}
	return ""
}

// covers tells whether every condition holds for a confidential client, as far as that is known.
func (p policy) covers() (covers, known bool) {
	for _, c := range p.Conditions {
		var holds bool
		switch c.Condition {
		case "any-client":
			holds = true
		case "client-access-type":
			holds = slices.Contains(texts(c.Configuration["type"]), "confidential")
		default:
			return false, false
		}
		if holds == (text(c.Configuration["is-negative-logic"]) == "true") {
			return false, true
		}
	}
	return len(p.Conditions) > 0, true
}

// HasRotated tells whether a client's old secret is still valid beside the new one.
func (a *API) HasRotated(ctx context.Context, realm, uuid string) (bool, error) {
	err := a.get(ctx, path(realm, "clients", uuid, "client-secret", "rotated"), nil, nil)
	if hasStatus(err, http.StatusNotFound) {
		return false, nil
	}
	return err == nil, err
}
