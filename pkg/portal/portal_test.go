package portal_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/portal"
	"github.com/ameideio/ameide/pkg/spec"
)

// tree has the product's derivations and template, and one file for each layer.
func tree(t *testing.T) fstest.MapFS {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, name := range []string{"primitives/values.yaml", "portal/template.yaml.tmpl"} {
		text, err := os.ReadFile("../../templates/" + name)
		if err != nil {
			t.Fatal(err)
		}
		fsys[name] = &fstest.MapFile{Data: text}
	}
	for _, layer := range []string{"_common/code", "_common/repo", "_gitops/platform", "_gitops/tenant", "_design/process", "_design/agent"} {
		fsys["primitives/"+layer+"/common.txt.tmpl"] = &fstest.MapFile{Data: []byte("[[ .Name ]]\n")}
	}
	for _, layer := range []string{"domain/go/code", "domain/go/harness", "domain/ts/code", "process/go/code", "agent/python/code", "uisurface/ts/code"} {
		fsys["primitives/"+layer+"/{name}.txt.tmpl"] = &fstest.MapFile{Data: []byte("[[ .Pascal ]] ${{ secrets.X }}\n")}
	}
	fsys["primitives/domain/go/harness/run.sh.tmpl"] = &fstest.MapFile{Data: []byte("echo\n")}
	return fsys
}

func TestEveryKindGetsATemplateAndItsSkeletons(t *testing.T) {
	s := spec.Default()
	files, err := portal.Templates(tree(t), &s)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]checkout.File{}
	for _, f := range files {
		got[strings.TrimPrefix(f.Path, portal.Dir+"/")] = f
	}
	for _, want := range []string{
		"process-definition/template.yaml", "agent-definition/skeleton/definition/common.txt", "domain/template.yaml", "process/template.yaml", "agent/template.yaml", "uisurface/template.yaml",
		"domain/skeleton/common/code/common.txt", "domain/skeleton/go/code/${{ values.name }}.txt",
		"domain/skeleton/ts/code/${{ values.name }}.txt", "agent/skeleton/gitops/tenant/common.txt",
	} {
		if _, ok := got[want]; !ok {
			t.Errorf("no %s", want)
		}
	}
	if got, want := string(got["process/skeleton/go/code/${{ values.name }}.txt"].Content), "${{ values.pascal }} ${{ \"${{\" }} secrets.X }}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := got["domain/skeleton/go/harness/run.sh"].Mode; got != 0o755 {
		t.Errorf("a script has mode %o", got)
	}
}

func TestATemplateIsYAMLWhoseStepsHaveEveryValue(t *testing.T) {
	s := spec.Default()
	files, err := portal.Templates(tree(t), &s)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Path, "/template.yaml") {
			continue
		}
		var entity struct {
			Spec struct {
				Steps []struct {
					ID    string
					Input map[string]any
				}
			}
		}
		if err := yaml.Unmarshal(f.Content, &entity); err != nil {
			t.Fatalf("%s: %v\n%s", f.Path, err, f.Content)
		}
		for _, step := range entity.Spec.Steps {
			values, _ := step.Input["values"].(map[string]any)
			if values == nil {
				continue
			}
			for _, name := range []string{"name", "pascal", "places", "services", "repository", "image"} {
				if values[name] == nil {
					t.Errorf("%s: step %s lacks the value %s", f.Path, step.ID, name)
				}
			}
		}
	}
}

func TestASkeletonThatOneEngineCannotRenderIsRefusedWithItsPlace(t *testing.T) {
	fsys := tree(t)
	fsys["primitives/process/go/code/x.go.tmpl"] = &fstest.MapFile{Data: []byte("a\n[[ printf \"%s\" .Name ]]\n")}
	s := spec.Default()
	_, err := portal.Templates(fsys, &s)
	if want := "templates/primitives/process/go/code/x.go.tmpl:2"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error at %s", err, want)
	}
}
