package keycloak

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Error is a request that Keycloak refused or did not answer.
type Error struct {
	Method string
	Path   string // below /admin/realms/, or of the token endpoint
	Status int    // 0 when there was no answer
	Reason string // what Keycloak said
	cause  error
}

func (e *Error) Error() string {
	text := e.Method + " " + e.Path + ": "
	if e.Status != 0 {
		text += fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
		if e.Reason != "" {
			text += ": "
		}
	}
	text += e.Reason
	if role := e.role(); e.Status == http.StatusForbidden && role != "" {
		text += ": missing role " + role
	}
	return text
}

func (e *Error) Unwrap() error { return e.cause }

// Hint says what to do next, as far as the answer tells.
func (e *Error) Hint() string {
	switch {
	case e.Status == http.StatusForbidden && e.role() != "":
		return "give the service account the role " + e.role() + " of the client " + e.realm() + "-realm in realm master"
	case e.Status == http.StatusForbidden:
		return "the service account lacks a role of the realm's management client"
	case strings.Contains(e.Reason, "invalid_client"), strings.Contains(e.Reason, "unauthorized_client"):
		return "KEYCLOAK_CLIENT_ID and KEYCLOAK_CLIENT_SECRET must name a confidential client of realm master with a service account; compare the secret with Vault's keycloak-admin-sa-client-secret"
	case strings.Contains(e.Reason, "invalid_grant"):
		return "the administrator's user or password is wrong; a bootstrap administrator is only created together with realm master"
	case e.Status == http.StatusNotFound && strings.Contains(e.Reason, "Realm not found"):
		return "the realm does not exist yet: wait for its KeycloakRealmImport"
	case e.Status == http.StatusInternalServerError && strings.HasSuffix(e.Path, "client-secret"):
		return "see Keycloak's log; a client policy with the executor secret-rotation needs the preview feature client-secret-rotation"
	case e.Status == 0:
		return "is Keycloak reachable from here? name another address with --keycloak-url"
	}
	return ""
}

// realm is the realm that the request was about.
func (e *Error) realm() string {
	realm, _, _ := strings.Cut(e.Path, "/")
	return realm
}

// role is the management role that a refused request needs.
func (e *Error) role() string {
	_, rest, _ := strings.Cut(e.Path, "/")
	resource, below, _ := strings.Cut(rest, "/")
	write := e.Method != http.MethodGet
	switch {
	case resource == "clients" && (write || strings.HasSuffix(below, "client-secret")), resource == "client-scopes" && write:
		return "manage-clients"
	case resource == "clients", resource == "client-scopes":
		return "view-clients"
	case resource == "roles" && write:
		return "manage-realm"
	case resource == "roles", strings.HasPrefix(resource, "client-policies"):
		return "view-realm"
	}
	return ""
}

// reason is the text of an error body. Keycloak has three shapes; anything else is left out, it may be a page of HTML.
func reason(body []byte) string {
	var b struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Message     string `json:"errorMessage"`
		Errors      []struct {
			Message string `json:"errorMessage"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &b) != nil {
		return ""
	}
	parts := []string{b.Error, b.Description, b.Message}
	for _, e := range b.Errors {
		parts = append(parts, e.Message)
	}
	var said []string
	for _, p := range parts {
		if p != "" && !strings.HasPrefix(p, "HTTP ") { // the status again
			said = append(said, clip(p))
		}
	}
	return strings.Join(said, ": ")
}

// clip keeps what a server says to one readable line.
func clip(s string) string {
	const most = 300
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// hasStatus tells whether Keycloak answered with a status.
func hasStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
}
