package fake

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

const masked = "**********"

func (s *Server) clients(w http.ResponseWriter, r *http.Request, realm *realm) {
	if r.Method == http.MethodPost {
		s.create(w, r, realm)
		return
	}
	list := realm.clients
	if id := r.FormValue("clientId"); id != "" {
		list = slices.DeleteFunc(slices.Clone(list), func(c object) bool { return c["clientId"] != id })
	}
	out := []object{}
	for _, c := range page(r, list) {
		out = append(out, s.shown(c))
	}
	reply(w, http.StatusOK, out)
}

// shown is a client as a list has it: names in no stable order, the secret as the permissions allow.
func (s *Server) shown(c object) object {
	c = maps.Clone(c)
	if c["secret"] != nil && s.MaskSecrets {
		c["secret"] = masked
	}
	if s.HideSecrets {
		delete(c, "secret")
	}
	for _, key := range []string{"redirectUris", "webOrigins", "defaultClientScopes", "optionalClientScopes"} {
		if list, ok := c[key].([]any); ok {
			list = slices.Clone(list)
			slices.Reverse(list)
			c[key] = list
		}
	}
	return c
}

// known are the fields that a representation may have; Keycloak refuses others.
func known(field string) bool {
	return slices.Contains(strings.Fields(`id clientId name description rootUrl adminUrl baseUrl surrogateAuthRequired enabled
		alwaysDisplayInConsole clientAuthenticatorType secret redirectUris webOrigins notBefore bearerOnly consentRequired
		standardFlowEnabled implicitFlowEnabled directAccessGrantsEnabled serviceAccountsEnabled publicClient frontchannelLogout
		protocol attributes authenticationFlowBindingOverrides fullScopeAllowed nodeReRegistrationTimeout protocolMappers
		defaultClientScopes optionalClientScopes access registrationAccessToken`), field)
}

func recognised(w http.ResponseWriter, body object) bool {
	for key := range body {
		if !known(key) {
			fail(w, http.StatusBadRequest, "error", fmt.Sprintf("Invalid json representation for ClientRepresentation. Unrecognized field %q at line 1 column 17.", key))
			return false
		}
	}
	return true
}

func (s *Server) create(w http.ResponseWriter, r *http.Request, realm *realm) {
	body, ok := decode(w, r)
	if !ok || !recognised(w, body) {
		return
	}
	if slices.ContainsFunc(realm.clients, func(c object) bool { return c["clientId"] == body["clientId"] }) {
		fail(w, http.StatusConflict, "errorMessage", fmt.Sprintf("Client %v already exists", body["clientId"]))
		return
	}
	c := object{
		"enabled": true, "protocol": "openid-connect", "clientAuthenticatorType": "client-secret", "publicClient": false,
		"standardFlowEnabled": true, "fullScopeAllowed": true, "redirectUris": []any{}, "webOrigins": []any{}, "attributes": object{},
		"optionalClientScopes": []any{"offline_access"},
	}
	links := []any{}
	for _, name := range defaultScopes() {
		links = append(links, name)
	}
	c["defaultClientScopes"] = links
	maps.Copy(c, body)
	c["id"] = s.id()
	mappers, _ := c["protocolMappers"].([]any)
	for _, m := range mappers {
		if mapper, ok := m.(object); ok {
			mapper["id"] = s.id()
		}
	}
	if c["publicClient"] != true && c["secret"] == nil {
		c["secret"] = "generated-" + s.id()
	}
	realm.clients = append(realm.clients, c)
	w.WriteHeader(http.StatusCreated)
}

func (s *Server) client(w http.ResponseWriter, r *http.Request, realm *realm, parts []string) {
	i := slices.IndexFunc(realm.clients, func(c object) bool { return c["id"] == parts[0] })
	if i < 0 {
		fail(w, http.StatusNotFound, "error", "Could not find client")
		return
	}
	c := realm.clients[i]
	switch {
	case len(parts) == 1 && r.Method == http.MethodGet:
		reply(w, http.StatusOK, s.shown(c))
	case len(parts) == 1 && r.Method == http.MethodPut:
		s.update(w, r, c)
	case parts[1] == "client-secret":
		s.secret(w, r, realm, c, len(parts) == 3)
	case strings.HasSuffix(parts[1], "-client-scopes"):
		link(w, r, realm, c, parts[1:])
	case parts[1] == "scope-mappings":
		scope(w, r, realm, parts[0])
	case parts[1] == "protocol-mappers":
		s.mapper(w, r, c, parts[3:])
	default:
		fail(w, http.StatusNotFound, "error", "HTTP 404 Not Found")
	}
}

// update takes what the body names, but scopes and mappers: they have endpoints of their own. An attribute that the body
// leaves out is removed, one that is empty, too.
func (s *Server) update(w http.ResponseWriter, r *http.Request, c object) {
	body, ok := decode(w, r)
	if !ok || !recognised(w, body) {
		return
	}
	for key, v := range body {
		switch key {
		case "id", "access", "defaultClientScopes", "optionalClientScopes", "protocolMappers":
		case "attributes":
			attributes, _ := v.(object)
			maps.DeleteFunc(attributes, func(_ string, v any) bool { return v == "" || v == nil })
			c[key] = attributes
		default:
			c[key] = v
		}
	}
	if c["publicClient"] != true && c["secret"] == nil {
		c["secret"] = "generated-" + s.id()
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) secret(w http.ResponseWriter, r *http.Request, realm *realm, c object, rotated bool) {
	id, _ := c["id"].(string)
	if rotated {
		if realm.rotated[id] == "" {
			fail(w, http.StatusNotFound, "error", "Client does not have a rotated secret")
			return
		}
		if r.Method == http.MethodDelete {
			delete(realm.rotated, id)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		reply(w, http.StatusOK, object{"type": "secret", "value": realm.rotated[id]})
		return
	}
	if r.Method == http.MethodPost {
		if old, _ := c["secret"].(string); s.Overlap {
			realm.rotated[id] = old
		}
		c["secret"] = "generated-" + s.id()
	}
	if s.HideSecrets {
		reply(w, http.StatusOK, object{"type": "secret"})
		return
	}
	reply(w, http.StatusOK, object{"type": "secret", "value": c["secret"]})
}

// scope lists the realm roles in a client's scope, or adds to them.
func scope(w http.ResponseWriter, r *http.Request, realm *realm, client string) {
	if r.Method == http.MethodGet {
		reply(w, http.StatusOK, append([]object{}, realm.scoped[client]...))
		return
	}
	var roles []object
	if err := json.NewDecoder(r.Body).Decode(&roles); err != nil {
		fail(w, http.StatusBadRequest, "error", "unable to read contents from stream")
		return
	}
	for _, role := range roles {
		if !slices.ContainsFunc(realm.scoped[client], func(o object) bool { return o["name"] == role["name"] }) {
			realm.scoped[client] = append(realm.scoped[client], role)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// link adds or removes a scope. One that is in the other list already stays there, and the answer is 204 all the same.
func link(w http.ResponseWriter, r *http.Request, realm *realm, c object, parts []string) {
	i := slices.IndexFunc(realm.scopes, func(o object) bool { return o["id"] == parts[1] })
	if i < 0 {
		fail(w, http.StatusNotFound, "error", "Client scope not found")
		return
	}
	field, other := "defaultClientScopes", "optionalClientScopes"
	if parts[0] == "optional-client-scopes" {
		field, other = other, field
	}
	name := realm.scopes[i]["name"]
	list, _ := c[field].([]any)
	list = slices.DeleteFunc(slices.Clone(list), func(v any) bool { return v == name })
	taken, _ := c[other].([]any)
	if r.Method == http.MethodPut && !slices.Contains(taken, name) {
		list = append(list, name)
	}
	c[field] = list
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) mapper(w http.ResponseWriter, r *http.Request, c object, rest []string) {
	list, _ := c["protocolMappers"].([]any)
	if r.Method == http.MethodDelete {
		c["protocolMappers"] = slices.DeleteFunc(slices.Clone(list), func(m any) bool {
			mapper, ok := m.(object)
			return ok && mapper["id"] == rest[0]
		})
		w.WriteHeader(http.StatusNoContent)
		return
	}
	body, ok := decode(w, r)
	if !ok {
		return
	}
	at := slices.IndexFunc(list, func(m any) bool {
		o, _ := m.(object)
		return r.Method == http.MethodPost && o["name"] == body["name"] || len(rest) > 0 && o["id"] == rest[0]
	})
	switch {
	case r.Method == http.MethodPost && at >= 0 && !s.Racy:
		fail(w, http.StatusConflict, "errorMessage", "Protocol mapper exists with same name")
	case r.Method == http.MethodPost:
		body["id"] = s.id()
		c["protocolMappers"] = append(list, body)
		w.WriteHeader(http.StatusCreated)
	case at < 0:
		fail(w, http.StatusNotFound, "error", "Model not found")
	default:
		list[at] = body
		w.WriteHeader(http.StatusNoContent)
	}
}
