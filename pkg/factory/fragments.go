package factory

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/spec"
)

// The fragments are what the installation needs other people's files to say, in the words of those files.

type managedRole struct {
	Name           string   `yaml:"name"`
	Ensure         string   `yaml:"ensure"`
	Login          bool     `yaml:"login"`
	CreateDB       bool     `yaml:"createdb,omitempty"`
	PasswordSecret nameOnly `yaml:"passwordSecret"`
}

type nameOnly struct {
	Name string `yaml:"name"`
}

type appUser struct {
	Name       string `yaml:"name"`
	Database   string `yaml:"database"`
	Username   string `yaml:"username"`
	SecretName string `yaml:"secretName"`
	Template   string `yaml:"template"`
}

type database struct {
	Name    string       `yaml:"name"`
	Owner   string       `yaml:"owner"`
	Schemas []ownedThing `yaml:"schemas"`
}

type ownedThing struct {
	Name  string `yaml:"name"`
	Owner string `yaml:"owner"`
}

type realmClient struct {
	ClientID string     `yaml:"clientId"`
	Realm    string     `yaml:"realm"`
	Spec     clientSpec `yaml:"spec"`
}

type clientSpec struct {
	Name                      string   `yaml:"name"`
	Description               string   `yaml:"description"`
	Enabled                   bool     `yaml:"enabled"`
	Protocol                  string   `yaml:"protocol"`
	PublicClient              bool     `yaml:"publicClient"`
	StandardFlowEnabled       bool     `yaml:"standardFlowEnabled"`
	ImplicitFlowEnabled       bool     `yaml:"implicitFlowEnabled"`
	DirectAccessGrantsEnabled bool     `yaml:"directAccessGrantsEnabled"`
	ServiceAccountsEnabled    bool     `yaml:"serviceAccountsEnabled"`
	RedirectURIs              []string `yaml:"redirectUris"`
	WebOrigins                []string `yaml:"webOrigins"`
	DefaultClientScopes       []string `yaml:"defaultClientScopes"`
}

type extraction struct {
	ClientID string `yaml:"clientId"`
	VaultKey string `yaml:"vaultKey"`
}

func roleOf(s *spec.Spec) managedRole {
	return managedRole{
		Name: s.Database.Role, Ensure: "present", Login: true,
		CreateDB:       s.Database.DivisionMode == spec.DivisionDatabase,
		PasswordSecret: nameOnly{s.Database.SecretName},
	}
}

func appUserOf(s *spec.Spec) appUser {
	return appUser{
		Name: s.Database.Role, Database: s.Database.Name, Username: s.Database.Role,
		SecretName: s.Database.SecretName, Template: secretTemplate,
	}
}

func databaseOf(s *spec.Spec) database {
	return database{
		Name: s.Database.Name, Owner: s.Database.Role,
		Schemas: []ownedThing{{Name: "public", Owner: s.Database.Role}},
	}
}

// clientOf is the client for the environments that read one list of clients.
func clientOf(s *spec.Spec, envs []spec.Environment) realmClient {
	c := clientSpec{
		Name: s.OIDC.Name, Description: s.OIDC.Description, Enabled: true, Protocol: "openid-connect",
		StandardFlowEnabled: true, DefaultClientScopes: s.OIDC.Scopes,
	}
	for _, e := range envs {
		c.RedirectURIs = append(c.RedirectURIs, e.RedirectURI())
		c.WebOrigins = append(c.WebOrigins, e.BaseURL())
	}
	return realmClient{ClientID: s.OIDC.ClientID, Realm: s.OIDC.Realm, Spec: c}
}

func extractionOf(s *spec.Spec) extraction {
	return extraction{ClientID: s.OIDC.ClientID, VaultKey: s.OIDC.Vault.Key}
}

// fragment is a value as YAML text.
func fragment(v any) (string, error) {
	var b strings.Builder
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return b.String(), nil
}
