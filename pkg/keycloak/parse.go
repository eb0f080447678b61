package keycloak

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ParseClient turns a declared representation into a Client. It refuses what must not be declared: openid as a scope,
// secrets, and what Keycloak alone decides.
func ParseClient(id string, spec map[string]any) (Client, error) {
	c := Client{ID: id, Fields: map[string]any{}}
	var errs []error
	for _, key := range sortedKeys(spec) {
		if err := c.set(key, spec[key]); err != nil {
			errs = append(errs, fmt.Errorf("client %s: %s: %w", id, key, err))
		}
	}
	return c, errors.Join(errs...)
}

func (c *Client) set(key string, value any) (err error) {
	switch key {
	case "clientId":
		if value != c.ID {
			return fmt.Errorf("%v is not the client's id", value)
		}
	case "id", "access", "registrationAccessToken":
		return errors.New("Keycloak decides it; remove it")
	case "secret":
		return errors.New("a secret is never declared: Keycloak generates it and Vault keeps it")
	case "defaultClientScopes":
		c.DefaultScopes, err = scopes(value)
	case "optionalClientScopes":
		c.OptionalScopes, err = scopes(value)
	case "protocolMappers":
		c.Mappers, err = mappers(value)
	case "attributes":
		c.Fields[key] = value
		return checkAttributes(value)
	default:
		c.Fields[key] = value
	}
	return err
}

func checkAttributes(value any) error {
	m, ok := value.(map[string]any)
	if !ok {
		return errors.New("must be a mapping")
	}
	for _, key := range sortedKeys(m) {
		if strings.HasPrefix(key, "client.secret") || key == Mark {
			return fmt.Errorf("%s is not declared in Git", key)
		}
	}
	return nil
}

// scopes is a list of client scopes; an empty one is declared, too.
func scopes(value any) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, errors.New("must be a list of names")
	}
	names := []string{}
	for _, item := range list {
		name, ok := item.(string)
		if !ok || name == "" {
			return nil, errors.New("must be a list of names")
		}
		if name == "openid" {
			return nil, errors.New("openid is a protocol scope, not a client scope: a client that lists it gets invalid_scope at every login")
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

func mappers(value any) ([]Mapper, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, errors.New("must be a list")
	}
	var out []Mapper
	for i, item := range list {
		m, _ := item.(map[string]any)
		mapper := Mapper{Name: text(m["name"]), Kind: text(m["protocolMapper"]), Config: map[string]string{}}
		if mapper.Name == "" || mapper.Kind == "" {
			return nil, fmt.Errorf("entry %d needs name and protocolMapper", i)
		}
		config, _ := m["config"].(map[string]any)
		for key, v := range config {
			mapper.Config[key] = text(v)
		}
		out = append(out, mapper)
	}
	return out, nil
}

// RoleMapper puts a user's realm roles into the tokens of one client, as a list in the claim "roles".
func RoleMapper() Mapper {
	return Mapper{Name: "realm roles in claim roles", Kind: "oidc-usermodel-realm-role-mapper", Config: map[string]string{
		"claim.name": "roles", "jsonType.label": "String", "multivalued": "true",
		"id.token.claim": "true", "access.token.claim": "true", "userinfo.token.claim": "true",
	}}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
