package scaffold_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/skeleton"
)

const unwrittenRule = `	return Decision{}, temporal.NewNonRetryableApplicationError("no rule for "+fact.Type, NotImplemented, nil)`

func TestAProcessWaitsForItsRuleAndForNothingElse(t *testing.T) {
	lab.Slow(t)
	temporal := lab.Temporal(t)
	for _, name := range []string{"order-intake", "x1-2"} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, scaffold.Process, scaffold.Go, name)
			p.env = []string{"GOWORK=off", "GOFLAGS=-mod=readonly", "TEMPORAL_ADDRESS=" + temporal.Address, "TEMPORAL_NAMESPACE=" + temporal.Namespace}
			p.must("go", "build", "./...")
			p.must("go", "vet", "./...")
			if out := p.must("gofmt", "-l", "."); out != "" {
				t.Errorf("gofmt would change %s", out)
			}
			p.must("go", "mod", "verify")
			onlyMarked(t, p.goTests())

			p.replace("internal/activities/activities.go", unwrittenRule, `	switch fact.Type {
	case "example":
		return Decision{Done: true, Type: "example.decided"}, nil
	}
`+unwrittenRule)
			if failed := p.goTests(); len(failed) > 0 {
				t.Errorf("with a rule these still fail: %v", failed)
			}
		})
	}
}

// domainPosts sends an event with the sink of a domain to the ingress of a process, whose project it is written into.
const domainPosts = `package tests

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"MODULE/internal/adapters/sink"
	"MODULE/internal/auth"
	"MODULE/internal/ports"
	"MODULE/internal/process"
)

func TestADomainsSinkIsTaken(t *testing.T) {
	s, trusted := &starter{}, newIssuer(t)
	server := httptest.NewServer(auth.Require(trusted, "dispatcher", handler(s)))
	defer server.Close()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(trusted.token("\"sub\":\"dispatcher\"")), 0o600); err != nil {
		t.Fatal(err)
	}
	event := ports.OutboxEvent{
		Topic: "orders.domain.facts.v1", Payload: message, AggregateType: "Order", AggregateID: "a1", AggregateVersion: 3,
		Metadata: ports.Metadata{
			TenantID: "acme", MessageID: "m1", CorrelationID: "déjà vu%", CausationID: "m0", OccurredAt: time.Now(), SchemaVersion: "1",
			PayloadType: "orders.v1.OrderPlaced",
		},
	}
	if err := sink.New(server.URL, token).Publish(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	want := process.Fact{
		MessageID: "m1", TenantID: "acme", Type: "orders.v1.OrderPlaced", AggregateID: "a1", AggregateVersion: 3,
		CorrelationID: "déjà vu%", Payload: message,
	}
	if !reflect.DeepEqual(s.fact, want) {
		t.Errorf("got %+v, want %+v", s.fact, want)
	}
}
`

// The two templates are written apart and agree on the wire: no test of one of them alone can tell.
func TestAProcessTakesWhatADomainPosts(t *testing.T) {
	lab.Slow(t)
	p := newProject(t, scaffold.Process, scaffold.Go, "order-intake")
	p.env = []string{"GOWORK=off", "GOFLAGS=-mod=readonly"}
	v := projectValues(t, scaffold.Process, scaffold.Go, "order-intake")
	for _, name := range []string{"internal/ports/outbox.go", "internal/adapters/sink/http.go"} {
		text, err := os.ReadFile(filepath.Join("../../templates/primitives/domain/go/code", name+".tmpl"))
		if err != nil {
			t.Fatal(err)
		}
		content, err := skeleton.Execute(name, string(text), v)
		if err != nil {
			t.Fatal(err)
		}
		p.write(name, content)
	}
	p.write("internal/tests/domain_test.go", strings.ReplaceAll(domainPosts, "MODULE", v.GoModule))
	p.must("go", "test", "-count=1", "-run", "TestADomainsSinkIsTaken", "./internal/tests")
}
