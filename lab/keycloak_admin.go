package lab

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Admin is a request of the bootstrap administrator: path is below /admin/realms/, empty for the list of realms. It
// returns the decoded answer, nil when there is none.
func (s *KeycloakServer) Admin(t testing.TB, method, path string, body any) any {
	t.Helper()
	form := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {s.User}, "password": {s.Password}}
	token, _ := s.send(t, http.MethodPost, "/realms/master/protocol/openid-connect/token", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(form.Encode())).(object)
	bearer, _ := token["access_token"].(string)
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSuffix("/admin/realms/"+path, "/")
	return s.send(t, method, address, http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + bearer}}, text)
}

func (s *KeycloakServer) send(t testing.TB, method, path string, header http.Header, body []byte) any {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var out any
	_ = json.NewDecoder(response.Body).Decode(&out) // an empty answer is none
	if response.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("keycloak: %s %s: %s %v", method, path, response.Status, out)
	}
	return out
}
