package reconcile

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/appset"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/keycloak"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/vault"
)

const (
	realmComponent = "platform-keycloak-realm"
	masterRealm    = "master"
)

// Desired is what one environment declares.
type Desired struct {
	Env       string
	Realm     string // the portal's
	Portal    string // client id of the portal
	VaultRole string // role of Vault's Kubernetes auth method
	Patcher   Patcher
	Realms    []keycloak.Realm
	Secrets   map[ClientKey]vault.Ref // where secrets belong
}

// Patcher is who changes clients inside the cluster: what its Job is given. Empty where Git says nothing.
type Patcher struct {
	KeycloakURL    string // as Pods reach it
	Secret         string // with the service account of realm master
	IDKey          string
	SecretKey      string
	ServiceAccount string // of Kubernetes, that Vault's role is bound to
}

func patcher(values *helmchart.Values) Patcher {
	at := func(keys ...string) string { return textAt(values, keys...) }
	return Patcher{
		KeycloakURL: at("keycloak", "url"), Secret: at("clientPatcher", "loginSecretRef", "name"),
		IDKey: at("clientPatcher", "loginSecretRef", "clientIdKey"), SecretKey: at("clientPatcher", "loginSecretRef", "clientSecretKey"),
		ServiceAccount: at("clientPatcher", "serviceAccountName"),
	}
}

// ClientKey names a client of one Keycloak.
type ClientKey struct{ Realm, Client string }

// Load finds what an environment declares: the clients and Vault keys of the realm component's effective values, merged
// as Argo CD and Helm merge them, and over the portal's client what the spec says of it. Every problem is reported at once.
func Load(fsys fs.FS, s *spec.Loaded, env string) (Desired, error) {
	if _, ok := s.Environment(env); !ok {
		return Desired{}, fmt.Errorf("unknown environment %q", env)
	}
	values, err := realmValues(fsys, s, env)
	if err != nil {
		return Desired{}, err
	}
	return declared(values, s, env)
}

// LoadValues is Load where Helm has merged already: file holds the realm component's effective values, as a Pod of the
// component's own release gets them, and there is no checkout.
func LoadValues(fsys fs.FS, file string, s *spec.Loaded, env string) (Desired, error) {
	values, err := helmchart.LoadValues(fsys, []string{file}, false)
	if err != nil {
		return Desired{}, err
	}
	return declared(values, s, env)
}

func declared(values *helmchart.Values, s *spec.Loaded, env string) (Desired, error) {
	e, ok := s.Environment(env)
	if !ok {
		return Desired{}, fmt.Errorf("unknown environment %q", env)
	}
	l := &loader{spec: s, env: e, values: values, desired: Desired{
		Env: env, Realm: s.OIDC.Realm, Portal: s.OIDC.ClientID,
		VaultRole: textAt(values, "clientPatcher", "vault", "authRole"), Secrets: map[ClientKey]vault.Ref{}, Patcher: patcher(values),
	}}
	l.clients()
	l.portal()
	l.extractions("clients", l.realmName())
	l.extractions("masterRealmClients", masterRealm)
	return l.desired, errors.Join(l.errs...)
}

// realmValues are the effective values of the environment's realm component.
func realmValues(fsys fs.FS, s *spec.Loaded, env string) (*helmchart.Values, error) {
	sets, err := appset.Load(fsys, appset.Options{RepoURL: s.GitOps.RepoURL, Revision: s.GitOps.Revision})
	if err != nil {
		return nil, fmt.Errorf("evaluate the ApplicationSets: %w", err)
	}
	i := slices.IndexFunc(sets.Applications, func(a appset.Application) bool {
		return a.Param("env") == env && a.Param("name") == realmComponent
	})
	if i < 0 {
		return nil, fmt.Errorf("no Application %s-%s is generated", env, realmComponent)
	}
	app := sets.Applications[i]
	source, ok := app.ChartSource()
	if !ok || source.Path == "" {
		return nil, fmt.Errorf("the chart of %s is not in this tree", app.Name)
	}
	chart, err := helmchart.Load(fsys, source.Path)
	if err != nil {
		return nil, err
	}
	values, err := helmchart.NewValueFiles(fsys).Load(app.ValueFiles(), source.Helm.IgnoreMissingValueFiles)
	if err != nil {
		return nil, err
	}
	return chart.Coalesce(values)
}

// Select narrows what is declared to some realms and clients; nothing given selects everything. The error names what is
// not declared.
func (d Desired) Select(realms, clients []string) (Desired, error) {
	out := d
	out.Realms = nil
	found := map[string]bool{}
	for _, r := range d.Realms {
		if len(realms) > 0 && !slices.Contains(realms, r.Name) {
			continue
		}
		found["realm "+r.Name] = true
		var kept []keycloak.Client
		for _, c := range r.Clients {
			if len(clients) == 0 || slices.Contains(clients, c.ID) {
				kept, found["client "+c.ID] = append(kept, c), true
			}
		}
		if r.Clients = kept; len(clients) > 0 && !slices.Contains(clients, d.Portal) {
			r.Roles = nil
		}
		if len(kept) > 0 || len(clients) == 0 {
			out.Realms = append(out.Realms, r)
		}
	}
	var missing []string
	for _, name := range realms {
		missing = appendMissing(missing, found, "realm "+name)
	}
	for _, id := range clients {
		missing = appendMissing(missing, found, "client "+id)
	}
	if len(missing) > 0 {
		return out, fmt.Errorf("environment %s declares no %s", d.Env, strings.Join(missing, ", no "))
	}
	return out, nil
}

func appendMissing(missing []string, found map[string]bool, name string) []string {
	if found[name] {
		return missing
	}
	return append(missing, name)
}
