package lab

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Reviewer is the one endpoint of a Kubernetes API that Vault's Kubernetes auth method calls: it knows the tokens that it
// made itself.
type Reviewer struct {
	URL   string
	key   *ecdsa.PrivateKey
	mu    sync.Mutex
	users map[string]string // token to user
}

// TokenReviewer starts a Reviewer.
func TokenReviewer(t testing.TB) *Reviewer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := &Reviewer{key: key, users: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /apis/authentication.k8s.io/v1/tokenreviews", r.review)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	r.URL = s.URL
	return r
}

func (r *Reviewer) review(w http.ResponseWriter, request *http.Request) {
	var asked struct {
		Spec struct {
			Token     string
			Audiences []string
		}
	}
	_ = json.NewDecoder(request.Body).Decode(&asked) // an unreadable review names no known token
	r.mu.Lock()
	user, ok := r.users[asked.Spec.Token]
	r.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(object{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": object{ // the client went away
		"authenticated": ok, "audiences": asked.Spec.Audiences, "user": object{"username": user, "uid": "1", "groups": []string{"system:serviceaccounts"}},
	}})
}

// Token is a ServiceAccount's token.
func (r *Reviewer) Token(t testing.TB, namespace, name string) string {
	t.Helper()
	user := "system:serviceaccount:" + namespace + ":" + name
	now := time.Now()
	token := r.sign(t, object{"alg": "ES256", "kid": "lab"}, object{
		"iss": "https://kubernetes.default.svc", "sub": user, "aud": []string{"https://kubernetes.default.svc"}, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"kubernetes.io": object{"namespace": namespace, "serviceaccount": object{"name": name, "uid": "1"}},
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.users[token] = user
	return token
}

// Forget makes a token invalid.
func (r *Reviewer) Forget(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.users, token)
}

func (r *Reviewer) sign(t testing.TB, header, claims object) string {
	t.Helper()
	var parts []string
	for _, part := range []object{header, claims} {
		text, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(text))
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	a, b, err := ecdsa.Sign(rand.Reader, r.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := append(a.FillBytes(make([]byte, 32)), b.FillBytes(make([]byte, 32))...)
	return parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// Put writes to Vault's API with the root token: path is below /v1/.
func (s *VaultServer) Put(t testing.TB, path string, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Vault-Token", s.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("vault: POST %s: %s", path, response.Status)
	}
}

// KubernetesAuth enables the Kubernetes auth method as the platform has it, with the policy of the realm's hook.
func (s *VaultServer) KubernetesAuth(t testing.TB, r *Reviewer) {
	t.Helper()
	s.Put(t, "sys/auth/kubernetes", object{"type": "kubernetes"})
	s.Put(t, "auth/kubernetes/config", object{
		"kubernetes_host": r.URL, "disable_local_ca_jwt": true, "token_reviewer_jwt": r.Token(t, "vault", "vault"),
	})
	s.Put(t, "sys/policy/keycloak-client-patcher", object{
		"policy": `path "secret/data/backstage-*" { capabilities = ["create", "update", "read"] }`,
	})
}

// KubernetesRole writes a role of the Kubernetes auth method for one ServiceAccount; more holds further settings of it.
func (s *VaultServer) KubernetesRole(t testing.TB, role, namespace, name string, more map[string]any) {
	t.Helper()
	body := object{
		"bound_service_account_names": []string{name}, "bound_service_account_namespaces": []string{namespace},
		"token_policies": []string{"keycloak-client-patcher"}, "token_ttl": "20m",
	}
	for key, v := range more {
		body[key] = v
	}
	s.Put(t, "auth/kubernetes/role/"+role, body)
}
