package portal_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/portal"
	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/skeleton"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/tenancy"
)

// folder is that of a kind's template.
func folder(files []checkout.File, kind scaffold.Kind) fs.FS {
	dir := fstest.MapFS{}
	for _, f := range files {
		if name, ok := strings.CutPrefix(f.Path, portal.Dir+"/"+string(kind)+"/"); ok {
			dir[name] = &fstest.MapFile{Data: f.Content}
		}
	}
	return dir
}

// input is a form filled in: the parameters that are not empty, and none that the kind's form does not ask for.
func input(t *testing.T, p scaffold.Params) map[string]any {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(all, func(name string, v any) bool { return v == "" || name == "kind" })
	return all
}

// show prints every string of the values, one on a line, and the lists that skeletons range over.
func show() string {
	var b strings.Builder
	for _, f := range reflect.VisibleFields(reflect.TypeFor[scaffold.Values]()) {
		switch {
		case f.Type == reflect.TypeFor[string]():
			fmt.Fprintf(&b, "%s [[ quote .%s ]]\n", skeleton.JSONName(f), f.Name)
		case f.Type.Kind() == reflect.String:
			fmt.Fprintf(&b, "%s [[ .%s ]]\n", skeleton.JSONName(f), f.Name)
		}
	}
	b.WriteString("[[ if .Custom ]]custom[[ else ]]platform[[ end ]]\n")
	b.WriteString("[[ range .Places ]][[ .Environment ]] [[ .Namespace ]]\n[[ end ]]")
	b.WriteString("[[ range .Services ]][[ .Name ]] [[ .Camel ]][[ range .Methods ]] [[ .Name ]] [[ .Snake ]] [[ .Camel ]] [[ .Input ]] [[ .Output ]] [[ if .ClientStreaming ]]stream[[ end ]][[ if .ServerStreaming ]]stream[[ end ]]\n[[ end ]][[ end ]]")
	return b.String()
}

func params(kind scaffold.Kind, lang scaffold.Lang, name string) scaffold.Params {
	p := scaffold.Params{
		Kind: kind, Lang: lang, Name: name, Owner: "group:default/platform", System: "system:default/platform",
		Description: `It's "quoted": {{ x }} ${{ y }} <&> {% z %}`,
	}
	switch kind {
	case scaffold.Process:
		p.DefinitionID, p.DefinitionVersion = "L2O_v3", "3"
	case scaffold.Agent:
		p.DefinitionID, p.DefinitionVersion, p.Model, p.RiskTier = "coder", "1.2.0", "gpt-4o-mini", "low"
	case scaffold.UISurface:
		p.Host = "orders.ameide.io"
	}
	return p
}

// Every cell of the namespace rules, every kind and language, and awkward names: the portal knows every value that the
// terminal knows, and the same one.
func TestThePortalComputesTheValuesOfTheTerminal(t *testing.T) {
	lab.Slow(t)
	fsys := tree(t)
	for name := range fsys {
		if strings.HasSuffix(name, "/code/{name}.txt.tmpl") {
			fsys[name] = &fstest.MapFile{Data: []byte(show())}
		}
	}
	s := spec.Default()
	files, err := portal.Templates(fsys, &s)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := scaffold.ParseDerivations(fsys["primitives/values.yaml"].Data)
	if err != nil {
		t.Fatal(err)
	}
	backstage := lab.Scaffolder(t)
	names := []string{"orders", "order-intake", "a", "x1-2", "typed", "go-test"} // none that both refuse
	for _, kind := range scaffold.Kinds() {
		dir := folder(files, kind)
		for _, lang := range scaffold.Languages(kind) {
			for i, origin := range tenancy.Origins() {
				for j, sku := range tenancy.SKUs() {
					p := params(kind, lang, names[(3*i+j)%len(names)])
					p.Origin, p.SKU = string(origin), string(sku)
					if (tenancy.Code{Origin: origin, SKU: sku}).NeedsTenant() {
						p.Tenant = "acme"
					}
					want, err := scaffold.Complete(p, nil, &s, rules)
					if err != nil {
						t.Fatal(err)
					}
					compareValues(t, backstage, dir, want)
				}
			}
		}
	}
}

func compareValues(t *testing.T, b *lab.Backstage, dir fs.FS, v scaffold.Values) {
	t.Helper()
	want, err := skeleton.Execute("show", show(), v)
	if err != nil {
		t.Fatal(err)
	}
	order, err := lab.NewDryRun(dir, input(t, v.Params))
	if err != nil {
		t.Fatal(err)
	}
	run, status, refusal := b.DryRun(t, order)
	if status != http.StatusOK {
		t.Fatalf("%s %s %s: status %d: %s", v.Kind, v.Origin, v.SKU, status, refusal)
	}
	name := "code/" + v.Dir + "/" + v.Name + ".txt"
	i := slices.IndexFunc(run.Files, func(f lab.DryRunFile) bool { return f.Path == name })
	if i < 0 {
		t.Fatalf("%s %s %s: no %s", v.Kind, v.Origin, v.SKU, name)
	}
	if diff := cmp.Diff(want, string(run.Files[i].Content)); diff != "" {
		t.Errorf("%s %s %s (-terminal +portal)\n%s", v.Kind, v.Origin, v.SKU, diff)
	}
}
