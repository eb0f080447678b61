// Package factory plans the GitOps package of a Backstage installation: which files a checkout must hold, and which
// bytes of files that are there already must change.
//
// NewPlan is pure: it reads the checkout through an fs.FS and returns a checkout.Plan. Generated files are executed from
// package templates. Files that belong to others (the PostgreSQL cluster, the Keycloak realm, Vault's policies, the
// ApplicationSet) are edited in place, each by one function of the edit files, and only where they do not say yet what the
// installation needs.
package factory
