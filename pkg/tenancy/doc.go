// Package tenancy decides where code runs and where it is kept: the namespace of every environment, its labels, and the
// repositories, as a pure function of who wrote the code (Origin), how the tenant bought the platform (SKU), the tenant
// and the environment.
//
//	platform, Shared             the environment's own namespace, ameide-{env} unless the spec says otherwise
//	platform, Namespace/Private  tenant-{id}-{env}-base
//	tenant or agent, any SKU     tenant-{id}-{env}-cust
//
// One promise stands above the table: code of a tenant or an agent never gets a namespace of the platform. Place checks
// its own answer against it.
//
// The table, its labels and the names of the tenants' repositories are the platform's extension model. What that model
// leaves open is decided here: a tenant's custom code on the Shared SKU has a namespace of its own, so that namespace
// carries tenant-kind `namespace` (`shared` means that nobody owns it, and would switch the tenant's isolation off), and
// the label code-origin tells base from cust, which no name pattern of a NetworkPolicy could.
package tenancy
