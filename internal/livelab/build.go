package livelab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/ameideio/ameide/lab"
)

// repository is the root of this repository, wherever a test runs.
func repository() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// build builds ameide from this repository.
func build(t testing.TB) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "ameide")
	c := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".")
	c.Dir = repository()
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build ameide: %v\n%s", err, out)
	}
	return bin
}

// Push pushes an image index for some platforms under the portal's repository, and returns its digest.
func (w *World) Push(t testing.TB, platforms ...string) string {
	t.Helper()
	var index v1.ImageIndex = empty.Index
	for _, p := range platforms {
		platform, err := v1.ParsePlatform(p)
		if err != nil {
			t.Fatal(err)
		}
		image, err := random.Image(64, 1)
		if err != nil {
			t.Fatal(err)
		}
		if image, err = mutate.ConfigFile(image, &v1.ConfigFile{OS: platform.OS, Architecture: platform.Architecture}); err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	ref, err := name.ParseReference(w.Registry.Host+"/janus-idp/backstage-showcase:lab", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index, remote.WithContext(t.Context()), remote.WithAuth(&authn.Basic{Username: lab.RegistryUser, Password: lab.Password})); err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

// trusting is a transport to the gateway's hosts, whatever they resolve to.
func trusting(g *Gateway) http.RoundTripper {
	pool := x509.NewCertPool()
	if authority, err := os.ReadFile(g.CA); err == nil {
		pool.AppendCertsFromPEM(authority)
	}
	return &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", g.Port))
		},
	}
}
