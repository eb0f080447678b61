package spec

// Catalog is what the portal's Software Catalog starts with. Entity names follow Backstage's rules
// (letters, digits, and -_. inside, 63 characters at most); owners are entity references such as group:platform.
type Catalog struct {
	Domains    []CatalogDomain    `yaml:"domains" doc:"Domains: areas of the business."`
	Systems    []CatalogSystem    `yaml:"systems" doc:"Systems: what belongs together in a domain."`
	Groups     []CatalogGroup     `yaml:"groups" doc:"Groups: teams that own things."`
	Users      []CatalogUser      `yaml:"users" doc:"Users who may sign in: the resolver finds them by e-mail."`
	Primitives []CatalogPrimitive `yaml:"primitives" doc:"Primitives that already exist."`
}

// CatalogDomain becomes a Backstage Domain.
type CatalogDomain struct {
	Name        string `yaml:"name" doc:"Entity name."`
	Title       string `yaml:"title,omitempty" doc:"Title for people."`
	Description string `yaml:"description,omitempty" doc:"One sentence."`
	Owner       string `yaml:"owner" doc:"Owning group."`
}

// CatalogSystem becomes a Backstage System.
type CatalogSystem struct {
	Name        string `yaml:"name" doc:"Entity name."`
	Title       string `yaml:"title,omitempty" doc:"Title for people."`
	Description string `yaml:"description,omitempty" doc:"One sentence."`
	Owner       string `yaml:"owner" doc:"Owning group."`
	Domain      string `yaml:"domain,omitempty" doc:"Domain that it is part of."`
}

// CatalogGroup becomes a Backstage Group.
type CatalogGroup struct {
	Name     string   `yaml:"name" doc:"Entity name."`
	Title    string   `yaml:"title,omitempty" doc:"Title for people."`
	Type     string   `yaml:"type" doc:"team, department and the like."`
	Parent   string   `yaml:"parent,omitempty" doc:"Parent group."`
	Children []string `yaml:"children,omitempty" doc:"Child groups."`
}

// CatalogUser becomes a Backstage User.
type CatalogUser struct {
	Name        string   `yaml:"name" doc:"Entity name."`
	DisplayName string   `yaml:"displayName,omitempty" doc:"Name for people."`
	Email       string   `yaml:"email" doc:"E-mail address as Keycloak sends it."`
	MemberOf    []string `yaml:"memberOf" doc:"Groups."`
}

// CatalogPrimitive is a service primitive: domain, process and agent become Components, proto services APIs of type
// grpc, process and agent definitions Resources.
type CatalogPrimitive struct {
	Kind        string `yaml:"kind" doc:"domain, process, agent, uisurface, processdefinition or agentdefinition."`
	Name        string `yaml:"name" doc:"Entity name."`
	Description string `yaml:"description,omitempty" doc:"One sentence."`
	Owner       string `yaml:"owner" doc:"Owning group."`
	System      string `yaml:"system" doc:"System that it is part of."`
	Lifecycle   string `yaml:"lifecycle,omitempty" doc:"experimental, production or deprecated."`
	Source      string `yaml:"source,omitempty" doc:"URL of the source folder."`
	Proto       string `yaml:"proto,omitempty" doc:"URL of the proto file of its service."`
	Definition  string `yaml:"definition,omitempty" doc:"Definition that a process or an agent executes."`
}
