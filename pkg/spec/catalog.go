package spec

// Catalog is what the portal's Software Catalog starts with. Entity names follow Backstage's rules
// (letters, digits, and -_. inside, 63 characters at most); owners are entity references such as group:platform.
type Catalog struct {
	Domains    []CatalogDomain    `yaml:"domains" doc:"Domains: areas of the business."`
	Systems    []CatalogSystem    `yaml:"systems" doc:"Systems: what belongs together in a domain. The portal itself belongs to the first one." min:"1"`
	Groups     []CatalogGroup     `yaml:"groups" doc:"Groups: teams that own things." min:"1"`
	Users      []CatalogUser      `yaml:"users" doc:"Users who may sign in: the resolver finds them by e-mail."`
	Primitives []CatalogPrimitive `yaml:"primitives" doc:"Primitives that already exist."`
}

// CatalogDomain becomes a Backstage Domain.
type CatalogDomain struct {
	Name        string `yaml:"name" doc:"Entity name." rule:"entity"`
	Title       string `yaml:"title,omitempty" doc:"Title for people." rule:"text"`
	Description string `yaml:"description,omitempty" doc:"One sentence." rule:"text"`
	Owner       string `yaml:"owner" doc:"Owning group." rule:"ref"`
}

// CatalogSystem becomes a Backstage System.
type CatalogSystem struct {
	Name        string `yaml:"name" doc:"Entity name." rule:"entity"`
	Title       string `yaml:"title,omitempty" doc:"Title for people." rule:"text"`
	Description string `yaml:"description,omitempty" doc:"One sentence." rule:"text"`
	Owner       string `yaml:"owner" doc:"Owning group." rule:"ref"`
	Domain      string `yaml:"domain,omitempty" doc:"Domain that it is part of." rule:"ref"`
}

// CatalogGroup becomes a Backstage Group.
type CatalogGroup struct {
	Name     string   `yaml:"name" doc:"Entity name." rule:"entity"`
	Title    string   `yaml:"title,omitempty" doc:"Title for people." rule:"text"`
	Type     string   `yaml:"type" doc:"team, department and the like." rule:"text"`
	Parent   string   `yaml:"parent,omitempty" doc:"Parent group." rule:"ref"`
	Children []string `yaml:"children,omitempty" doc:"Child groups." rule:"ref"`
}

// CatalogUser becomes a Backstage User.
type CatalogUser struct {
	Name        string   `yaml:"name" doc:"Entity name." rule:"entity"`
	DisplayName string   `yaml:"displayName,omitempty" doc:"Name for people." rule:"text"`
	Email       string   `yaml:"email" doc:"E-mail address as Keycloak sends it." rule:"email"`
	MemberOf    []string `yaml:"memberOf" doc:"Groups." rule:"ref"`
}

// CatalogPrimitive is a service primitive: domain, process and agent become Components, proto services APIs of type
// grpc, process and agent definitions Resources.
type CatalogPrimitive struct {
	Kind        string `yaml:"kind" doc:"domain, process, agent, uisurface, processdefinition or agentdefinition." enum:"domain,process,agent,uisurface,processdefinition,agentdefinition"`
	Name        string `yaml:"name" doc:"Entity name." rule:"entity"`
	Description string `yaml:"description,omitempty" doc:"One sentence." rule:"text"`
	Owner       string `yaml:"owner" doc:"Owning group." rule:"ref"`
	System      string `yaml:"system" doc:"System that it is part of." rule:"ref"`
	Lifecycle   string `yaml:"lifecycle,omitempty" doc:"experimental, production or deprecated." enum:"experimental,production,deprecated"`
	Source      string `yaml:"source,omitempty" doc:"URL of the source folder." rule:"https"`
	Proto       string `yaml:"proto,omitempty" doc:"URL of the proto file of its service." rule:"https"`
	Definition  string `yaml:"definition,omitempty" doc:"Definition that a process or an agent executes: the name of a processdefinition or an agentdefinition." rule:"entity"`
}

// IsDefinition tells a design-time definition from a primitive that runs.
func (p CatalogPrimitive) IsDefinition() bool {
	return p.Kind == "processdefinition" || p.Kind == "agentdefinition"
}

// EntityKind is the Backstage kind of a primitive, in lower case: a definition is a resource, everything that runs is a
// component.
func (p CatalogPrimitive) EntityKind() string {
	if p.IsDefinition() {
		return "resource"
	}
	return "component"
}

// EntityType is spec.type of a primitive's entity.
func (p CatalogPrimitive) EntityType() string {
	switch p.Kind {
	case "uisurface":
		return "frontend"
	case "processdefinition":
		return "process-definition"
	case "agentdefinition":
		return "agent-definition"
	default:
		return p.Kind + "-primitive"
	}
}

// Stage is the lifecycle of a primitive: production where the spec says nothing.
func (p CatalogPrimitive) Stage() string {
	if p.Lifecycle == "" {
		return "production"
	}
	return p.Lifecycle
}
