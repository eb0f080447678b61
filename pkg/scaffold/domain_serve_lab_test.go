package scaffold_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/ameideio/ameide/lab"
)

// issuer signs tokens and publishes its key, as Keycloak does.
type issuer struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer := map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}}
		if r.URL.Path == "/keys" {
			answer = map[string]any{"keys": []any{map[string]any{
				"kty": "RSA", "kid": "k", "use": "sig", "alg": "RS256", "e": "AQAB" /* 65537, as crypto/rsa chooses */, "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			}}}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(i.Close)
	return i
}

// token is one of somebody for the domain, with these claims.
func (i *issuer) token(t *testing.T, claims map[string]any) string {
	t.Helper()
	all := map[string]any{"iss": i.URL, "aud": "order-intake-domain", "sub": "somebody", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix()}
	for name, value := range claims {
		all[name] = value
	}
	payload, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"k","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// newDomainDatabase has a role and a database called app. Row-level security holds the role.
func newDomainDatabase(t *testing.T) *lab.Server {
	t.Helper()
	s := lab.Postgres(t)
	s.Exec(t, "postgres", "CREATE ROLE app LOGIN PASSWORD '"+lab.Password+"'", "CREATE DATABASE app OWNER app")
	return s
}

// program is one of the project's that runs.
type program struct {
	*exec.Cmd
	said  *output
	ended chan error
}

func (p *project) startProgram(env []string, command []string) *program {
	p.t.Helper()
	c := exec.Command(command[0], command[1:]...)
	if strings.Contains(command[0], "/") {
		c.Path = filepath.Join(p.dir, command[0])
	}
	x := &program{c, &output{}, make(chan error, 1)}
	c.Dir, c.Env = p.dir, append(append(os.Environ(), p.env...), env...)
	c.Stdout, c.Stderr = x.said, x.said
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() { x.ended <- c.Wait() }()
	p.t.Cleanup(func() { _ = c.Process.Kill() })
	return x
}

// until waits for something that becomes true soon.
func until(t *testing.T, x *program, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("%s: not in time\n%s", what, x.said)
}

func answers(url string) bool {
	r, err := http.Get(url)
	if err != nil {
		return false
	}
	r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// domainServes runs a written domain against a database: nobody calls without a token, what is called reaches the broker.
func domainServes(t *testing.T, p *project, db *lab.Server, server, dispatcher []string) {
	t.Helper()
	migration, err := os.ReadFile(filepath.Join(p.dir, "migrations", "V1__domain_outbox.sql"))
	if err != nil {
		t.Fatal(err)
	}
	// As Flyway does it for the Job of the migrations: in the schema that the manifests name.
	if _, err := db.Connect(t, "app", "app").Exec(t.Context(), "CREATE SCHEMA order_intake; SET search_path TO order_intake; "+string(migration)); err != nil {
		t.Fatal(err)
	}
	i := newIssuer(t)
	grpcPort, httpPort := freePort(t), freePort(t)
	p.env = append(p.env, "DATABASE_SCHEMA=order_intake")
	database := "DATABASE_URL=" + db.DSN("app", "app")

	x := p.startProgram([]string{database, "PORT_GRPC=" + grpcPort, "PORT_HTTP=" + httpPort}, server)
	if err := <-x.ended; err == nil || !strings.Contains(x.said.String(), "OIDC_ISSUER") {
		t.Errorf("it starts without an issuer: %v\n%s", err, x.said)
	}
	x = p.startProgram([]string{database, "PORT_GRPC=" + grpcPort, "PORT_HTTP=" + httpPort, "OIDC_ISSUER=" + i.URL, "OIDC_AUDIENCE=order-intake-domain"}, server)
	until(t, x, "ready", func() bool { return answers("http://127.0.0.1:" + httpPort + "/readyz") })
	for _, path := range []string{"/healthz", "/metrics"} {
		expectStatus(t, "http://127.0.0.1:"+httpPort+path, http.StatusOK)
	}
	callDomain(t, i, x, grpcPort)
	until(t, x, "the call is in the log", func() bool { return strings.Contains(x.said.String(), `"OK"`) })
	logged(t, x)
	dispatched(t, p, database, dispatcher)
	endsBesideAHungDatabase(t, p, db, []string{"PORT_GRPC=" + freePort(t), "OIDC_ISSUER=" + i.URL, "OIDC_AUDIENCE=order-intake-domain"}, server)
	endsBesideAHungDatabase(t, p, db, []string{"DISPATCHER_SINK_URL=http://127.0.0.1:1", "DISPATCHER_POLL_INTERVAL=50ms"}, dispatcher)

	db.Stop(syscall.SIGINT)
	until(t, x, "not ready without a database", func() bool { return !answers("http://127.0.0.1:" + httpPort + "/readyz") })
	endsWell(t, x)
}

const registerRPC = "/ameide_core_proto.order_intake.v1.OrderIntakeService/RegisterOrderIntake"

// callDomain is a client in Go. The messages of the skeleton's contract have one string, like a StringValue.
func callDomain(t *testing.T, i *issuer, x *program, port string) {
	t.Helper()
	conn, err := grpc.NewClient("127.0.0.1:"+port, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	until(t, x, "gRPC health", func() bool {
		answer, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
		return err == nil && answer.GetStatus() == healthpb.HealthCheckResponse_SERVING
	})
	for _, c := range []struct {
		token string
		want  codes.Code
	}{
		{"", codes.Unauthenticated},
		{"forged", codes.Unauthenticated},
		{i.token(t, map[string]any{"tenant_id": "acme", "aud": "another"}), codes.Unauthenticated},
		{i.token(t, nil), codes.PermissionDenied},
		{i.token(t, map[string]any{"tenant_id": "acme"}), codes.OK},
	} {
		ctx := t.Context()
		if c.token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.token)
		}
		answer := &wrapperspb.StringValue{}
		if err := conn.Invoke(ctx, registerRPC, wrapperspb.String("r7"), answer); status.Code(err) != c.want || err == nil && answer.GetValue() != "r7" {
			t.Errorf("token %.10s…: got %v with %q, want %s", c.token, err, answer.GetValue(), c.want)
		}
	}
}

// logged looks for the call that went well. Nothing else than JSON is logged, and no token.
func logged(t *testing.T, x *program) {
	t.Helper()
	found := false
	for line := range strings.Lines(x.said.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Errorf("no JSON: %s", line)
		}
		if fields["code"] != "OK" {
			continue
		}
		found = true
		for name, want := range map[string]string{"tenant_id": "acme", "primitive_type": "domain", "primitive_name": "order-intake"} {
			if fields[name] != want {
				t.Errorf("%s is %v, want %s", name, fields[name], want)
			}
		}
		for name, size := range map[string]int{"trace_id": 32, "span_id": 16} {
			if id, _ := fields[name].(string); len(id) != size {
				t.Errorf("%s is %v", name, fields[name])
			}
		}
	}
	if !found || strings.Contains(x.said.String(), "eyJ") || strings.Contains(x.said.String(), "pl4nted") {
		t.Errorf("logged:\n%s", x.said)
	}
}

// dispatched runs the dispatcher until the broker has the event, and ends it.
func dispatched(t *testing.T, p *project, database string, command []string) {
	t.Helper()
	events := make(chan http.Header, 10)
	refused := false
	broker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !refused {
			refused = true
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		events <- r.Header
		w.WriteHeader(http.StatusAccepted)
	}))
	defer broker.Close()
	x := p.startProgram([]string{database, "PORT_HTTP=" + freePort(t), "DISPATCHER_SINK_URL=" + broker.URL, "DISPATCHER_POLL_INTERVAL=50ms"}, command)
	select {
	case h := <-events:
		if h.Get("Ce-Id") != "message-r7" || h.Get("Ce-Tenantid") != "acme" || h.Get("Ce-Subject") != "order-r7" || len(h.Get("Traceparent")) != 55 {
			t.Errorf("got %v", h)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("no event:\n%s", x.said)
	}
	endsWell(t, x)
	if len(events) > 0 {
		t.Error("the event was told twice")
	}
}

// endsWell ends a program as the kubelet does.
func endsWell(t *testing.T, x *program) {
	t.Helper()
	if err := x.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-x.ended:
		if err != nil {
			t.Errorf("ended with %v\n%s", err, x.said)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("it does not end:\n%s", x.said)
	}
}

// endsBesideAHungDatabase runs a program whose database stops answering without closing a connection: it is not ready any
// more, and ends when it is told to.
func endsBesideAHungDatabase(t *testing.T, p *project, db *lab.Server, env, command []string) {
	t.Helper()
	var hung atomic.Bool
	port := lab.Proxy(t, db.Port, func([]byte) lab.Cut {
		if hung.Load() {
			return lab.Hang
		}
		return lab.Pass
	})
	http := freePort(t)
	x := p.startProgram(append(env, "DATABASE_URL="+lab.DSN(port, "app", "app"), "PORT_HTTP="+http), command)
	until(t, x, "ready", func() bool { return answers("http://127.0.0.1:" + http + "/readyz") })
	hung.Store(true)
	until(t, x, "not ready beside a hung database", func() bool { return !answers("http://127.0.0.1:" + http + "/readyz") })
	expectStatus(t, "http://127.0.0.1:"+http+"/healthz", 200)
	endsWell(t, x)
}
