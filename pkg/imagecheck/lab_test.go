package imagecheck_test

import (
	"debug/elf"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/imagecheck"
)

// The real registry is held to the same situations as the one in this process.
func TestEverySituationIsJudgedOnARealRegistry(t *testing.T) {
	t.Parallel()
	r := lab.Registry(t, lab.Secured{})
	conform(t, shelf{host: r.Host}, func() *imagecheck.Client { return imagecheck.NewClient(imagecheck.Options{}) })
}

func TestEverySituationIsJudgedOverTLSWithAPassword(t *testing.T) {
	t.Parallel()
	r := lab.Registry(t, lab.Secured{TLS: true, Basic: true})
	user := &authn.Basic{Username: lab.RegistryUser, Password: lab.Password}
	way := r.Transport()
	s := shelf{host: r.Host, options: []remote.Option{remote.WithTransport(way), remote.WithAuth(user)}}
	conform(t, s, func() *imagecheck.Client {
		return imagecheck.NewClient(imagecheck.Options{Transport: way, Keychain: keychain{user}})
	})
	for name, test := range map[string]struct {
		transport http.RoundTripper
		user      authn.Authenticator
		want      imagecheck.Kind
	}{
		"nobody":               {way, authn.Anonymous, imagecheck.Unauthorized},
		"a wrong password":     {way, &authn.Basic{Username: lab.RegistryUser, Password: "wrong"}, imagecheck.Unauthorized},
		"an unknown authority": {nil, user, imagecheck.TLS},
	} {
		_, err := read(t, imagecheck.NewClient(imagecheck.Options{Transport: test.transport, Keychain: keychain{test.user}}), r.Host+"/index:1.0")
		if got := kind(t, err); got != test.want {
			t.Errorf("%s: %s, want %s: %v", name, got, test.want, err)
		}
	}
}

func TestABlobThatRottedOnTheRegistrysDiskIsNoticed(t *testing.T) {
	t.Parallel()
	r := lab.Registry(t, lab.Secured{})
	arm := image(t, made{platform: "linux/arm64", config: v1.Config{Entrypoint: []string{"/app"}}, layers: []v1.Layer{
		layer(t, program("app", elf.EM_AARCH64)), layer(t, entry{name: "pad", body: noise(1 << 20)}),
	}})
	shelf{host: r.Host}.put(t, "a:1", arm)
	m, err := arm.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	file := r.Blob(m.Layers[1].Digest.Hex)
	blob, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, rotten := range map[string][]byte{"truncated": blob[:len(blob)/2], "other content": append([]byte("x"), blob[1:]...)} {
		if err := os.WriteFile(file, rotten, 0o600); err != nil {
			t.Fatal(err)
		}
		v := check(t, r.Host+"/a:1")
		if v.Status == imagecheck.Pass {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
