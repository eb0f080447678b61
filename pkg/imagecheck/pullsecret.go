package imagecheck

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// pullSecret answers with the credentials of a Kubernetes image pull secret.
type pullSecret struct{ auths map[string]authn.AuthConfig }

// PullSecret reads the .dockerconfigjson of a Kubernetes image pull secret. The most specific entry wins, as in the
// kubelet: quay.io/team before quay.io. Errors never hold any of the content.
func PullSecret(data []byte) (authn.Keychain, error) {
	var file struct {
		Auths map[string]struct {
			Username      string `json:"username"`
			Password      string `json:"password"`
			Auth          string `json:"auth"`
			IdentityToken string `json:"identitytoken"`
			RegistryToken string `json:"registrytoken"`
		} `json:"auths"`
	}
	if json.Unmarshal(data, &file) != nil || file.Auths == nil {
		return nil, errors.New("not a .dockerconfigjson: want {\"auths\": {REGISTRY: {…}}}")
	}
	s := pullSecret{map[string]authn.AuthConfig{}}
	for key, a := range file.Auths {
		config := authn.AuthConfig{Username: a.Username, Password: a.Password, IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken}
		if a.Auth != "" {
			plain, err := base64.StdEncoding.DecodeString(a.Auth)
			user, password, ok := strings.Cut(string(plain), ":")
			if err != nil || !ok {
				return nil, fmt.Errorf("auth of %s is not base64 of user:password", key)
			}
			config.Username, config.Password = user, strings.TrimRight(password, "\x00")
		}
		s.auths[secretKey(key)] = config
	}
	return s, nil
}

// secretKey is an entry's registry, with its path if it has one: schemes and the API versions of old are cut off.
func secretKey(key string) string {
	key = strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	for _, suffix := range []string{"/", "/v1", "/v2"} {
		key = strings.TrimSuffix(key, suffix)
	}
	return canonical(key)
}

// Resolve is the login for a repository or registry; nobody without an entry.
func (s pullSecret) Resolve(target authn.Resource) (authn.Authenticator, error) {
	key := target.String()
	if key == "docker.io" {
		key = name.DefaultRegistry
	}
	for {
		if config, ok := s.auths[key]; ok {
			return authn.FromConfig(config), nil
		}
		i := strings.LastIndexByte(key, '/')
		if i < 0 {
			return authn.Anonymous, nil
		}
		key = key[:i]
	}
}
