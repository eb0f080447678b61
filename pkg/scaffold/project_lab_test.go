package scaffold_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/skeleton"
	"github.com/ameideio/ameide/pkg/spec"
)

// project is the code of a primitive, freshly written.
type project struct {
	t   *testing.T
	dir string
	env []string
}

// newProject writes the code and the test runner of a kind in a language.
func newProject(t *testing.T, kind scaffold.Kind, lang scaffold.Lang, name string) *project {
	t.Helper()
	v := projectValues(t, kind, lang, name)
	p := &project{t: t, dir: t.TempDir()}
	for _, part := range []string{"code", "harness"} {
		p.layer(os.DirFS(filepath.Join("../../templates/primitives", string(kind), string(lang), part)), v)
	}
	return p
}

// projectValues are the values of such a project.
func projectValues(t *testing.T, kind scaffold.Kind, lang scaffold.Lang, name string) scaffold.Values {
	t.Helper()
	s := spec.Default()
	v, err := scaffold.Complete(scaffold.Params{
		Kind: kind, Lang: lang, Name: name, Origin: "platform", SKU: "Shared", Owner: "group:default/platform", System: "system:default/platform",
		Description: `What "it" is for.`, DefinitionID: "L2O_v3", DefinitionVersion: "3", Model: "gpt-4o-mini", RiskTier: "low", Host: "orders.ameide.io",
	}, nil, &s, derivations(t))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (p *project) layer(tree fs.FS, v scaffold.Values) {
	p.t.Helper()
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		content, err := skeleton.Execute(name, string(text), v)
		if err != nil {
			return err
		}
		target, err := skeleton.Path(strings.TrimSuffix(name, ".tmpl"), v)
		if err != nil {
			return err
		}
		p.write(target, content)
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) write(name, content string) {
	p.t.Helper()
	file := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), scaffold.Mode(name)); err != nil {
		p.t.Fatal(err)
	}
}

// files are the texts of the project, by their names.
func (p *project) files() map[string]string {
	p.t.Helper()
	texts := map[string]string{}
	err := fs.WalkDir(os.DirFS(p.dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(p.dir, name))
		texts[name] = string(text)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return texts
}

// replace is what somebody does who writes the business logic.
func (p *project) replace(name, before, after string) {
	p.t.Helper()
	file := filepath.Join(p.dir, name)
	text, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatal(err)
	}
	if strings.Count(string(text), before) != 1 {
		p.t.Fatalf("%s does not have once %q", name, before)
	}
	p.write(name, strings.Replace(string(text), before, after, 1))
}

// run is a command in the project's folder; err is how it ended.
func (p *project) run(name string, args ...string) (output string, err error) {
	p.t.Helper()
	c := exec.CommandContext(p.t.Context(), name, args...)
	c.Dir = p.dir
	c.Env = append(os.Environ(), p.env...)
	out, err := c.CombinedOutput()
	return string(out), err
}

// must is a command that ends well.
func (p *project) must(name string, args ...string) string {
	p.t.Helper()
	out, err := p.run(name, args...)
	if err != nil {
		p.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// goTests runs the tests and returns what each failed one said, by its name.
func (p *project) goTests() map[string]string {
	p.t.Helper()
	c := exec.CommandContext(p.t.Context(), "go", "test", "-json", "-count=1", "./...")
	c.Dir = p.dir
	c.Env = append(os.Environ(), p.env...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil && len(out) == 0 {
		p.t.Fatalf("go test: %v\n%s", err, stderr.String())
	}
	said, failed := map[string]string{}, map[string]string{}
	d := json.NewDecoder(bytes.NewReader(out))
	for d.More() {
		var e struct{ Action, Test, Package, Output string }
		if err := d.Decode(&e); err != nil {
			p.t.Fatal(err)
		}
		said[e.Test] += e.Output
		switch {
		case e.Action == "fail" && e.Test != "":
			failed[e.Test] = said[e.Test]
		case e.Action == "build-fail":
			failed["build of "+e.Package] = said[""]
		}
	}
	if err != nil && len(failed) == 0 {
		p.t.Fatalf("go test: %v\n%s%s", err, said[""], stderr.String())
	}
	return failed
}

// onlyMarked fails unless tests failed, and each because nobody has written the business logic.
func onlyMarked(t *testing.T, failed map[string]string) {
	t.Helper()
	if len(failed) == 0 {
		t.Error("every test passes: nothing waits for the business logic")
	}
	for name, said := range failed {
		if !strings.Contains(said, scaffold.Marker) {
			t.Errorf("%s fails for another reason:\n%s", name, said)
		}
	}
}
