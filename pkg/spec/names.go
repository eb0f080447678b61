package spec

import (
	"net/url"
	"strings"
)

// Short is the environment's name as namespaces, Vault hosts and kube contexts spell it: production is prod there, and
// production in paths, labels and Argo CD application names. This table is the only place that knows it.
func Short(environment string) string {
	if environment == "production" {
		return "prod"
	}
	return environment
}

// IsProduction tells the environment that needs the most care.
func IsProduction(environment string) bool { return environment == "production" }

// Environment finds an environment by name.
func (s *Spec) Environment(name string) (Environment, bool) {
	for _, e := range s.Environments {
		if e.Name == name {
			return e, true
		}
	}
	return Environment{}, false
}

// EnvironmentNames lists the environments in the spec's order.
func (s *Spec) EnvironmentNames() []string {
	names := make([]string, len(s.Environments))
	for i, e := range s.Environments {
		names[i] = e.Name
	}
	return names
}

// ImageOf is the image that an environment runs: its own or the common one.
func (s *Spec) ImageOf(e Environment) Image {
	if e.Image != nil {
		return *e.Image
	}
	return s.Image
}

// BaseURL is the public URL of the portal, without a trailing slash.
func (e Environment) BaseURL() string { return "https://" + e.Host }

// RedirectURI is where Keycloak sends a browser back to: Backstage's handler frame of the provider `oidc`.
func (e Environment) RedirectURI() string { return e.BaseURL() + "/api/auth/oidc/handler/frame" }

// IssuerHost is the host name of the OIDC issuer.
func (e Environment) IssuerHost() string {
	host := strings.TrimPrefix(strings.TrimPrefix(e.Issuer, "https://"), "http://")
	host, _, _ = strings.Cut(host, "/")
	return host
}

// AuthorizationEndpoint is where Keycloak takes browsers that sign in.
func (e Environment) AuthorizationEndpoint() string {
	return e.Issuer + "/protocol/openid-connect/auth"
}

// IssuerPort is the port on which the OIDC issuer answers.
func (e Environment) IssuerPort() string {
	u, err := url.Parse(e.Issuer)
	switch {
	case err == nil && u.Port() != "":
		return u.Port()
	case err == nil && u.Scheme == "http":
		return "80"
	}
	return "443"
}

// CatalogURL is the location that Backstage reads the catalog from.
func (s *Spec) CatalogURL() string {
	return strings.TrimSuffix(s.GitOps.RepoURL, ".git") + "/blob/" + s.GitOps.Revision + "/sources/backstage/catalog/all.yaml"
}

// Primary is the environment that the portal's own catalog entry points at: production, or else the first one.
func (s Spec) Primary() Environment {
	for _, e := range s.Environments {
		if IsProduction(e.Name) {
			return e
		}
	}
	return s.Environments[0]
}

// TreeURL is the web address of a folder of the checkout, with the trailing slash that Backstage expects of folders.
func (g GitOps) TreeURL(folder string) string {
	return strings.TrimSuffix(g.RepoURL, ".git") + "/tree/" + g.Revision + "/" + folder + "/"
}

// Slug is owner/name of a repository on GitHub, and empty for every other host.
func (g GitOps) Slug() string {
	slug, ok := strings.CutPrefix(strings.TrimSuffix(g.RepoURL, ".git"), "https://github.com/")
	if !ok {
		return ""
	}
	return strings.TrimSuffix(slug, "/")
}
