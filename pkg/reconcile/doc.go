// Package reconcile brings the OIDC clients of one environment from Git into Keycloak and their secrets from Keycloak
// into Vault.
//
// Load says what is declared, Systems.Plan compares it with both systems without writing, and Systems.Apply makes it true.
// Keycloak is the authority for a secret's value: Vault follows it.
package reconcile
