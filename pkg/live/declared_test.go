package live

import (
	"testing"

	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/verify"
)

// Whoever runs the hooks, the migrations Job and the way to Keycloak are found.
func TestHooksAreFoundWhateverRunsThem(t *testing.T) {
	t.Parallel()
	for _, runner := range []spec.Runner{spec.RunnerShell, spec.RunnerAmeide} {
		s := spec.Default()
		s.Hooks.Runner, s.Hooks.Image.Digest = runner, "sha256:0000000000000000000000000000000000000000000000000000000000000abc"
		tree, err := verify.Load(checkedOut(t, &s), &spec.Loaded{Spec: s}, verify.LoadOptions{Envs: []string{"dev"}, Scratch: t.TempDir(), Today: "2026-01-20"})
		if err != nil {
			t.Fatal(err)
		}
		d, err := Declare(tree.Envs[0], &s)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := name(d.Job), "platform-backstage-migrations"; got != want {
			t.Errorf("%s: migrations Job %q, want %q", runner, got, want)
		}
		if want := (KeyPair{"keycloak-admin-sa", "client-id", "client-secret"}); d.KeycloakAdmin == nil || *d.KeycloakAdmin != want {
			t.Errorf("%s: service account %v, want %v", runner, d.KeycloakAdmin, want)
		}
		if got, want := d.KeycloakURL, "http://keycloak:8080"; got != want {
			t.Errorf("%s: Keycloak at %q, want %q", runner, got, want)
		}
	}
}
