package live

import (
	"slices"

	"github.com/ameideio/ameide/pkg/dig"
)

// KeyPair is a Secret that holds a client id and its secret.
type KeyPair struct{ Secret, ID, Key string }

// SecretKey is one key of a Secret that the portal reads, and the environment variable that it becomes.
type SecretKey struct{ Secret, Key, Variable string }

// SecretKeys are the Secret keys that the container's environment needs. A whole Secret (envFrom) has an empty key, but
// for the database's, whose keys are known.
func (d *Declared) SecretKeys() []SecretKey {
	var keys []SecretKey
	for _, from := range dig.Maps(d.Container(), "envFrom") {
		secret := dig.Text(from, "secretRef", "name")
		switch {
		case secret == d.Spec.Database.SecretName:
			keys = append(keys, SecretKey{secret, "POSTGRES_USER", "POSTGRES_USER"}, SecretKey{secret, "POSTGRES_PASSWORD", "POSTGRES_PASSWORD"})
		case secret != "" && dig.Text(from, "secretRef", "optional") != "true":
			keys = append(keys, SecretKey{Secret: secret})
		}
	}
	for _, v := range dig.Maps(d.Container(), "env") {
		if ref := dig.Map(v, "valueFrom", "secretKeyRef"); ref != nil && dig.Text(ref, "optional") != "true" {
			keys = append(keys, SecretKey{dig.Text(ref, "name"), dig.Text(ref, "key"), dig.Text(v, "name")})
		}
	}
	return keys
}

// SecretNames are the Secrets of SecretKeys and the pull secrets, each once.
func (d *Declared) SecretNames() []string {
	var names []string
	for _, k := range d.SecretKeys() {
		names = append(names, k.Secret)
	}
	names = append(names, d.PullSecrets()...)
	slices.Sort(names)
	return slices.Compact(names)
}

// PullSecrets are the Secrets that the kubelet pulls with.
func (d *Declared) PullSecrets() []string {
	var names []string
	for _, s := range dig.Maps(d.Deployment, "spec", "template", "spec", "imagePullSecrets") {
		names = append(names, dig.Text(s, "name"))
	}
	return names
}

// ClientSecret is the Secret key of the portal's OIDC client; false when the portal reads none.
func (d *Declared) ClientSecret() (SecretKey, bool) {
	for _, k := range d.SecretKeys() {
		if k.Variable == "AUTH_OIDC_CLIENT_SECRET" || k.Secret == d.Spec.OIDC.SecretName && k.Key == d.Spec.OIDC.SecretKey {
			return k, true
		}
	}
	return SecretKey{}, false
}
