package scaffold_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/spec"
)

func problems(t *testing.T, err error) (fields, text string) {
	t.Helper()
	if err == nil {
		return "", ""
	}
	var found scaffold.Problems
	if !errors.As(err, &found) {
		t.Fatal(err)
	}
	var names []string
	for _, p := range found {
		names = append(names, p.Field)
	}
	return strings.Join(names, " "), found.Error() + "\n" + found.Hint()
}

func TestNamesAreCheckedEverywhereTheyWillBeUsed(t *testing.T) {
	s := spec.Default()
	for _, test := range []struct {
		kind       scaffold.Kind
		name, want string // part of the problem or its advice; empty when the name is taken
	}{
		{scaffold.Domain, "orders", ""},
		{scaffold.Domain, "order-intake2", ""},
		{scaffold.Domain, "a", ""},
		{scaffold.Domain, strings.Repeat("a", 36), ""},
		{scaffold.Domain, strings.Repeat("a", 37), "has 37 characters, the limit for a domain is 36"},
		{scaffold.UISurface, strings.Repeat("a", 34), "the limit for a uisurface is 33"},
		{scaffold.Domain, strings.Repeat("a", 200), "has 200 characters"},
		{scaffold.Domain, "", "has no name"},
		{scaffold.Domain, "../../etc", `for example etc`},
		{scaffold.Domain, "/etc/passwd", "for example etc-passwd"},
		{scaffold.Domain, "orders/../../x", "not kebab case"},
		{scaffold.Domain, `..\windows`, "not kebab case"},
		{scaffold.Domain, "OrderIntake", "for example order-intake"},
		{scaffold.Domain, "order_intake", "for example order-intake"},
		{scaffold.Domain, "order--intake", "for example order-intake"},
		{scaffold.Domain, "-orders", "not kebab case"},
		{scaffold.Domain, "orders-", "not kebab case"},
		{scaffold.Domain, "1orders", "not kebab case"},
		{scaffold.Domain, "order intake", "for example order-intake"},
		{scaffold.Domain, "orders\n", "not kebab case"},
		{scaffold.Domain, "orders\x00", "not kebab case"},
		{scaffold.Domain, "bestellung🚀", "for example bestellung"},
		{scaffold.Domain, "größe", "not kebab case"},
		{scaffold.Domain, "оrders", "not kebab case"}, // a Cyrillic о
		{scaffold.Domain, "[[ .Name ]]", "not kebab case"},
		{scaffold.Domain, "${{values.name}}", "not kebab case"},
		{scaffold.Domain, "type", "that Go reserves"},
		{scaffold.Domain, "string", "that Go reserves"},
		{scaffold.Domain, "class", "that Python reserves"},
		{scaffold.Domain, "enum", "that TypeScript reserves"},
		{scaffold.Domain, "con", "device on Windows"},
		{scaffold.Domain, "com1", "device on Windows"},
		{scaffold.Domain, "v2", "major version"},
		{scaffold.Domain, "internal", "that Go treats in its own way"},
		{scaffold.Domain, "email", ""},
		{scaffold.Agent, "email", "Python's own"},
		{scaffold.Agent, "prometheus-client", "the agent itself imports"},
		{scaffold.Agent, "class-room", ""},
	} {
		p := scaffold.Params{Kind: test.kind, Name: test.name, Origin: "platform", SKU: "Shared"}.WithDefaults(&s)
		fields, text := problems(t, scaffold.Check(p, &s))
		switch {
		case test.want == "" && fields != "":
			t.Errorf("%s %q: %s", test.kind, test.name, text)
		case test.want != "" && (!strings.Contains(text, test.want) || strings.Trim(strings.ReplaceAll(fields, "name", ""), " ") != ""):
			t.Errorf("%s %q: %s: got %q, want %q", test.kind, test.name, fields, text, test.want)
		}
	}
}

func TestEveryProblemIsSaidAtOnce(t *testing.T) {
	s := spec.Default()
	fields, _ := problems(t, scaffold.Check(scaffold.Params{
		Kind: scaffold.Agent, Lang: "rust", Name: "Type", Origin: "tenant", SKU: "Shared", Owner: "group:default/x", System: "a b", Description: "a\nb",
		DefinitionID: "3", DefinitionVersion: "latest", Model: "-", RiskTier: "none",
	}, &s))
	if want := "lang name tenant system description definition_id definition_version model risk_tier"; fields != want {
		t.Errorf("got %s, want %s", fields, want)
	}
}

func TestOtherLanguagesAreRefusedWithTheReason(t *testing.T) {
	s := spec.Default()
	for kind, want := range map[scaffold.Kind]string{
		scaffold.Domain: "use go or ts", scaffold.Process: "Temporal workers in Go: use go",
		scaffold.Agent: "LangGraph graphs in Python: use python", scaffold.UISurface: "Next.js applications in TypeScript: use ts",
	} {
		p := scaffold.Params{Kind: kind, Lang: "rust", Name: "x", Origin: "platform", SKU: "Shared"}.WithDefaults(&s)
		if fields, text := problems(t, scaffold.Check(p, &s)); fields != "lang" || !strings.Contains(text, want) {
			t.Errorf("%s: %s %q, want %q", kind, fields, text, want)
		}
	}
}

// The portal's form takes the same names: what is reserved matches the pattern, so that a form can list it.
func TestReservedNamesAreNames(t *testing.T) {
	s := spec.Default()
	for _, kind := range scaffold.Kinds() {
		names := scaffold.Reserved(kind)
		for _, name := range names {
			p := scaffold.Params{Kind: kind, Name: name, Origin: "platform", SKU: "Shared"}.WithDefaults(&s)
			if fields, _ := problems(t, scaffold.Check(p, &s)); fields != "name" {
				t.Errorf("%s %s: %s", kind, name, fields)
			}
		}
		if len(names) < 80 {
			t.Errorf("%s: %d names", kind, len(names))
		}
	}
}

func TestPrimitivesThatExistAreNotMistakenForTheNewOne(t *testing.T) {
	file := &fstest.MapFile{}
	for _, test := range []struct {
		name, there string
		kind        scaffold.Kind
		want        string
	}{
		{"orders", "primitives/domain/orders/go.mod", scaffold.Domain, ""},
		{"orders", "primitives/process/orders/go.mod", scaffold.Domain, ""},
		{"orders", "primitives/domain/Orders/go.mod", scaffold.Domain, "exists as primitives/domain/Orders"},
		{"order-intake", "primitives/domain/order_intake/go.mod", scaffold.Domain, "exists as primitives/domain/order_intake"},
		{"orders", "primitives/domain/orders/package.json", scaffold.Domain, "is written in TypeScript already"},
		{"process-x", "primitives/process/x-domain/go.mod", scaffold.Domain, "would have the image ghcr.io/ameideio/process-x-domain of primitives/process/x-domain"},
		{"x-domain", "primitives/domain/process-x/go.mod", scaffold.Process, "would have the image ghcr.io/ameideio/process-x-domain"},
	} {
		v := valuesOf(t, scaffold.Params{Kind: test.kind, Name: test.name, Origin: "platform", SKU: "Shared"})
		_, text := problems(t, scaffold.CheckExisting(fstest.MapFS{test.there: file}, v))
		if test.want == "" && text != "" || !strings.Contains(text, test.want) {
			t.Errorf("%s beside %s: got %q, want %q", v.Dir, test.there, text, test.want)
		}
	}
}
