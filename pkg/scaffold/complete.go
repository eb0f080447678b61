package scaffold

import (
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/tenancy"
)

// Complete is the parameters with all that follows from them in an installation: places and repositories by the rules of
// package tenancy, whose errors it returns, and the derived names. services are those of a contract that somebody brought;
// nil for the skeleton's own.
func Complete(p Params, services []Service, s *spec.Spec, d *Derivations) (Values, error) {
	code := tenancy.Code{Origin: tenancy.Origin(p.Origin), SKU: tenancy.SKU(p.SKU), Tenant: p.Tenant}
	places, err := tenancy.Places(code, s.Environments)
	if err != nil {
		return Values{}, err
	}
	repositories := tenancy.RepositoriesOf(code, s)
	v := Values{
		Params: p, Services: services,
		Organization: s.Organization, Repository: repositories.Code, GitopsRepository: repositories.GitOps,
	}
	for _, place := range places {
		v.Places = append(v.Places, Place{place.Environment, place.Namespace})
	}
	return d.Derive(v)
}
