package keycloak

import (
	"fmt"
	"slices"
	"strings"
)

const basicScope = "basic"

// missingScopes are the declared scopes that the realm lacks, sorted.
func missingScopes(r Realm, s State) ([]string, error) {
	var missing, unknown []string
	for _, c := range r.Clients {
		for _, name := range slices.Concat(c.DefaultScopes, c.OptionalScopes) {
			if _, ok := s.Scopes[name]; ok || slices.Contains(missing, name) {
				continue
			}
			missing = append(missing, name)
			if scopeMappers(name) == nil {
				unknown = append(unknown, name)
			}
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return nil, fmt.Errorf("realm %s has no client scope %s, and only Keycloak's own scopes can be made here", r.Name, strings.Join(unknown, ", "))
	}
	slices.Sort(missing)
	return missing, nil
}

// scopeMappers are the mappers of the scopes that Keycloak brings along and that an import with a list of its own leaves
// out, as Keycloak defines them; nil for any other scope.
func scopeMappers(name string) []Mapper {
	switch name {
	case "profile":
		return []Mapper{
			attribute("username", "username", "preferred_username"), attribute("given name", "firstName", "given_name"),
			attribute("family name", "lastName", "family_name"), {Name: "full name", Kind: "oidc-full-name-mapper", Config: inTokens()},
		}
	case "email":
		verified := attribute("email verified", "emailVerified", "email_verified")
		verified.Kind, verified.Config["jsonType.label"] = "oidc-usermodel-property-mapper", "boolean"
		return []Mapper{attribute("email", "email", "email"), verified}
	case "roles":
		realm := map[string]string{"claim.name": "realm_access.roles", "jsonType.label": "String", "multivalued": "true", "access.token.claim": "true"}
		client := map[string]string{"claim.name": "resource_access.${client_id}.roles", "jsonType.label": "String", "multivalued": "true", "access.token.claim": "true"}
		return []Mapper{
			{Name: "realm roles", Kind: "oidc-usermodel-realm-role-mapper", Config: realm},
			{Name: "client roles", Kind: "oidc-usermodel-client-role-mapper", Config: client},
			{Name: "audience resolve", Kind: "oidc-audience-resolve-mapper", Config: map[string]string{"access.token.claim": "true"}},
		}
	case "web-origins":
		return []Mapper{{Name: "allowed web origins", Kind: "oidc-allowed-origins-mapper", Config: map[string]string{"access.token.claim": "true"}}}
	}
	return nil
}

func attribute(name, user, claim string) Mapper {
	config := inTokens()
	config["user.attribute"], config["claim.name"], config["jsonType.label"] = user, claim, "String"
	return Mapper{Name: name, Kind: "oidc-usermodel-attribute-mapper", Config: config}
}

func inTokens() map[string]string {
	return map[string]string{"id.token.claim": "true", "access.token.claim": "true", "userinfo.token.claim": "true"}
}
