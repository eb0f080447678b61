package live

import (
	"context"
	"net/http"
	"time"

	"github.com/ameideio/ameide/pkg/dbops"
	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/secret"
)

// Means are what a look is made with. What is left empty is not asked.
type Means struct {
	Cluster    Cluster
	Context    string // of the kubeconfig, for the report
	InCluster  bool   // Services can be reached by name
	Namespaced bool   // who looks has rights in the environment's namespace alone; of other places only what a rule asks for
	Now        time.Time
	Public     http.RoundTripper // to the portal's host and the issuer
	Registry   imagecheck.Options
	Keycloak   keycloak.Config // credentials alone; empty ones are looked for in the cluster
	VaultToken secret.Value
	User       keycloak.User // test user; its Secret is not used
	Scripts    dbops.Scripts
}

// Read looks at a running environment. It changes nothing, and ends with the context whatever hangs: every part that
// did not come says so.
func Read(ctx context.Context, m Means, d *Declared) *Snapshot {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends what nobody waits for any more
	r := &reader{Means: m, declared: d, ns: d.Env.Namespace}
	return r.read(ctx)
}

// reader holds the parts that other parts depend on.
type reader struct {
	Means
	declared *Declared
	ns       string
	pods     *future[[]Object]
	slices   *future[[]Object]
	secrets  map[string]*future[Secret]
}

func (r *reader) read(ctx context.Context) *Snapshot {
	d := r.declared
	r.pods = r.list(ctx, Query{Resource: pods(), Namespace: r.ns, Labels: releaseLabel(d)})
	r.slices = r.list(ctx, Query{Resource: endpointSlices(), Namespace: r.ns})
	r.secrets = map[string]*future[Secret]{}
	for _, n := range d.SecretNames() {
		r.secrets[n] = begin(ctx, func(ctx context.Context) (Secret, error) { return r.secret(ctx, n) })
	}
	around := r.around(ctx)
	backend := r.backend(ctx)
	chain := r.chain(ctx)
	s := &Snapshot{Taken: r.Now, Context: r.Context, Secrets: map[string]Part[Secret]{}}
	s.Pods, s.Slices = r.pods.wait(ctx), r.slices.wait(ctx)
	for n, f := range r.secrets {
		s.Secrets[n] = f.wait(ctx)
	}
	around(s)
	backend(s)
	chain(s)
	s.Requests = r.Cluster.Requests()
	return s
}

// releaseLabel selects the Pods and Jobs of the release, hooks included.
func releaseLabel(d *Declared) string {
	const instance = "app.kubernetes.io/instance"
	if release := dig.Text(d.Selector(), instance); release != "" {
		return instance + "=" + release
	}
	return labelSelector(d.Selector())
}

// around reads the objects around the Pods. It returns what puts them into a snapshot.
func (r *reader) around(ctx context.Context) func(*Snapshot) {
	d := r.declared
	version := externalVersion(d)
	app := r.get(ctx, applications(), d.ApplicationNamespace(), d.ApplicationName())
	deployment := r.get(ctx, deployments(), r.ns, name(d.Deployment))
	nodeList := r.list(ctx, Query{Resource: nodes(), Labels: labelSelector(nodeSelector(d))})
	jobList := r.list(ctx, Query{Resource: jobs(), Namespace: r.ns, Labels: releaseLabel(d)})
	service := r.get(ctx, services(), r.ns, name(d.Service))
	route, gateway := r.route(ctx)
	monitor := r.declaredOnly(ctx, serviceMonitors(), d.Monitor, "no ServiceMonitor is declared")
	external := r.list(ctx, Query{Resource: externalSecrets(version), Namespace: r.ns})
	store := r.elsewhere(ctx, stores(version, d.Spec.Secrets.StoreKind), r.storeNamespace(), d.Spec.Secrets.StoreName)
	return func(s *Snapshot) {
		s.Application, s.Deployment, s.Nodes, s.Jobs = app.wait(ctx), deployment.wait(ctx), nodeList.wait(ctx), jobList.wait(ctx)
		s.Service, s.Route, s.Gateway, s.Monitor = service.wait(ctx), route.wait(ctx), gateway.wait(ctx), monitor.wait(ctx)
		s.ExternalSecrets, s.Store = external.wait(ctx), store.wait(ctx)
	}
}

// externalVersion is the API version of External Secrets that Git uses.
func externalVersion(d *Declared) string {
	for _, e := range d.ExternalSecrets {
		if _, version, ok := cutLast(dig.Text(e, "apiVersion"), "/"); ok {
			return version
		}
	}
	return "v1"
}

func (r *reader) storeNamespace() string {
	if r.declared.Spec.Secrets.StoreKind == "ClusterSecretStore" {
		return ""
	}
	return r.ns
}

// route reads the HTTPRoute and the Gateway that it attaches to.
func (r *reader) route(ctx context.Context) (route, gateway *future[Object]) {
	d := r.declared
	parent := dig.Map(d.Route, "spec", "parentRefs", "0")
	route = r.declaredOnly(ctx, httpRoutes(), d.Route, "no HTTPRoute is declared")
	if parent == nil {
		return route, r.declaredOnly(ctx, gateways(), nil, "no HTTPRoute is declared")
	}
	return route, r.elsewhere(ctx, gateways(), orElse(dig.Text(parent, "namespace"), r.ns), dig.Text(parent, "name"))
}

// elsewhere reads an object that may belong to the whole cluster, or to another team's namespace.
func (r *reader) elsewhere(ctx context.Context, kind Resource, namespace, name string) *future[Object] {
	if r.Namespaced && namespace != r.ns {
		return begin(ctx, func(context.Context) (Object, error) {
			return nil, NotAsked("it is not the namespace's, and what refers to it says whether it works")
		})
	}
	return r.get(ctx, kind, namespace, name)
}

// declaredOnly reads an object that Git declares, and asks nothing when it declares none.
func (r *reader) declaredOnly(ctx context.Context, kind Resource, declared Object, reason string) *future[Object] {
	if declared == nil {
		return begin(ctx, func(context.Context) (Object, error) { return nil, NotAsked(reason) })
	}
	return r.get(ctx, kind, r.ns, name(declared))
}

func (r *reader) get(ctx context.Context, kind Resource, namespace, name string) *future[Object] {
	return begin(ctx, func(ctx context.Context) (Object, error) { return r.Cluster.Get(ctx, kind, namespace, name) })
}

func (r *reader) list(ctx context.Context, q Query) *future[[]Object] {
	return begin(ctx, func(ctx context.Context) ([]Object, error) { return r.Cluster.List(ctx, q) })
}
