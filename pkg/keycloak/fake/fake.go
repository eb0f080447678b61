// Package fake is a small Keycloak in memory: the token endpoint and the part of the admin API that ameide uses, with the
// peculiarities of the real server. The conformance suite of package reconcile runs against both.
package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Server is a Keycloak. Its fields may be set before the first request.
type Server struct {
	ClientID, ClientSecret string // the service account
	User, Password         string // the bootstrap administrator
	MaskSecrets            bool   // lists show ********** as a secret
	HideSecrets            bool   // no answer holds a secret: view permission without manage
	Overlap                bool   // a new secret leaves the old one valid
	Racy                   bool   // mappers of one name are made again, as when they are asked for at once

	mu     sync.Mutex
	realms map[string]*realm
	tokens map[string]bool
	serial int
}

type object = map[string]any

type realm struct {
	clients []object
	scopes  []object
	roles   []object
	rotated map[string]string   // id of a client to its old secret
	scoped  map[string][]object // id of a client to the realm roles in its scope
}

// New is a server with empty realms, each with Keycloak's own client scopes.
func New(realms ...string) *Server {
	s := &Server{ClientID: "keycloak-admin-sa", ClientSecret: "admin-sa-secret", User: "admin", Password: "admin-password", realms: map[string]*realm{}, tokens: map[string]bool{}}
	for _, name := range realms {
		s.AddRealm(name)
	}
	return s
}

// AddRealm adds an empty realm, before there are requests.
func (s *Server) AddRealm(name string) {
	r := &realm{rotated: map[string]string{}, scoped: map[string][]object{}}
	for _, scope := range append(defaultScopes(), "offline_access") {
		r.scopes = append(r.scopes, object{"id": s.id(), "name": scope, "protocol": "openid-connect"})
	}
	s.realms[name] = r
}

func defaultScopes() []string {
	return []string{"web-origins", "acr", "profile", "roles", "basic", "email"}
}

// Expire makes every token invalid.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Forget takes a client scope out of a realm, as an import with a list of its own does, and a role.
func (s *Server) Forget(realm, scope, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.realms[realm]
	r.scopes = slices.DeleteFunc(r.scopes, func(o object) bool { return o["name"] == scope })
	r.roles = slices.DeleteFunc(r.roles, func(o object) bool { return o["name"] == role })
}

// ServeHTTP answers as Keycloak does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/realms/master/protocol/openid-connect/token" {
		s.login(w, r)
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/admin/realms/")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) < 2 {
		fail(w, http.StatusNotFound, "error", "HTTP 404 Not Found")
		return
	}
	if !s.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] {
		fail(w, http.StatusUnauthorized, "error", "HTTP 401 Unauthorized")
		return
	}
	realm := s.realms[parts[0]]
	if realm == nil {
		fail(w, http.StatusNotFound, "error", "Realm not found.")
		return
	}
	s.admin(w, r, realm, parts[1:])
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	switch r.FormValue("grant_type") {
	case "client_credentials":
		if id != s.ClientID || secret != s.ClientSecret {
			reply(w, http.StatusUnauthorized, object{"error": "invalid_client", "error_description": "Invalid client or Invalid client credentials"})
			return
		}
	default:
		if r.FormValue("username") != s.User || r.FormValue("password") != s.Password {
			reply(w, http.StatusUnauthorized, object{"error": "invalid_grant", "error_description": "Invalid user credentials"})
			return
		}
	}
	token := "token-" + s.id()
	s.tokens[token] = true
	reply(w, http.StatusOK, object{"access_token": token, "expires_in": 60, "token_type": "Bearer"})
}

func (s *Server) admin(w http.ResponseWriter, r *http.Request, realm *realm, parts []string) {
	switch parts[0] {
	case "clients":
		if len(parts) > 1 {
			s.client(w, r, realm, parts[1:])
			return
		}
		s.clients(w, r, realm)
	case "client-scopes":
		s.named(w, r, &realm.scopes)
	case "roles":
		if len(parts) == 2 {
			one(w, realm.roles, parts[1])
			return
		}
		s.named(w, r, &realm.roles)
	case "client-policies":
		s.policies(w, parts[1])
	default:
		fail(w, http.StatusNotFound, "error", "HTTP 404 Not Found")
	}
}

// policies has the one profile and policy of secret rotation where overlap is on.
func (s *Server) policies(w http.ResponseWriter, which string) {
	list := []object{}
	if s.Overlap && which == "policies" {
		list = append(list, object{"name": "rotate", "enabled": true, "profiles": []string{"rotate"}, "conditions": []object{{"condition": "any-client", "configuration": object{}}}})
	}
	if s.Overlap && which == "profiles" {
		list = append(list, object{"name": "rotate", "executors": []object{{"executor": "secret-rotation"}}})
	}
	reply(w, http.StatusOK, object{which: list})
}

// named is a collection whose entries have unique names.
func (s *Server) named(w http.ResponseWriter, r *http.Request, list *[]object) {
	if r.Method == http.MethodGet {
		reply(w, http.StatusOK, page(r, *list))
		return
	}
	body, ok := decode(w, r)
	if !ok {
		return
	}
	if slices.ContainsFunc(*list, func(o object) bool { return o["name"] == body["name"] }) {
		fail(w, http.StatusConflict, "errorMessage", fmt.Sprintf("%v already exists", body["name"]))
		return
	}
	body["id"] = s.id()
	*list = append(*list, body)
	w.WriteHeader(http.StatusCreated)
}

// one is an entry of a collection by its name.
func one(w http.ResponseWriter, list []object, name string) {
	i := slices.IndexFunc(list, func(o object) bool { return o["name"] == name })
	if i < 0 {
		fail(w, http.StatusNotFound, "error", "Could not find role")
		return
	}
	reply(w, http.StatusOK, list[i])
}

func page(r *http.Request, list []object) []object {
	first, _ := strconv.Atoi(r.FormValue("first"))
	most, err := strconv.Atoi(r.FormValue("max"))
	if err != nil {
		most = len(list)
	}
	return append([]object{}, list[min(first, len(list)):min(first+most, len(list))]...)
}

func decode(w http.ResponseWriter, r *http.Request) (object, bool) {
	var body object
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		fail(w, http.StatusBadRequest, "error", "unable to read contents from stream")
		return nil, false
	}
	return body, true
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone
}

func fail(w http.ResponseWriter, status int, key, text string) {
	reply(w, status, object{key: text})
}

func (s *Server) id() string {
	s.serial++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", s.serial)
}
