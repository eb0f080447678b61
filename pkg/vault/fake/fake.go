// Package fake is a small Vault in memory: KV v2 with check-and-set, login with a token or a ServiceAccount, and policies
// that allow path prefixes. The conformance suite of package reconcile runs against it and the real server alike.
package fake

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Server is a Vault with one KV v2 engine at secret/. Its fields may be set before the first request.
type Server struct {
	Token string            // may do everything
	Roles map[string]string // role of the Kubernetes auth method to the JWT it accepts
	Deny  []string          // prefixes of keys that a role's token may not touch

	mu      sync.Mutex
	entries map[string]*entry
}

type object = map[string]any

type entry struct {
	version int
	data    object
}

const roleToken = "token-of-a-role"

// New is an empty server.
func New() *Server {
	return &Server{Token: "root", Roles: map[string]string{}, entries: map[string]*entry{}}
}

// ServeHTTP answers as Vault does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	if path == "auth/kubernetes/login" {
		s.login(w, r)
		return
	}
	token := r.Header.Get("X-Vault-Token")
	if token != s.Token && token != roleToken {
		fail(w, http.StatusForbidden, "permission denied", "invalid token")
		return
	}
	if path == "sys/capabilities-self" {
		s.capabilities(w, r, token)
		return
	}
	key, ok := strings.CutPrefix(path, "secret/data/")
	switch {
	case !ok:
		fail(w, http.StatusNotFound, "no handler for route \""+path+"\". route entry not found.")
	case token == roleToken && s.denied(key):
		fail(w, http.StatusForbidden, "1 error occurred:\n\t* permission denied\n\n")
	case r.Method == http.MethodGet:
		s.read(w, key)
	default:
		s.write(w, r, key)
	}
}

func (s *Server) denied(key string) bool {
	return slices.ContainsFunc(s.Deny, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ Role, JWT string }
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		fail(w, http.StatusBadRequest, "failed to parse JSON input")
		return
	}
	jwt, ok := s.Roles[body.Role]
	switch {
	case !ok:
		fail(w, http.StatusBadRequest, "invalid role name \""+body.Role+"\"")
	case jwt != body.JWT:
		fail(w, http.StatusForbidden, "permission denied")
	default:
		reply(w, http.StatusOK, object{"auth": object{"client_token": roleToken, "lease_duration": 3600}})
	}
}

func (s *Server) capabilities(w http.ResponseWriter, r *http.Request, token string) {
	var body struct{ Path string }
	if json.NewDecoder(r.Body).Decode(&body) != nil || body.Path == "" {
		fail(w, http.StatusBadRequest, "path must be supplied")
		return
	}
	can := []string{"create", "read", "update"}
	switch {
	case token == s.Token:
		can = []string{"root"}
	case s.denied(strings.TrimPrefix(body.Path, "secret/data/")):
		can = []string{"deny"}
	}
	reply(w, http.StatusOK, object{"data": object{"capabilities": can, body.Path: can}, "capabilities": can, body.Path: can})
}

func (s *Server) read(w http.ResponseWriter, key string) {
	e := s.entries[key]
	if e == nil {
		fail(w, http.StatusNotFound)
		return
	}
	status := http.StatusOK
	if e.data == nil {
		status = http.StatusNotFound
	}
	reply(w, status, object{"data": object{"data": e.data, "metadata": object{"version": e.version}}})
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, key string) {
	var body struct {
		Data    object
		Options struct{ CAS *int }
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil || body.Data == nil {
		fail(w, http.StatusBadRequest, "no data provided")
		return
	}
	e := s.entries[key]
	if e == nil {
		e = &entry{}
	}
	if body.Options.CAS != nil && *body.Options.CAS != e.version {
		fail(w, http.StatusBadRequest, "check-and-set parameter did not match the current version")
		return
	}
	e.version, e.data = e.version+1, maps.Clone(body.Data)
	s.entries[key] = e
	reply(w, http.StatusOK, object{"data": object{"version": e.version}})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone
}

func fail(w http.ResponseWriter, status int, errs ...string) {
	reply(w, status, object{"errors": append([]string{}, errs...)})
}
