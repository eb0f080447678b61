package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// VaultVersion is the Vault of the lab.
const VaultVersion = "1.21.0"

// ErrNoVault says that the server was not built.
var ErrNoVault = errors.New("Vault is not built")

// VaultServer is a real Vault in dev mode: KV v2 at secret/, and a root token.
type VaultServer struct {
	URL   string
	Token string
	Bin   string // the program, which is the client, too
	cmd   *exec.Cmd
	dir   string
	log   bytes.Buffer
}

// Vault starts a server for one test.
func Vault(t testing.TB) *VaultServer {
	t.Helper()
	s, err := StartVault(t.Context())
	if errors.Is(err, ErrNoVault) {
		Missing(t, "Vault "+VaultVersion)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func vaultDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "ameide", "lab", "vault-"+VaultVersion), nil
}

// StartVault starts a server that lives until Close.
func StartVault(ctx context.Context) (*VaultServer, error) {
	built, err := vaultDir()
	if err != nil {
		return nil, err
	}
	s := &VaultServer{Token: "root-" + strconv.Itoa(os.Getpid()), Bin: filepath.Join(built, "vault")}
	if _, err := os.Stat(s.Bin); err != nil {
		return nil, ErrNoVault
	}
	if s.dir, err = os.MkdirTemp("", "ameide-vault-"); err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	s.URL = "http://" + address
	s.cmd = exec.Command(s.Bin, "server", "-dev", "-dev-root-token-id="+s.Token, "-dev-no-store-token",
		"-dev-listen-address="+address, "-dev-plugin-dir="+filepath.Join(built, "plugins"))
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.SysProcAttr = &s.log, &s.log, ownGroup()
	s.cmd.Env = []string{"HOME=" + s.dir, "PATH=/usr/bin:/bin"}
	if err := s.cmd.Start(); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.await(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("vault: %w: %s", err, tail(s.log.Bytes()))
	}
	return s, nil
}

// await waits for the KV engine: the health check answers a moment before it is upgraded to version 2.
func (s *VaultServer) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/v1/secret/config", nil)
		if err != nil {
			return err
		}
		request.Header.Set("X-Vault-Token", s.Token)
		response, err := http.DefaultTransport.RoundTrip(request)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Close stops the server and removes its data.
func (s *VaultServer) Close() {
	stopGroup(s.cmd)
	_ = os.RemoveAll(s.dir)
}
