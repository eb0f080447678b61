package lab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The Keycloaks of the lab: a current one, and the oldest 2x.y that the distribution's repository still has.
const (
	KeycloakCurrent = "26.7.3"
	KeycloakOldest  = "20.0.0"
)

// ErrNoKeycloak says that a distribution is not installed.
var ErrNoKeycloak = errors.New("Keycloak's distribution is not installed")

// KeycloakServer is a real Keycloak on loopback with a bootstrap administrator.
type KeycloakServer struct {
	URL      string
	User     string
	Password string
	cmd      *exec.Cmd
	dir      string
}

// Keycloak starts a version for one test, with preview features if any are named. It takes half a minute.
func Keycloak(t testing.TB, version string, features ...string) *KeycloakServer {
	t.Helper()
	Slow(t)
	s, err := StartKeycloak(t.Context(), version, features...)
	if errors.Is(err, ErrNoKeycloak) {
		Missing(t, "Keycloak "+version)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func keycloakDir(version string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "ameide", "lab", "keycloak-"+version)
	if _, err := os.Stat(filepath.Join(dir, "bin", "kc.sh")); err != nil {
		return "", ErrNoKeycloak
	}
	return dir, nil
}

// StartKeycloak starts a server that lives until Close. It runs in a copy of the distribution, which it writes into: the
// first start with a set of features builds the server for it, and the build is kept for the next one.
func StartKeycloak(ctx context.Context, version string, features ...string) (*KeycloakServer, error) {
	installed, err := keycloakDir(version)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "ameide-keycloak-")
	if err != nil {
		return nil, err
	}
	s := &KeycloakServer{User: "admin", Password: Password, dir: dir}
	if err := os.CopyFS(filepath.Join(dir, "kc"), os.DirFS(installed)); err != nil {
		s.Close()
		return nil, err
	}
	_ = os.RemoveAll(filepath.Join(dir, "kc", "data"))
	build, kept := filepath.Join(dir, "kc", "lib", "quarkus"), installed+".built-"+strings.Join(features, "+")
	if _, err := os.Stat(kept); err == nil {
		_ = os.RemoveAll(build)
		if err := os.CopyFS(build, os.DirFS(kept)); err != nil {
			s.Close()
			return nil, err
		}
	}
	if err := s.start(ctx, features); err != nil {
		s.Close()
		return nil, err
	}
	return s, keep(build, kept)
}

// keep copies a folder into the cache, whole or not at all; the first of several wins.
func keep(folder, kept string) error {
	if _, err := os.Stat(kept); err == nil {
		return nil
	}
	temporary, err := os.MkdirTemp(filepath.Dir(kept), "keep-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	if err := os.CopyFS(filepath.Join(temporary, "new"), os.DirFS(folder)); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(temporary, "new"), kept); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// startTime is long: the first start builds the server, on a machine that may be busy with other tests.
const startTime = 10 * time.Minute

func (s *KeycloakServer) start(ctx context.Context, features []string) error {
	port, err := FreePort()
	if err != nil {
		return err
	}
	s.URL = fmt.Sprintf("http://127.0.0.1:%d", port)
	args := []string{"start-dev", "--http-host=127.0.0.1", fmt.Sprintf("--http-port=%d", port)}
	for _, f := range features {
		args = append(args, "--features="+f)
	}
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = exec.Command(filepath.Join(s.dir, "kc", "bin", "kc.sh"), args...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.Env = append(os.Environ(), "HOME="+s.dir,
		"KC_BOOTSTRAP_ADMIN_USERNAME="+s.User, "KC_BOOTSTRAP_ADMIN_PASSWORD="+s.Password, // since 26
		"KEYCLOAK_ADMIN="+s.User, "KEYCLOAK_ADMIN_PASSWORD="+s.Password)
	s.cmd.SysProcAttr = ownGroup()
	if err := s.cmd.Start(); err != nil {
		return err
	}
	if err := awaitHTTP(ctx, s.URL+"/realms/master", startTime); err != nil {
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("keycloak: %w: %s", err, tail(text))
	}
	return nil
}

// Close stops the server and removes its data.
func (s *KeycloakServer) Close() {
	stopGroup(s.cmd)
	_ = os.RemoveAll(s.dir)
}

// awaitHTTP waits until a URL answers 200.
func awaitHTTP(ctx context.Context, url string, most time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultTransport.RoundTrip(request)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", url, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
