package spec

// Version is the only file format version that this package reads.
const Version = 1

// Spec is the whole installation. Every field has a default; see Default.
type Spec struct {
	Version      int           `yaml:"version" doc:"Format of this file." enum:"1"`
	Organization string        `yaml:"organization" doc:"GitHub organisation that owns the platform's repositories." rule:"organization"`
	Title        string        `yaml:"title" doc:"Title in the portal's header and browser tab." rule:"text"`
	Backstage    Backstage     `yaml:"backstage" doc:"The Backstage release that the image contains."`
	Kubernetes   Kubernetes    `yaml:"kubernetes" doc:"The clusters' API."`
	GitOps       GitOps        `yaml:"gitops" doc:"This checkout as Argo CD sees it."`
	Image        Image         `yaml:"image" doc:"Container image of the portal, for every environment that names none of its own."`
	Database     Database      `yaml:"database" doc:"PostgreSQL of the portal, run by CloudNativePG."`
	OIDC         OIDC          `yaml:"oidc" doc:"Keycloak client of the portal."`
	Session      VaultRef      `yaml:"session" doc:"Vault entry of the secret that signs session cookies."`
	Secrets      Secrets       `yaml:"secrets" doc:"External Secrets."`
	Gateway      Gateway       `yaml:"gateway" doc:"Gateway that the HTTPRoute attaches to."`
	Telemetry    Telemetry     `yaml:"telemetry" doc:"OpenTelemetry, metrics and logs."`
	Hooks        Hooks         `yaml:"hooks" doc:"Jobs that run before a sync: unlock, migrations, OIDC clients."`
	Catalog      Catalog       `yaml:"catalog" doc:"Software catalog that the portal starts with."`
	Environments []Environment `yaml:"environments" doc:"Environments, in promotion order. The list decides which exist; a name alone is a whole environment with the values that follow from it." min:"1" max:"100"`
	Waivers      []Waiver      `yaml:"waivers" doc:"Findings of verify that are accepted for a while."`
}

// Backstage names the release whose configuration keys may be used.
type Backstage struct {
	Version string `yaml:"version" doc:"Backstage release, for example 1.35.0. It decides which app-config keys exist." rule:"release"`
}

// Kubernetes names the API that rendered objects are checked against.
type Kubernetes struct {
	Version string `yaml:"version" doc:"Minor version of the clusters, for example 1.34." rule:"minor"`
}

// GitOps locates the checkout for Argo CD.
type GitOps struct {
	RepoURL  string `yaml:"repoURL" doc:"Clone URL of this repository as the ApplicationSets write it." rule:"https"`
	Revision string `yaml:"revision" doc:"Branch that Argo CD follows." rule:"revision"`
	Project  string `yaml:"project" doc:"Argo CD project of the component." rule:"name"`
}

// Layout says where an image keeps Backstage and how it is started.
type Layout string

const (
	// LayoutUpstream is ghcr.io/backstage/backstage: /app, started by CMD with its default config files, uid 1000.
	LayoutUpstream Layout = "upstream"
	// LayoutRHDH is Red Hat Developer Hub and Janus: /opt/app-root/src, started by ENTRYPOINT, uid 1001, group 0.
	LayoutRHDH Layout = "rhdh"
)

// Image is a container image and what must be known of it to run it.
type Image struct {
	Repository string   `yaml:"repository" doc:"Registry and repository, without tag." rule:"repository"`
	Tag        string   `yaml:"tag" doc:"Version tag. Floating tags (latest, main, dev, next) are refused by verify." rule:"tag"`
	Digest     string   `yaml:"digest" doc:"sha256 digest of the image index; it wins over the tag." rule:"digest"`
	Layout     Layout   `yaml:"layout" doc:"upstream (/app, CMD) or rhdh (/opt/app-root/src, ENTRYPOINT)." enum:"upstream,rhdh"`
	Platforms  []string `yaml:"platforms" doc:"Platforms that the image is known to contain, for example linux/amd64." rule:"platform" min:"1"`
}

// Ref is the image reference as a Pod names it: repository, then tag and digest where given.
func (i Image) Ref() string {
	ref := i.Repository
	if i.Tag != "" {
		ref += ":" + i.Tag
	}
	if i.Digest != "" {
		ref += "@" + i.Digest
	}
	return ref
}

// DivisionMode says how Backstage separates its plugins' tables.
type DivisionMode string

const (
	// DivisionDatabase gives every plugin a database of its own; the role needs CREATEDB.
	DivisionDatabase DivisionMode = "database"
	// DivisionSchema gives every plugin a schema in one database.
	DivisionSchema DivisionMode = "schema"
)

// Database is the PostgreSQL side of the installation.
type Database struct {
	Cluster      string            `yaml:"cluster" doc:"CloudNativePG cluster." rule:"name"`
	Host         string            `yaml:"host" doc:"Service of the primary." rule:"name"`
	Port         int               `yaml:"port" doc:"Port of that Service." rule:"port"`
	Name         string            `yaml:"name" doc:"Database that is created for the role; the only one in schema mode." rule:"database"`
	Role         string            `yaml:"role" doc:"Role that owns it." rule:"database"`
	SecretName   string            `yaml:"secretName" doc:"Secret with POSTGRES_HOST, _PORT, _USER and _PASSWORD." rule:"name"`
	DivisionMode DivisionMode      `yaml:"divisionMode" doc:"database: one database for each plugin (needs CREATEDB); schema: one schema each." enum:"database,schema"`
	PluginPrefix string            `yaml:"pluginPrefix" doc:"Prefix of the plugins' databases." rule:"prefix"`
	Plugins      map[string]string `yaml:"plugins" doc:"Plugins whose database has a name of its own: plugin id to database name." rule:"database" key:"plugin"`
}

// VaultRef is one field of one entry in Vault's KV v2 engine.
type VaultRef struct {
	Mount string `yaml:"mount" doc:"Mount of the KV v2 engine." rule:"vaultpath"`
	Key   string `yaml:"key" doc:"Key below the mount." rule:"vaultpath"`
	Field string `yaml:"field" doc:"Field that holds the value." rule:"key"`
}

// OIDC is the Keycloak client of the portal and where its secret travels.
type OIDC struct {
	Realm       string     `yaml:"realm" doc:"Keycloak realm." rule:"realm"`
	ClientID    string     `yaml:"clientID" doc:"Client id." rule:"word"`
	Name        string     `yaml:"name" doc:"Name of the client in Keycloak's console." rule:"text"`
	Description string     `yaml:"description" doc:"Description of the client in Keycloak's console." rule:"line"`
	Scopes      []string   `yaml:"scopes" doc:"Default client scopes. openid is a protocol scope and never one of them." rule:"word"`
	Resolver    string     `yaml:"resolver" doc:"Sign-in resolver that finds the catalog's User." rule:"resolver"`
	Vault       VaultRef   `yaml:"vault" doc:"Where the client secret is kept."`
	SecretName  string     `yaml:"secretName" doc:"Secret that the realm chart syncs from Vault." rule:"name"`
	SecretKey   string     `yaml:"secretKey" doc:"Key of that Secret." rule:"key"`
	Roles       []RoleLink `yaml:"roles" doc:"Backstage role to Keycloak realm role."`
}

// RoleLink maps a Backstage role to the Keycloak realm role that grants it.
type RoleLink struct {
	Backstage string `yaml:"backstage" doc:"Role in Backstage's permission policy." rule:"word"`
	Keycloak  string `yaml:"keycloak" doc:"Realm role in Keycloak." rule:"word"`
}

// Secrets says how External Secrets reaches Vault.
type Secrets struct {
	StoreKind       string `yaml:"storeKind" doc:"SecretStore or ClusterSecretStore." enum:"SecretStore,ClusterSecretStore"`
	StoreName       string `yaml:"storeName" doc:"Name of the store." rule:"name"`
	RefreshInterval string `yaml:"refreshInterval" doc:"How often a Secret follows Vault." rule:"interval"`
	PullSecret      string `yaml:"pullSecret" doc:"Image pull secret of the namespace." rule:"name"`
}

// Gateway is the parent of the HTTPRoute.
type Gateway struct {
	Name        string `yaml:"name" doc:"Gateway in the environment's namespace." rule:"name"`
	SectionName string `yaml:"sectionName" doc:"Listener of that Gateway." rule:"name"`
}

// Telemetry is where traces, metrics and logs go.
type Telemetry struct {
	Service  string `yaml:"service" doc:"Service of the OpenTelemetry collector in the environment's namespace." rule:"label"`
	Port     int    `yaml:"port" doc:"OTLP port of that Service." rule:"port"`
	Protocol string `yaml:"protocol" doc:"grpc or http/protobuf; it must fit the port." enum:"grpc,http/protobuf"`
	LogLevel string `yaml:"logLevel" doc:"LOG_LEVEL of the portal: error, warn, info or debug." enum:"error,warn,info,debug"`
}

// Environment is one place where the portal runs.
type Environment struct {
	Name              string   `yaml:"name" doc:"Name in paths, labels and values: dev, staging, production, local." rule:"environment"`
	Namespace         string   `yaml:"namespace" doc:"Namespace; production is spelled prod here." rule:"label"`
	Cluster           string   `yaml:"cluster" doc:"Cluster type: the file config/clusters/<cluster>.yaml." rule:"name"`
	NodeProfile       string   `yaml:"nodeProfile" doc:"Node profile: the file config/node-profiles/<nodeProfile>.yaml." rule:"name"`
	DNSZone           string   `yaml:"dnsZone" doc:"DNS zone that the host lies in." rule:"host"`
	Host              string   `yaml:"host" doc:"Public host name of the portal." rule:"host"`
	Issuer            string   `yaml:"issuer" doc:"OIDC issuer: Keycloak's realm URL." rule:"url"`
	VaultAddress      string   `yaml:"vaultAddress" doc:"Address of the environment's own Vault." rule:"url"`
	NodeArchitectures []string `yaml:"nodeArchitectures" doc:"Architectures of the nodes: amd64, arm64." min:"1" enum:"amd64,arm64,arm,ppc64le,s390x,riscv64"`
	Image             *Image   `yaml:"image,omitempty" doc:"Image of this environment when it differs. What it leaves out is as in the common image, unless the repository differs too."`
	GuestSignIn       bool     `yaml:"guestSignIn" doc:"Let people in without Keycloak. Only for a laptop."`
	KubeContext       string   `yaml:"kubeContext" doc:"Context in the kubeconfig." rule:"text"`
}

// Waiver accepts the findings of one rule until a day.
type Waiver struct {
	Rule    string `yaml:"rule" doc:"Rule id, see docs/rules.md." rule:"ruleid"`
	Env     string `yaml:"env,omitempty" doc:"Environment; every one when empty." rule:"environment"`
	File    string `yaml:"file,omitempty" doc:"File that the finding is in; any when empty." rule:"line"`
	Reason  string `yaml:"reason" doc:"Why it is accepted." rule:"text"`
	Expires string `yaml:"expires" doc:"Last day, YYYY-MM-DD; afterwards verify fails." rule:"date"`
}
