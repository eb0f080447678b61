package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/ameideio/ameide/pkg/secret"
)

const planted = "pl4nted-s3cret-value"

type parent struct {
	Exported secret.Value
	hidden   secret.Value
	nested   map[string]*secret.Value
}

func TestNoOutputHoldsTheValue(t *testing.T) {
	v := secret.New(planted)
	p := parent{Exported: v, hidden: v, nested: map[string]*secret.Value{"x": &v}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&out, verb+verb+verb, v, p, &p)
	}
	fmt.Fprint(&out, errors.Join(fmt.Errorf("with %v", v), fmt.Errorf("with %v", p)))
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Error("log", "v", v, "p", p)
	}
	if err := json.NewEncoder(&out).Encode(p); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { fmt.Fprint(&out, recover()) }()
		panic(p)
	}()
	if got := out.String(); strings.Contains(got, planted) || strings.Contains(got, fmt.Sprintf("%x", planted)) {
		t.Errorf("output holds the secret:\n%s", got)
	}
	if got := v.Reveal(); got != planted {
		t.Errorf("Reveal() = %q", got)
	}
}

func TestEqual(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{{"a", "a", true}, {"a", "b", false}, {"", "", true}, {"a", "", false}} {
		if got := secret.New(tt.a).Equal(secret.New(tt.b)); got != tt.want {
			t.Errorf("Equal(%q, %q) = %v", tt.a, tt.b, got)
		}
	}
}

func TestDigest(t *testing.T) {
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, "abc"
	if got := secret.New("abc").Digest(); got != want {
		t.Errorf("Digest() = %s", got)
	}
	if got := secret.New("abc").Short(); got != "sha256:ba7816bf8f01" {
		t.Errorf("Short() = %s", got)
	}
	if got := (secret.Value{}).Digest(); got != "" {
		t.Errorf("Digest() of nothing = %q", got)
	}
}

func TestPlaceholder(t *testing.T) {
	for value, want := range map[string]bool{
		"keycloak_generated_placeholder": true, "placeholder_backstage": true, "CHANGEME": true, "changeme\n": true, "REPLACE_ME": true,
		"__generate__": true, "C1tr0n3lla!": true, "": false, "xLr8bq2TnUe4dsy09aVw1K": false, "not-a-placeholder": false,
	} {
		if got := secret.New(value).Placeholder(); got != want {
			t.Errorf("Placeholder(%q) = %v", value, got)
		}
	}
}
