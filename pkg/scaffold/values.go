package scaffold

// Params are what somebody who starts a primitive says, as the portal's form asks for it. Nothing of it has a default here:
// the portal's API applies none.
type Params struct {
	Kind   Kind   `json:"kind"`
	Lang   Lang   `json:"lang"`
	Name   string `json:"name"` // kebab case
	Origin string `json:"origin"`
	SKU    string `json:"sku"`
	Tenant string `json:"tenant"` // the id without a prefix; empty for nobody in particular

	Owner       string `json:"owner"`  // entity reference, group:default/platform-architecture
	System      string `json:"system"` // entity reference, system:default/platform
	Description string `json:"description"`

	DefinitionID      string `json:"definition_id"`      // of a process or an agent: the design-time artifact that it executes
	DefinitionVersion string `json:"definition_version"` // its version, pinned
	Model             string `json:"model"`              // of an agent
	RiskTier          string `json:"risk_tier"`          // of an agent: low, medium or high
	Host              string `json:"host"`               // of a uisurface
}

// Values are what the skeletons may use: the parameters, what the installation and the namespace rules say, and what
// templates/primitives/values.yaml derives from them. In Nunjucks a field has the name of its json tag.
type Values struct {
	Params
	Organization     string  `json:"organization"`      // GitHub organisation
	Repository       string  `json:"repository"`        // of the code, owner/name
	GitopsRepository string  `json:"gitops_repository"` // of the manifests, owner/name
	Places           []Place `json:"places"`

	Custom       bool      `json:"custom"` // the platform's engineers did not write it
	Snake        string    `json:"snake"`
	Upper        string    `json:"upper"`
	Flat         string    `json:"flat"`
	Title        string    `json:"title"`
	Pascal       string    `json:"pascal"`
	Camel        string    `json:"camel"`
	Dir          string    `json:"dir"`       // below the code repository's root
	Component    string    `json:"component"` // of the GitOps tree: domain-orders-v0
	Instance     string    `json:"instance"`  // of the custom resource: orders-v0
	Workload     string    `json:"workload"`  // of its Deployment and Service: orders-v0-domain
	Entity       string    `json:"entity"`    // of the catalog's Component: orders-domain
	Image        string    `json:"image"`     // without tag
	GoModule     string    `json:"go_module"`
	NpmPackage   string    `json:"npm_package"`
	PyPackage    string    `json:"py_package"`
	ProtoPackage string    `json:"proto_package"`
	ProtoPath    string    `json:"proto_path"` // folder of the package below the proto root
	ProtoFile    string    `json:"proto_file"` // base name
	GoProtoAlias string    `json:"go_proto_alias"`
	Services     []Service `json:"services"`
	TaskQueue    string    `json:"task_queue"` // of Temporal
}

// Place is where the primitive runs in one environment, by its full name (production).
type Place struct {
	Environment string `json:"environment"`
	Namespace   string `json:"namespace"`
}

// Service is one of the primitive's contract.
type Service struct {
	Name    string   `json:"name"`
	Camel   string   `json:"camel"`
	Methods []Method `json:"methods"`
}

// Method is one RPC. Input and Output are names of messages of the primitive's own package.
type Method struct {
	Name            string `json:"name"`
	Snake           string `json:"snake"`
	Camel           string `json:"camel"`
	Input           string `json:"input"`
	Output          string `json:"output"`
	ClientStreaming bool   `json:"client_streaming"`
	ServerStreaming bool   `json:"server_streaming"`
}
