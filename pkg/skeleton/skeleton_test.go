package skeleton_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/ameideio/ameide/pkg/skeleton"
)

type method struct {
	Name   string `json:"name"`
	Stream bool   `json:"stream"`
}

type service struct {
	Name    string   `json:"name"`
	Methods []method `json:"methods"`
}

type kind string

type values struct {
	Kind     kind      `json:"kind"`
	Name     string    `json:"name"`
	Tenant   string    `json:"tenant"`
	Custom   bool      `json:"custom"`
	In       string    `json:"in"`
	Words    []string  `json:"words"`
	Services []service `json:"services"`
}

var valuesType = reflect.TypeFor[values]()

func TestCompileWritesWhatNunjucksReadsAsTheSame(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"text", "a {{ .Values.x }}\r\n}} %}", "a {{ .Values.x }}\r\n}} %}"},
		{"a field", "[[ .Name ]]", "${{ values.name }}"},
		{"a keyword", "[[ .In ]]", `${{ values["in"] }}`},
		{"a string", "[[ `\"\\` ]]", `${{ "\"\\" }}`},
		{"a secret of a workflow", "${{ secrets.X }}", `${{ "${{" }} secrets.X }}`},
		{"a length in bash", "${#a[@]}", `$${{ "{#" }}a[@]}`},
		{"a token that begins in one text and ends in the next", "{[[/* */]]%", `${{ "{%" }}`},
		{"a brace before a tag", "{[[ .Name ]]", "{${{ values.name }}"},
		{"a dollar and a brace before a tag", "${[[ if .Custom ]]a[[ end ]]", `${{ "${" }}{% if values.custom %}a{% endif %}`},
		{"trimmed space", "a  [[- .Name -]]  b", "a${{ values.name }}b"},
		{"a condition on a bool", "[[ if .Custom ]]a[[ else ]]b[[ end ]]", "{% if values.custom %}a{% else %}b{% endif %}"},
		{"a condition on a list", "[[ if .Words ]]a[[ end ]]", "{% if (values.words | length) %}a{% endif %}"},
		{"a chain", "[[ if .Custom ]]a[[ else if .Tenant ]]b[[ else ]]c[[ end ]]", "{% if values.custom %}a{% elif values.tenant %}b{% else %}c{% endif %}"},
		{"equality", `[[ if eq .Name "a" "b" ]]x[[ end ]]`, `{% if ((values.name or "") === "a" or (values.name or "") === "b") %}x{% endif %}`},
		{"logic", "[[ if and .Custom (not .Tenant) ]]x[[ end ]]", "{% if (values.custom and (not values.tenant)) %}x{% endif %}"},
		{"a loop", "[[ range .Words ]][[ . ]][[ else ]]none[[ end ]]", "{% for v1 in values.words %}${{ v1 }}{% else %}none{% endfor %}"},
		{
			"loops with an index, and the root",
			"[[ range $i, $s := .Services ]][[ range .Methods ]][[ if $i ]],[[ end ]][[ $s.Name ]][[ .Name ]][[ $.Name ]][[ end ]][[ end ]]",
			"", // an int is no condition
		},
		{
			"loops with an index in a comparison",
			"[[ range $i, $s := .Services ]][[ range .Methods ]][[ if gt $i 0 ]],[[ end ]][[ $s.Name ]][[ .Name ]][[ $.Name ]][[ end ]][[ end ]]",
			"{% for v1 in values.services %}{% set i1 = loop.index0 %}{% for v2 in v1.methods %}{% if (i1 > 0) %},{% endif %}${{ v1.name }}${{ v2.name }}${{ values.name }}{% endfor %}{% endfor %}",
		},
		{"functions", `[[ .Name | replace "-" "_" | upper ]]`, `${{ (((values.name or "") | replace("-", "_")) | upper) }}`},
		{"quote", "[[ quote .Name ]]", `${{ ((values.name or "") | dump) }}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := skeleton.Compile("f", c.in, valuesType)
			if c.want == "" && c.in != "" {
				if err == nil {
					t.Fatalf("compiled to %q, want an error", got)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("got  %s\nwant %s\nerror %v", got, c.want, err)
			}
		})
	}
}

func TestWhatOneEngineLacksIsAnErrorWithItsPlace(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a\n  [[ .Services ]]", "f:2:5: []skeleton_test.service is printed"},
		{"[[ .Custom ]]", "bool is printed"},
		{"[[ .Nothing ]]", "has no field Nothing"},
		{"[[ range .Services ]][[ .Nothing ]][[ end ]]", "has no field Nothing"},
		{"[[ range .Name ]][[ end ]]", "range over string"},
		{"[[ $x := .Name ]]", "a variable is set"},
		{"[[ with .Name ]][[ end ]]", "cannot be said in Nunjucks"},
		{"[[ define \"x\" ]][[ end ]]", `template "x" is defined`},
		{"[[ range .Words ]][[ break ]][[ end ]]", "cannot be said in Nunjucks"},
		{"[[ len .Name ]]", "in bytes in Go"},
		{"[[ if eq .Name .Custom ]][[ end ]]", "cannot compare string with bool"},
		{"[[ if lt .Name \"a\" ]][[ end ]]", "cannot compare"},
		{"[[ quote .Kind ]]", "takes strings, not skeleton_test.kind"},
		{`[[ replace "" "x" .Name ]]`, "not be empty"},
		{"[[ printf \"%s\" .Name ]]", `function "printf" not defined`},
		{"[[ or .Words .Name ]]", "a condition is printed"},
		{"[[ .Name.Length ]]", "string has no field Length"},
		{"[[ 1.5 ]]", "cannot be said"},
	} {
		t.Run(c.in, func(t *testing.T) {
			got, err := skeleton.Compile("f", c.in, valuesType)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q and %v, want an error with %q", got, err, c.want)
			}
		})
	}
	_, err := skeleton.Compile("f", "\n\n[[ .Custom ]]", valuesType)
	if e := (*skeleton.Error)(nil); !errors.As(err, &e) || !strings.HasPrefix(e.Where, "f:3:") {
		t.Errorf("got %v, want an *Error at f:3", err)
	}
}

func TestAnExpressionIsWrittenWithWhatStandsForItsFields(t *testing.T) {
	fields := func(field string) (string, bool) { return "parameters." + strings.ToLower(field), field != "In" }
	for _, c := range []struct{ in, want string }{
		{"", `""`},
		{"[[ .Name ]]", "parameters.name"},
		{`[[ eq .Name "x" ]]`, `((parameters.name or "") === "x")`},
		{"a-[[ .Name ]]", `("a-" ~ parameters.name)`},
		{"[[ if .Custom ]]x-[[ .Tenant ]][[ else ]]y[[ end ]]", `(("x-" ~ parameters.tenant) if parameters.custom else "y")`},
	} {
		got, err := skeleton.Expression("f", c.in, valuesType, fields)
		if err != nil || got != c.want {
			t.Errorf("%s: got %s, want %s; error %v", c.in, got, c.want, err)
		}
	}
	for _, in := range []string{"[[ range .Words ]][[ end ]]", "[[ .In ]]"} {
		if got, err := skeleton.Expression("f", in, valuesType, fields); err == nil {
			t.Errorf("%s: got %s, want an error", in, got)
		}
	}
}

func TestAPathHasTheValuesInBothEngines(t *testing.T) {
	v := values{Name: "orders"}
	got, err := skeleton.Path("a/{name}/{name}.go", v)
	if want := "a/orders/orders.go"; err != nil || got != want {
		t.Errorf("got %s, want %s; error %v", got, want, err)
	}
	got, err = skeleton.CompilePath("a/{name}/{in}.go", valuesType)
	if want := `a/${{ values.name }}/${{ values["in"] }}.go`; err != nil || got != want {
		t.Errorf("got %s, want %s; error %v", got, want, err)
	}
	for _, path := range []string{"{nothing}", "{custom}", "{tenant}"} {
		if got, err := skeleton.Path(path, v); err == nil {
			t.Errorf("%s: got %s, want an error", path, got)
		}
	}
	if got, err := skeleton.CompilePath("{custom}", valuesType); err == nil {
		t.Errorf("got %s, want an error", got)
	}
	type more struct {
		First string `json:"first"`
		values
	}
	if got, err := skeleton.Path("{first}/{name}", more{"x", v}); err != nil || got != "x/orders" {
		t.Errorf("got %s, want x/orders; error %v", got, err)
	}
}
