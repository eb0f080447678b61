package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Admin is Do for a test.
func (s *KeycloakServer) Admin(t testing.TB, method, path string, body any) any {
	t.Helper()
	out, err := s.Do(t.Context(), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Do is a request of the bootstrap administrator: path is below /admin/realms/, empty for the list of realms. It returns
// the decoded answer, nil when there is none.
func (s *KeycloakServer) Do(ctx context.Context, method, path string, body any) (any, error) {
	form := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {s.User}, "password": {s.Password}}
	answer, err := s.send(ctx, http.MethodPost, "/realms/master/protocol/openid-connect/token", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(form.Encode()))
	if err != nil {
		return nil, err
	}
	token, _ := answer.(object)
	bearer, _ := token["access_token"].(string)
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	address := strings.TrimSuffix("/admin/realms/"+path, "/")
	return s.send(ctx, method, address, http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + bearer}}, text)
}

func (s *KeycloakServer) send(ctx context.Context, method, path string, header http.Header, body []byte) (any, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var out any
	_ = json.NewDecoder(response.Body).Decode(&out) // an empty answer is none
	if response.StatusCode >= http.StatusMultipleChoices {
		return nil, fmt.Errorf("keycloak: %s %s: %s %v", method, path, response.Status, out)
	}
	return out, nil
}
