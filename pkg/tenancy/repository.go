package tenancy

import "github.com/ameideio/ameide/pkg/spec"

// Repositories are where code and its manifests are kept, as owner/name. The platform's never contain a tenant's code.
type Repositories struct {
	Code   string `json:"repository"`
	GitOps string `json:"gitops_repository"`
}

// RepositoriesOf tells where code belongs. GitOps of the platform is the clone URL when it is not on GitHub.
func RepositoriesOf(c Code, s *spec.Spec) Repositories {
	if c.Custom() {
		owner := s.Organization + "/" + tenantPrefix + c.Tenant
		return Repositories{Code: owner + "-controllers", GitOps: owner + "-gitops"}
	}
	r := Repositories{Code: s.Organization + "/ameide", GitOps: s.GitOps.Slug()}
	if r.GitOps == "" {
		r.GitOps = s.GitOps.RepoURL
	}
	return r
}
