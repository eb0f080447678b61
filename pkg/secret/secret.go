// Package secret holds values that must never be printed: a Value has no form of text but what Reveal returns, and is
// compared by keyed digests.
package secret

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// redacted stands for every value in every output.
const redacted = "[secret]"

// Value is a secret. It lives behind a function, so that not even %+v of a struct that keeps it in an unexported field,
// which calls no method, can reach it. The zero Value is empty.
type Value struct{ reveal func() string }

// New wraps a secret.
func New(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{func() string { return s }}
}

// Reveal returns the secret itself, for the one request that carries it.
func (v Value) Reveal() string {
	if v.reveal == nil {
		return ""
	}
	return v.reveal()
}

// Empty tells that there is no secret.
func (v Value) Empty() bool { return v.Reveal() == "" }

// Equal compares the keyed digests of two values, under a key of this one call.
func (v Value) Equal(w Value) bool {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails: it ends the process instead
	return hmac.Equal(v.keyed(key), w.keyed(key))
}

func (v Value) keyed(key []byte) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, v.Reveal()) // a hash never fails
	return mac.Sum(nil)
}

// Digest is the SHA-256 of the value in hexadecimal: the form in which the platform's smoke tests compare generated
// client secrets. Ask for it only where the value is generated; a short or known value could be guessed from it. Empty
// for an empty value.
func (v Value) Digest() string {
	if v.Empty() {
		return ""
	}
	sum := sha256.Sum256([]byte(v.Reveal()))
	return hex.EncodeToString(sum[:])
}

// Short is the beginning of the digest, for people.
func (v Value) Short() string {
	if v.Empty() {
		return "nothing"
	}
	return "sha256:" + v.Digest()[:12]
}

// Placeholder tells a value that somebody wrote so that there is one: the strings that the platform's fixtures use.
func (v Value) Placeholder() bool {
	s := strings.TrimSpace(v.Reveal())
	switch s {
	case "keycloak_generated_placeholder", "platform_client_secret", "www_ameide_platform_keycloak_secret", "C1tr0n3lla!", "__generate__":
		return true
	}
	upper := strings.ToUpper(s)
	return strings.HasPrefix(upper, "PLACEHOLDER") || strings.HasPrefix(upper, "CHANGEME") || strings.HasPrefix(upper, "REPLACE_ME")
}

// String keeps the value out of %s and of errors.
func (v Value) String() string { return redacted }

// Format keeps the value out of every verb of fmt.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// GoString keeps the value out of %#v.
func (v Value) GoString() string { return redacted }

// MarshalText keeps the value out of JSON, YAML and map keys.
func (v Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue keeps the value out of logs.
func (v Value) LogValue() slog.Value { return slog.StringValue(redacted) }
