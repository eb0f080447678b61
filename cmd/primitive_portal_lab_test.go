package cmd_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ameideio/ameide/cmd"
	"github.com/ameideio/ameide/lab"
	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/tenancy"
)

// ran runs a command line, which must end well.
func ran(t *testing.T, args ...string) {
	t.Helper()
	var out, log bytes.Buffer
	env := cmd.Env{In: strings.NewReader(""), Out: &out, Err: &log, Now: time.Now, Lookup: func(string) (string, bool) { return "", false }}
	if code := cmd.Execute(t.Context(), env, args); code != 0 {
		t.Fatalf("ameide %s: exit code %d\n%s", strings.Join(args, " "), code, log.String())
	}
}

// generatedForms are the folders of the Software Templates, as generate writes them into a checkout.
func generatedForms(t *testing.T) (dir string) {
	t.Helper()
	root := t.TempDir()
	must(t, os.CopyFS(root, os.DirFS("../testdata/gitops")))
	must(t, os.Mkdir(filepath.Join(root, ".git"), 0o755))
	ran(t, "platform", "backstage", "generate", "--gitops-root", root)
	return filepath.Join(root, "sources/backstage/templates")
}

// asked is a form filled in, by the names of its fields. The terminal has the same names with hyphens.
type asked map[string]any

// order is somebody who wants a primitive, or the artifact that one executes.
func order(word string, lang scaffold.Lang, name string, origin tenancy.Origin, sku tenancy.SKU) asked {
	kind, definition := scaffold.ParseKind(word)
	a := asked{
		"name": name, "origin": string(origin), "sku": string(sku), "owner": "group:default/platform", "system": "system:default/platform",
		"description": `It's "quoted": {{ x }} ${{ y }} <&> {% z %} é\n`,
	}
	if (tenancy.Code{Origin: origin, SKU: sku}).NeedsTenant() {
		a["tenant"] = "acme"
	}
	extra := asked{"definition_id": "L2O_v3", "definition_version": "1.2.0", "model": "gpt-4o-mini", "risk_tier": "high"}
	if !definition {
		extra["host"] = "orders.ameide.io"
		a["include_gitops"], a["include_test_harness"] = true, true
	}
	maps.DeleteFunc(extra, func(field string, _ any) bool { return !scaffold.Has(kind, field) })
	maps.Copy(a, extra)
	if len(scaffold.Languages(kind)) > 1 {
		a["lang"] = string(lang)
	}
	return a
}

// typed is the same order on the command line.
func (a asked) typed(word, code, gitops string) []string {
	args := []string{"primitive", "scaffold", "--kind", word, "--repo-root", code, "--gitops-root", gitops}
	for _, field := range slices.Sorted(maps.Keys(a)) {
		flag := "--" + strings.ReplaceAll(field, "_", "-")
		if a[field] == true {
			args = append(args, flag)
		} else {
			args = append(args, flag, fmt.Sprint(a[field]))
		}
	}
	return args
}

// fromTerminal are the files of an order, below code/ and gitops/, as ameide primitive scaffold writes them.
func (a asked) fromTerminal(t *testing.T, word string) map[string]string {
	t.Helper()
	root := t.TempDir()
	code, gitops := filepath.Join(root, "code"), filepath.Join(root, "gitops")
	must(t, os.MkdirAll(code, 0o755))
	must(t, os.MkdirAll(filepath.Join(gitops, "sources"), 0o755))
	ran(t, a.typed(word, code, gitops)...)
	return contents(t, root)
}

// fromPortal are the files of the same order, as the scaffolder's steps write them.
func (a asked) fromPortal(t *testing.T, b *lab.Backstage, dir string) map[string]string {
	t.Helper()
	order, err := lab.NewDryRun(os.DirFS(dir), a)
	must(t, err)
	run, status, refusal := b.DryRun(t, order)
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, refusal)
	}
	files := map[string]string{}
	for _, f := range run.Files {
		files["/"+f.Path] = string(f.Content)
	}
	return files
}

// The real scaffolder writes what the terminal writes, byte for byte: every kind and language, every cell of the namespace
// rules, and names and descriptions that something could trip over.
func TestThePortalWritesWhatTheTerminalWrites(t *testing.T) {
	lab.Slow(t)
	forms := generatedForms(t)
	backstage := lab.Scaffolder(t)
	names := []string{"orders", "order-intake", "a", "x1-2", "go-test", "a-b-c-d-1", strings.Repeat("n", 30)}
	n := 0
	for _, word := range scaffold.KindWords() {
		kind, definition := scaffold.ParseKind(word)
		for _, lang := range scaffold.Languages(kind) {
			for _, origin := range tenancy.Origins() {
				for _, sku := range tenancy.SKUs() {
					if definition && sku != tenancy.SKUShared {
						continue // nothing of it depends on where it runs
					}
					a := order(word, lang, names[n%len(names)], origin, sku)
					n++
					want, got := a.fromTerminal(t, word), a.fromPortal(t, backstage, filepath.Join(forms, word))
					if diff := cmp.Diff(want, got); diff != "" || len(want) < 3 {
						t.Errorf("%s %s %v (-terminal +portal)\n%s", word, lang, a, diff)
					}
				}
			}
		}
	}
	refusedByTheForm(t, backstage, forms)
}

// refusedByTheForm: what the terminal refuses does not get past the form either, although nobody fills it in in a browser.
func refusedByTheForm(t *testing.T, b *lab.Backstage, forms string) {
	t.Helper()
	for field, values := range map[string][]string{
		"name":        {"", "../../x", "Orders", "type", "class", "v2", "com1", "a🚀", strings.Repeat("n", 200)},
		"tenant":      {"tenant_", "Acme", strings.Repeat("n", 44)},
		"origin":      {"", "nobody"},
		"sku":         {"", "Free"},
		"description": {"two\nlines"},
	} {
		for _, value := range values {
			a := order("domain", scaffold.Go, "orders", tenancy.OriginTenant, tenancy.SKUShared)
			a[field] = value
			refused, err := lab.NewDryRun(os.DirFS(filepath.Join(forms, "domain")), a)
			must(t, err)
			if _, status, _ := b.DryRun(t, refused); status != http.StatusBadRequest {
				t.Errorf("%s %q: status %d", field, value, status)
			}
		}
	}
}

// A dry run has no modes. The action that it runs keeps them, and keeps links: so shell scripts of the portal can be executed
// like those of the terminal.
func TestTheActionOfThePortalKeepsModesAndLinks(t *testing.T) {
	lab.Slow(t)
	forms := generatedForms(t)
	dir := filepath.Join(forms, "domain")
	must(t, os.Symlink("config.go", filepath.Join(dir, "skeleton/go/code/internal/config/link.go")))
	workspace := t.TempDir()
	values := map[string]any{"name": "orders", "kind": "domain", "lang": "go", "services": []any{}}
	lab.FetchTemplate(t, dir, workspace, []map[string]any{
		{"url": "./skeleton/go/code", "targetPath": "./code", "values": values},
		{"url": "./skeleton/go/harness", "targetPath": "./code", "values": values},
	})
	root := t.TempDir()
	a := order("domain", scaffold.Go, "orders", tenancy.OriginPlatform, tenancy.SKUShared)
	must(t, os.MkdirAll(filepath.Join(root, "sources"), 0o755))
	ran(t, a.typed("domain", root, root)...)
	scripts := 0
	for name := range contents(t, filepath.Join(root, "primitives/domain/orders")) {
		want, err := os.Stat(filepath.Join(root, "primitives/domain/orders", name))
		must(t, err)
		got, err := os.Stat(filepath.Join(workspace, "code", name))
		if err != nil {
			continue // of a layer that was not fetched
		}
		if want.Mode() != got.Mode() {
			t.Errorf("%s: mode %s in the portal, %s in the terminal", name, got.Mode(), want.Mode())
		}
		if want.Mode()&0o111 != 0 {
			scripts++
		}
	}
	if scripts == 0 {
		t.Error("nothing can be executed")
	}
	if target, err := os.Readlink(filepath.Join(workspace, "code/internal/config/link.go")); err != nil || target != "config.go" {
		t.Errorf("the link leads to %q, %v", target, err)
	}
}
