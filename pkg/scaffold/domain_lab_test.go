package scaffold_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/spec"
)

// brought is a contract of two services with RPCs of every shape.
const brought = `syntax = "proto3";
package ameide_core_proto.stock.v2;
import "google/protobuf/timestamp.proto";
// StockService counts.
service StockService {
  rpc CountStock(CountStockRequest) returns (CountStockResponse);
  rpc WatchStock(WatchStockRequest) returns (stream WatchStockResponse);
}
// StockImportService takes lists in.
service StockImportService {
  rpc ImportStock(stream ImportStockRequest) returns (ImportStockResponse);
  rpc ReconcileHTTPFeed(stream ReconcileHTTPFeedRequest) returns (stream ReconcileHTTPFeedResponse);
}
message CountStockRequest { google.protobuf.Timestamp at = 1; }
message CountStockResponse { int64 count = 1; }
message WatchStockRequest {}
message WatchStockResponse {}
message ImportStockRequest {}
message ImportStockResponse {}
message ReconcileHTTPFeedRequest {}
message ReconcileHTTPFeedResponse {}
`

// bringContract puts the contract in the place of the project's own, as --proto-path does.
func bringContract(t *testing.T, lang scaffold.Lang) *project {
	t.Helper()
	c, err := scaffold.ReadContract(t.Context(), fstest.MapFS{"stock.proto": {Data: []byte(brought)}}, "stock.proto", "stock.proto")
	if err != nil {
		t.Fatal(err)
	}
	s := spec.Default()
	v, err := scaffold.Complete(domainParams(lang, "x1-2"), c.Services, &s, derivations(t))
	if err != nil {
		t.Fatal(err)
	}
	plans, err := scaffold.NewPlans(os.DirFS("../../templates/primitives"), v.WithContract(c), scaffold.Parts{Contract: c, Harness: true})
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, dir: t.TempDir()}
	for _, f := range plans.Code {
		if name, ok := strings.CutPrefix(f.Path, v.Dir+"/"); ok {
			p.write(name, string(f.Content))
		}
	}
	return p
}

func domainParams(lang scaffold.Lang, name string) scaffold.Params {
	return scaffold.Params{
		Kind: scaffold.Domain, Lang: lang, Name: name, Origin: "tenant", SKU: "Shared", Tenant: "acme", Owner: "group:default/acme", System: "system:default/platform", Description: "Counts.",
	}
}

const unwrittenRPC = `(_ context.Context, _ *orderintakev1.RegisterOrderIntakeRequest) (*orderintakev1.RegisterOrderIntakeResponse, error) {
	return nil, unimplemented("RegisterOrderIntake")
}`

// writtenRPC keeps an event, as a handler of the business would.
const writtenRPC = `(ctx context.Context, req *orderintakev1.RegisterOrderIntakeRequest) (*orderintakev1.RegisterOrderIntakeResponse, error) {
	err := h.Commit(ctx, func(*sql.Tx) ([]ports.OutboxEvent, error) {
		return []ports.OutboxEvent{{
			Topic: "orders", Payload: []byte{}, AggregateType: "order", AggregateID: "order-" + req.GetRequestId(), AggregateVersion: 1,
			Metadata: ports.Metadata{MessageID: "message-" + req.GetRequestId(), OccurredAt: time.Now(), SchemaVersion: "1", PayloadType: "Order"},
		}}, nil
	})
	return &orderintakev1.RegisterOrderIntakeResponse{Id: req.GetRequestId()}, err
}`

// goDomain generates, builds and judges the project.
func goDomain(p *project) {
	p.t.Helper()
	p.env = []string{"GOWORK=off", "GOFLAGS=-mod=readonly"}
	p.must("go", "generate", "./...")
	p.must("go", "build", "./...")
	p.must("go", "vet", "./...")
	if out := p.must("gofmt", "-l", "."); out != "" {
		p.t.Errorf("gofmt would change %s", out)
	}
	p.must("go", "-C", "proto", "tool", "-modfile=../tools/go.mod", "buf", "lint")
}

func TestADomainInGoWaitsForItsHandlersAndForNothingElse(t *testing.T) {
	lab.Slow(t)
	p := newProject(t, scaffold.Domain, scaffold.Go, "order-intake")
	goDomain(p)
	p.must("go", "mod", "verify")
	onlyMarked(t, p.goTests())
	db := newDomainDatabase(t)
	p.env = append(p.env, "TEST_DATABASE_URL="+db.DSN("app", "app"))
	failed := p.goTests()
	onlyMarked(t, failed)
	if len(failed) != 1 {
		t.Errorf("%d tests fail for one RPC", len(failed))
	}

	p.replace("internal/handlers/handlers.go", unwrittenRPC, writtenRPC)
	p.replace("internal/handlers/handlers.go", "\t\"database/sql\"\n", "\t\"database/sql\"\n\t\"time\"\n")
	p.replace("internal/tests/rpc_test.go", "&orderintakev1.RegisterOrderIntakeRequest{}", `&orderintakev1.RegisterOrderIntakeRequest{RequestId: "r1"}`)
	if failed := p.goTests(); len(failed) > 0 {
		t.Errorf("with a handler these still fail: %v", failed)
	}
	p.must("go", "build", "-o", "bin/server", "./cmd")
	p.must("go", "build", "-o", "bin/dispatcher", "./cmd/dispatcher")
	domainServes(t, p, db, []string{"bin/server"}, []string{"bin/dispatcher"})
}

func TestADomainInGoFollowsAContractOfEveryShape(t *testing.T) {
	lab.Slow(t)
	p := bringContract(t, scaffold.Go)
	goDomain(p)
	failed := p.goTests()
	onlyMarked(t, failed)
	if len(failed) != 4 {
		t.Errorf("%d tests fail for four RPCs: %v", len(failed), failed)
	}
	for _, r := range [][2]string{
		{`return nil, unimplemented("CountStock")`, "return &x12v1.CountStockResponse{}, nil"},
		{`return unimplemented("WatchStock")`, "return nil"},
		{`return unimplemented("ReconcileHTTPFeed")`, "return nil"},
		{`return unimplemented("ImportStock")`, "return stream.SendAndClose(&x12v1.ImportStockResponse{})"},
		{"ImportStock(_ grpc.", "ImportStock(stream grpc."},
	} {
		p.replace("internal/handlers/handlers.go", r[0], r[1])
	}
	if failed := p.goTests(); len(failed) > 0 {
		t.Errorf("with handlers these still fail: %v", failed)
	}
}

func TestADomainInGoMayHaveAnAwkwardName(t *testing.T) {
	lab.Slow(t)
	for _, name := range []string{"a", "go-test", "x1-2"} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, scaffold.Domain, scaffold.Go, name)
			goDomain(p)
			onlyMarked(t, p.goTests())
		})
	}
}
