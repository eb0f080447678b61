package live

import (
	"time"

	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/secret"
)

// Snapshot is what one look at a running environment showed. It holds facts alone; the rules judge them.
type Snapshot struct {
	Taken           time.Time
	Context         string // of the kubeconfig
	Application     Part[Object]
	Deployment      Part[Object]
	Pods            Part[[]Object] // of the release: the Deployment's and its Jobs'
	Events          Part[[]Object] // of Pods in trouble; not asked for when all are well
	Logs            []Log
	Nodes           Part[[]Object] // that the Deployment's node selector admits
	Route           Part[Object]
	Gateway         Part[Object]
	Service         Part[Object]
	Slices          Part[[]Object] // EndpointSlices of the namespace
	Jobs            Part[[]Object] // of the release
	Monitor         Part[Object]
	Store           Part[Object] // SecretStore or ClusterSecretStore
	ExternalSecrets Part[[]Object]
	Secrets         map[string]Part[Secret] // by name
	Image           Part[Image]
	Probes          []PodProbe
	Page            Part[Answer]            // the public host's /
	Health          Part[Answer]            // the public health path
	Plugins         map[string]Part[Answer] // by plugin id
	Metrics         Part[Answer]
	Login           Part[Login]
	Keycloak        Part[secret.Value] // the client's secret; Missing when the realm has no such client
	Vault           Part[secret.Value] // the entry's field; Missing when there is none
	Database        Part[Database]
	Requests        int // to the Kubernetes API
}

// Part is one thing that was looked at.
type Part[T any] struct {
	Value   T
	Missing bool  // it does not exist
	Err     error // why nothing is known about it
}

// Seen tells whether there is a value.
func (p Part[T]) Seen() bool { return p.Err == nil && !p.Missing }

// NotAsked is why something was left out that nobody gave the means for. It is no finding.
type NotAsked string

func (n NotAsked) Error() string { return string(n) }

// Secret is a Secret of the namespace.
type Secret struct {
	Type    string
	Values  map[string]secret.Value
	Changed time.Time // when one of its values was last written, as far as the API server knows
	Hashes  []string  // what Reloader would put on a Pod's environment, in its old and its new form
}

// Log is the end of what a container wrote.
type Log struct {
	Pod       string
	Container string
	Previous  bool // of the run before the last restart
	Hook      bool // of a failed Job, not of the portal
	Text      string
	Err       error
}

// Answer is what an HTTP request got.
type Answer struct {
	Asked  string // method and address, or Pod and path
	Status int
	Body   string // its beginning
}

// PodProbe are a Pod's own health paths.
type PodProbe struct {
	Pod       string
	Liveness  Part[Answer]
	Readiness Part[Answer]
}

// Login is how far a sign-in came.
type Login struct {
	Start     Answer // of Backstage, which sends the browser to Keycloak
	Sent      string // where it sends the browser, without the query
	Authorize error  // why Keycloak shows no login page; nil when it does
	Exchange  string // what Keycloak says to a made-up code, as Backstage reports it
	User      string // of the whole login; empty when none was tried
	UserErr   error
}

// Image is what the registry says of the declared image.
type Image struct {
	Platforms []imagecheck.Platform
	Digests   []string // of the index and of every image in it
	Declared  string   // why the platforms are the spec's and not the registry's; empty when they are the registry's
}

// Database is the portal's database as its own role sees it. Refused is PostgreSQL's refusal to let the role in; then
// nothing else is known.
type Database struct {
	Refused  *Refusal
	Rights   dbops.Rights
	Snapshot dbops.Snapshot
	Locks    []dbops.Lock
}
