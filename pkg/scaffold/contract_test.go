package scaffold_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/templates"
)

const header = "syntax = \"proto3\";\npackage ameide_core_proto.ledger.v1;\n"

// messages are empty ones.
func messages(names string) string {
	var b strings.Builder
	for name := range strings.FieldsSeq(names) {
		b.WriteString("message " + name + " {}\n")
	}
	return b.String()
}

func TestAContractIsReadWithWhatItImports(t *testing.T) {
	text := `syntax = "proto3";
package ameide_core_proto.ledger.v1;
import "google/protobuf/timestamp.proto";
import "ameide_core_proto/common/v1/money.proto";
message PostEntryRequest { google.protobuf.Timestamp at = 1; ameide_core_proto.common.v1.Money amount = 2; }
message PostEntryResponse {}
message GetHTTPRouteRequest {}
message GetHTTPRouteResponse {}
service LedgerService {
  rpc PostEntry(stream PostEntryRequest) returns (PostEntryResponse);
}
service RouteService { rpc GetHTTPRoute(GetHTTPRouteRequest) returns (stream GetHTTPRouteResponse); }
`
	money := "syntax = \"proto3\";\npackage ameide_core_proto.common.v1;\nmessage Money {}\n"
	fsys := fstest.MapFS{
		"home/src/ameide_core_proto/ledger/v1/api.proto":   {Data: []byte(text)},
		"home/src/ameide_core_proto/common/v1/money.proto": {Data: []byte(money)},
	}
	got, err := scaffold.ReadContract(t.Context(), fsys, "home/src/ameide_core_proto/ledger/v1/api.proto", "api.proto")
	if err != nil {
		t.Fatal(err)
	}
	want := &scaffold.Contract{
		Package: "ameide_core_proto.ledger.v1",
		Services: []scaffold.Service{
			{Name: "LedgerService", Camel: "ledgerService", Methods: []scaffold.Method{{
				Name: "PostEntry", Snake: "post_entry", Camel: "postEntry", Input: "PostEntryRequest", Output: "PostEntryResponse", ClientStreaming: true,
			}}},
			{Name: "RouteService", Camel: "routeService", Methods: []scaffold.Method{{
				Name: "GetHTTPRoute", Snake: "get_http_route", Camel: "getHTTPRoute", Input: "GetHTTPRouteRequest", Output: "GetHTTPRouteResponse", ServerStreaming: true,
			}}},
		},
		Files: []scaffold.ContractFile{
			{Path: "ameide_core_proto/ledger/v1/api.proto", Content: []byte(text)},
			{Path: "ameide_core_proto/common/v1/money.proto", Content: []byte(money)},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestContractsThatNoPrimitiveCanBeMadeOf(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"syntax", header + "message {\n", "x.proto:3:9: syntax error"},
		{"unknown type", header + "message A { B b = 1; }\n" + "service S { rpc Do(A) returns (A); }\n", "x.proto:3:13: "},
		{"missing import", header + "import \"nowhere.proto\";\n", "x.proto:3:8: "},
		{"import outside", header + "import \"../../etc/passwd\";\n", "x.proto:3:8: "},
		{"no service", header + messages("A"), "has no service with an RPC"},
		{"no package", "syntax = \"proto3\";\n" + messages("DoRequest DoResponse") + "service S { rpc Do(DoRequest) returns (DoResponse); }\n", "has no package"},
		{"foreign message", header + "import \"google/protobuf/empty.proto\";\nservice S {\n  rpc Do(google.protobuf.Empty) returns (google.protobuf.Empty);\n}\n",
			"x.proto:5:3: Do uses google.protobuf.Empty: an RPC has messages of its own, DoRequest and DoResponse"},
		{"nested message", header + "message A { message B {} }\nservice S {\n  rpc Do(A.B) returns (A);\n}\n", "x.proto:5:3: Do uses ameide_core_proto.ledger.v1.A.B"},
		{"same RPC twice", header + messages("A") + "service S { rpc Do(A) returns (A); }\nservice T { rpc Do(A) returns (A); }\n", "x.proto:5:13: Do is an RPC of S, too"},
		{"empty file", "", "has no package"},
		{"binary", "\x00\x01\x02", "x.proto:1:"},
	} {
		_, err := scaffold.ReadContract(t.Context(), fstest.MapFS{"a/x.proto": {Data: []byte(test.text)}}, "a/x.proto", "x.proto")
		if _, text := problems(t, err); !strings.Contains(text, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, text, test.want)
		}
	}
	_, err := scaffold.ReadContract(t.Context(), fstest.MapFS{"a/x.proto/y": {}}, "a/x.proto", "x.proto")
	if _, text := problems(t, err); !strings.Contains(text, "read x.proto: ") {
		t.Errorf("a folder: %q", text)
	}
}

func TestAPackageOutsideTheConventionIsTakenAndSaid(t *testing.T) {
	text := "syntax = \"proto3\";\npackage acme.ledger;\nimport \"shared.proto\";\n" + messages("A") + "service S { rpc Do(A) returns (A); }\n"
	fsys := fstest.MapFS{"x/ledger.proto": {Data: []byte(text)}, "x/shared.proto": {Data: []byte("syntax = \"proto3\";\npackage acme;\n")}}
	c, err := scaffold.ReadContract(t.Context(), fsys, "x/ledger.proto", "ledger.proto")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], scaffold.ProtoConvention) {
		t.Errorf("notes: %q", c.Notes)
	}
	if c.Files[0].Path != "acme/ledger/ledger.proto" || c.Files[1].Path != "shared.proto" {
		t.Errorf("files: %s, %s", c.Files[0].Path, c.Files[1].Path)
	}
}

// The handlers and tests follow the file, which takes the place of the skeleton's.
func TestAPrimitiveHasTheContractThatIsBrought(t *testing.T) {
	text := header + messages("PostEntryRequest PostEntryResponse") + "service LedgerService { rpc PostEntry(PostEntryRequest) returns (PostEntryResponse); }\n"
	c, err := scaffold.ReadContract(t.Context(), fstest.MapFS{"x/books.proto": {Data: []byte(text)}}, "x/books.proto", "books.proto")
	if err != nil {
		t.Fatal(err)
	}
	s := spec.Default()
	p := scaffold.Params{Kind: scaffold.Domain, Name: "orders", Origin: "platform", SKU: "Shared"}.WithDefaults(&s)
	v, err := scaffold.Complete(p, c.Services, &s, derivations(t))
	if err != nil {
		t.Fatal(err)
	}
	plans, err := scaffold.NewPlans(templates.Primitives(), v.WithContract(c), scaffold.Parts{Contract: c})
	if err != nil {
		t.Fatal(err)
	}
	var protos []string
	calls := false
	for _, f := range plans.Code {
		if strings.HasSuffix(f.Path, ".proto") {
			protos = append(protos, f.Path)
		}
		calls = calls || strings.HasSuffix(f.Path, ".go") && strings.Contains(string(f.Content), "PostEntry(")
		if strings.Contains(string(f.Content), "RegisterOrders") {
			t.Errorf("%s has the skeleton's RPC", f.Path)
		}
	}
	if diff := cmp.Diff([]string{"primitives/domain/orders/proto/ameide_core_proto/ledger/v1/books.proto"}, protos); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !calls {
		t.Error("no Go file has the RPC of the contract")
	}
	if entity := string(fileOf(t, plans.Code, v.Dir+"/catalog-info.yaml")); !strings.Contains(entity, "$text: ./proto/ameide_core_proto/ledger/v1/books.proto") {
		t.Errorf("catalog-info.yaml names another file:\n%s", entity)
	}
}
