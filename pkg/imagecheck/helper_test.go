package imagecheck_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/ameideio/ameide/pkg/imagecheck"
)

func TestDockersConfigAndItsHelpersAreAsked(t *testing.T) {
	plain, server := wrapped(t, login(false))
	shelf{host: hostOf(plain)}.put(t, "a:1", both(t))
	dir := t.TempDir()
	helper := "#!/bin/sh\n[ \"$1\" = get ] && echo '{\"ServerURL\":\"x\",\"Username\":\"ci\",\"Secret\":\"pl4nted\"}'\n"
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-lab"), []byte(helper), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("HOME", dir)
	t.Setenv("DOCKER_CONFIG", dir)
	for name, config := range map[string]string{
		"auth":   `{"auths":{"` + hostOf(server) + `":{"auth":"Y2k6cGw0bnRlZA=="}}}`,
		"helper": `{"credHelpers":{"` + hostOf(server) + `":"lab"}}`,
		"store":  `{"credsStore":"lab"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := read(t, imagecheck.NewClient(imagecheck.Options{Keychain: authn.DefaultKeychain}), hostOf(server)+"/a:1"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
