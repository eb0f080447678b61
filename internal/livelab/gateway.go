package livelab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Gateway ends TLS for public hosts and sends requests on, as the platform's Gateway does.
type Gateway struct {
	Port int
	CA   string // file with the authority that clients must trust

	mu     sync.Mutex
	routes map[string]Route
}

// Route is where a public host leads.
type Route struct {
	To      string            // URL; empty answers 503, as a Gateway without endpoints does
	Rewrite map[string]string // exact paths that are another path behind
}

// newGateway starts a gateway with a certificate for the hosts.
func newGateway(t testing.TB, hosts ...string) *Gateway {
	t.Helper()
	g := &Gateway{routes: map[string]Route{}, CA: filepath.Join(t.TempDir(), "ca.pem")}
	certificate, err := g.certify(hosts)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	g.Port = l.Addr().(*net.TCPAddr).Port
	server := &http.Server{Handler: g, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return g
}

// Route sends a host's requests somewhere from now on.
func (g *Gateway) Route(host string, r Route) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.routes[host] = r
}

func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	route, ok := g.routes[strings.ToLower(hostOf(r.Host))]
	g.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	to, err := url.Parse(route.To)
	if err != nil || route.To == "" {
		http.Error(w, "no healthy upstream", http.StatusServiceUnavailable)
		return
	}
	proxy := httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(to)
		if path, ok := route.Rewrite[p.In.URL.Path]; ok {
			p.Out.URL.Path = path
		}
		p.Out.Host = p.In.Host
		p.SetXForwarded()
		p.Out.Header.Set("X-Forwarded-Port", "443")
	}, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
		http.Error(w, "upstream connect error", http.StatusServiceUnavailable)
	}}
	proxy.ServeHTTP(w, r)
}

func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}

func (g *Gateway) certify(hosts []string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab gateway"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		DNSNames: hosts, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(g.CA, authority, 0o644); err != nil {
		return tls.Certificate{}, fmt.Errorf("write the authority: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
