package imagecheck_test

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/ameideio/ameide/pkg/imagecheck"
)

func TestAPullSecretLogsIn(t *testing.T) {
	keys, err := imagecheck.PullSecret([]byte(`{"auths":{
		"https://index.docker.io/v1/": {"auth":"aHViOnB3"},
		"quay.io": {"username":"quay","password":"pw"},
		"quay.io/team": {"username":"team","password":"pw"},
		"localhost:5000": {"auth":"cG9ydDpwOnc="}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for repo, want := range map[string]string{
		"postgres": "hub:pw", "quay.io/a/b": "quay:pw", "quay.io/team/b": "team:pw", "quay.io/teams/b": "quay:pw", "localhost:5000/a": "port:p:w", "ghcr.io/a": ":",
	} {
		r, err := name.NewRepository(repo)
		if err != nil {
			t.Fatal(err)
		}
		a, err := keys.Resolve(r)
		if err != nil {
			t.Fatal(err)
		}
		config, err := authn.Authorization(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if got := config.Username + ":" + config.Password; got != want {
			t.Errorf("%s: %s, want %s", repo, got, want)
		}
	}
}

func TestABadPullSecretIsRefusedWithoutShowingIt(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", `{"auths":{"a":{"auth":"pl4nted"}}}`, `{"auths":{"a":{"auth":"cGw0bnRlZA=="}}}`, `{"auths":"pl4nted"}`} {
		_, err := imagecheck.PullSecret([]byte(text))
		if err == nil || strings.Contains(err.Error(), "pl4nted") {
			t.Errorf("%q: error %v", text, err)
		}
	}
}
