package keycloak

import "github.com/ameideio/ameide/pkg/secret"

// Mark is the client attribute that says who made a client. A client without it is not changed unless it is adopted.
const (
	Mark      = "ameide.io/managed-by"
	MarkValue = "ameide"
)

// Realm is what is declared for one realm.
type Realm struct {
	Name    string
	Roles   []string // realm roles that must exist
	Clients []Client
}

// Client is one declared client. Fields and their values are those of Keycloak's ClientRepresentation; a field that is
// absent is not declared and stays as it is.
type Client struct {
	ID             string
	Fields         map[string]any // without clientId, scopes and mappers; see ParseClient
	DefaultScopes  []string       // nil when not declared
	OptionalScopes []string       // nil when not declared
	Mappers        []Mapper       // protocol mappers that must exist, by name
	Roles          []string       // realm roles that its tokens must carry for the users who have them
	ReadOnly       bool           // only its secret is wanted: nothing is declared about the client
}

// mappersField is where representations of clients and scopes have their mappers.
const mappersField = "protocolMappers"

// Mapper is a protocol mapper.
type Mapper struct {
	Name   string            `json:"name"`
	Kind   string            `json:"protocolMapper"`
	Config map[string]string `json:"config"`
}

// State is what a realm has, as far as its declaration is concerned.
type State struct {
	Clients map[string]Current // by client id
	Scopes  map[string]string  // name to id
	Roles   map[string]bool
}

// Current is a client as Keycloak has it.
type Current struct {
	UUID   string
	Fields map[string]any  // the whole representation without secrets
	Secret secret.Value    // empty for a public client
	Scoped map[string]bool // realm roles in its scope, where that is limited and roles are declared
}

// Owned tells whether we made the client, or adopted it.
func (c Current) Owned() bool { return text(field(c.Fields, "attributes", Mark)) == MarkValue }

// Op is what a change does.
type Op string

// The closed set of operations on Keycloak.
const (
	OpCreate       Op = "create"
	OpUpdate       Op = "update"
	OpAttachScope  Op = "attach_scope"
	OpDetachScope  Op = "detach_scope"
	OpCreateScope  Op = "create_scope"
	OpCreateRole   Op = "create_role"
	OpCreateMapper Op = "create_mapper"
	OpUpdateMapper Op = "update_mapper"
	OpRemoveMapper Op = "remove_duplicate_mapper"
	OpScopeRole    Op = "scope_role"
)

// Change is one difference. Client is empty for what belongs to the realm. From and To are for people: compact JSON.
type Change struct {
	Client string
	Op     Op
	Field  string // field of the representation, scope list, role or mapper
	From   string
	To     string
}

// Plan is what Apply does to one realm.
type Plan struct {
	Realm   Realm
	State   State
	Changes []Change
	Refused []string // clients that differ, carry no mark, and are left alone
}

// Of are the changes of one client, or of the realm for an empty id.
func (p Plan) Of(client string) []Change {
	var out []Change
	for _, c := range p.Changes {
		if c.Client == client {
			out = append(out, c)
		}
	}
	return out
}
