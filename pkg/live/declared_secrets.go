package live

import (
	"slices"
)

// KeyPair is a Secret that holds a client id and its secret.
type KeyPair struct{ Secret, ID, Key string }

// SecretKey is one key of a Secret that the portal reads, and the environment variable that it becomes.
type SecretKey struct{ Secret, Key, Variable string }

// SecretKeys are the Secret keys that the container's environment needs. A whole Secret (envFrom) has an empty key, but
// for the database's, whose keys are known.
func (d *Declared) SecretKeys() []SecretKey {
	var keys []SecretKey
	for _, from := range children(d.Container(), "envFrom") {
		secret := text(from, "secretRef", "name")
		switch {
		case secret == d.Spec.Database.SecretName:
			keys = append(keys, SecretKey{secret, "POSTGRES_USER", "POSTGRES_USER"}, SecretKey{secret, "POSTGRES_PASSWORD", "POSTGRES_PASSWORD"})
		case secret != "" && text(from, "secretRef", "optional") != "true":
			keys = append(keys, SecretKey{Secret: secret})
		}
	}
	for _, v := range children(d.Container(), "env") {
		if ref := child(v, "valueFrom", "secretKeyRef"); ref != nil && text(ref, "optional") != "true" {
			keys = append(keys, SecretKey{text(ref, "name"), text(ref, "key"), text(v, "name")})
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
	for _, s := range children(d.Deployment, "spec", "template", "spec", "imagePullSecrets") {
		names = append(names, text(s, "name"))
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
