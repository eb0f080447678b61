package lab

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// RegistryUser is who may log in to a registry of the lab that asks for it, with Password.
const RegistryUser = "ci"

// ImageRegistry is Debian's docker-registry on loopback.
type ImageRegistry struct {
	Host string         // 127.0.0.1:port
	Dir  string         // storage: docker/registry/v2/blobs/… below it
	CA   *x509.CertPool // to trust; nil without TLS
}

// Secured says what a registry of the lab asks for.
type Secured struct {
	TLS   bool
	Basic bool
}

// Registry starts an empty registry for one test.
func Registry(t testing.TB, s Secured) *ImageRegistry {
	t.Helper()
	program, ok := registryProgram()
	if !ok {
		Missing(t, "Debian's docker-registry")
	}
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := &ImageRegistry{Host: fmt.Sprintf("127.0.0.1:%d", port), Dir: filepath.Join(dir, "storage")}
	config, err := r.configure(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, dir, []string{"OTEL_TRACES_EXPORTER=none"}, program, "serve", config)
	r.await(t, p, s)
	return r
}

// configure writes the registry's files and returns its configuration.
func (r *ImageRegistry) configure(dir string, s Secured) (string, error) {
	text := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage:\n  filesystem: {rootdirectory: %s}\n  delete: {enabled: true}\nhttp:\n  addr: %s\n", r.Dir, r.Host)
	if s.TLS {
		cert, key, err := r.certify(dir)
		if err != nil {
			return "", err
		}
		text += fmt.Sprintf("  tls: {certificate: %s, key: %s}\n", cert, key)
	}
	if s.Basic {
		sum, err := bcrypt.GenerateFromPassword([]byte(Password), bcrypt.MinCost)
		if err != nil {
			return "", err
		}
		file := filepath.Join(dir, "htpasswd")
		if err := os.WriteFile(file, []byte(RegistryUser+":"+string(sum)+"\n"), 0o600); err != nil {
			return "", err
		}
		text += fmt.Sprintf("auth:\n  htpasswd: {realm: lab, path: %s}\n", file)
	}
	config := filepath.Join(dir, "registry.yml")
	return config, os.WriteFile(config, []byte(text), 0o600)
}

// certify makes a certificate for loopback that signed itself, and trusts it.
func (r *ImageRegistry) certify(dir string) (certFile, keyFile string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab registry"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return "", "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	r.CA = x509.NewCertPool()
	r.CA.AppendCertsFromPEM(cert)
	certFile, keyFile = filepath.Join(dir, "registry.crt"), filepath.Join(dir, "registry.key")
	if err := os.WriteFile(certFile, cert, 0o600); err != nil {
		return "", "", err
	}
	return certFile, keyFile, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
}

// await waits until the registry answers anything at all.
func (r *ImageRegistry) await(t testing.TB, p *Process, s Secured) {
	t.Helper()
	scheme := "http"
	if s.TLS {
		scheme = "https"
	}
	client := http.Client{Transport: trusting(r.CA), Timeout: time.Second}
	for range 500 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, scheme+"://"+r.Host+"/v2/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := client.Do(req); err == nil {
			res.Body.Close()
			return
		}
		select {
		case <-p.Done():
			t.Fatalf("docker-registry ended at once:\n%s", p.Output())
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("docker-registry does not answer:\n%s", p.Output())
}

// Blob is the file in which the registry keeps a blob, given its digest's hexadecimal part.
func (r *ImageRegistry) Blob(hex string) string {
	return filepath.Join(r.Dir, "docker", "registry", "v2", "blobs", "sha256", hex[:2], hex, "data")
}

// Transport trusts the registry.
func (r *ImageRegistry) Transport() http.RoundTripper { return trusting(r.CA) }

// registryProgram is docker-registry on PATH or in the lab's cache.
func registryProgram() (string, bool) {
	if path, err := exec.LookPath("docker-registry"); err == nil {
		return path, true
	}
	dir, err := registryCache()
	if err != nil {
		return "", false
	}
	path := filepath.Join(dir, "usr", "bin", "docker-registry")
	_, err = os.Stat(path)
	return path, err == nil
}

func registryCache() (string, error) {
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "ameide", "lab", "docker-registry"), err
}

// InstallRegistry unpacks Debian's package into the lab's cache: the service that it would install is not wanted.
func InstallRegistry(ctx context.Context, progress io.Writer) error {
	if _, ok := registryProgram(); ok {
		return nil
	}
	dir, err := registryCache()
	if err != nil {
		return err
	}
	fmt.Fprintln(progress, "unpacking docker-registry")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, line := range []string{"apt-get download docker-registry", "dpkg -x docker-registry_*.deb .", "rm docker-registry_*.deb"} {
		c := exec.CommandContext(ctx, "sh", "-c", line)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", line, err, out)
		}
	}
	return nil
}
