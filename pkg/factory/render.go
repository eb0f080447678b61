package factory

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/lazy"
	"github.com/ameideio/ameide/pkg/spec"
)

const (
	suffix     = ".tmpl"
	envSegment = "{env}"
)

// data is what a template sees. Env is the zero value in files that belong to no environment.
type data struct {
	Spec  *spec.Spec
	Env   spec.Environment
	Image spec.Image
}

// generated executes every template of tree and returns the files of the checkout, without those of skipped
// environments and, where no local environment exists, without its own component tree.
func generated(tree fs.FS, s *spec.Spec, envs []string) ([]checkout.File, error) {
	var files []checkout.File
	r := renderer{tree: tree, spec: s, envs: envs, base: template.New("").Delims("[[", "]]").Option("missingkey=error").Funcs(functions())}
	err := fs.WalkDir(tree, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, suffix) {
			return err
		}
		out, err := r.expand(p)
		files = append(files, out...)
		return err
	})
	return files, err
}

// renderer executes the templates of one tree for one installation.
type renderer struct {
	tree fs.FS
	spec *spec.Spec
	envs []string           // environments whose files are wanted
	base *template.Template // what all of them have in common: functions, delimiters and options
}

// expand is one template as one file, or as one file for each environment.
func (r renderer) expand(p string) ([]checkout.File, error) {
	target := strings.TrimSuffix(p, suffix)
	perEnv := strings.Contains(target, envSegment)
	if !perEnv && !wanted(target, r.spec) {
		return nil, nil
	}
	t, err := r.parse(p)
	if err != nil {
		return nil, err
	}
	if !perEnv {
		f, err := execute(t, target, data{Spec: r.spec, Image: r.spec.Image})
		return []checkout.File{f}, err
	}
	var files []checkout.File
	for _, e := range r.spec.Environments {
		if !slices.Contains(r.envs, e.Name) {
			continue
		}
		f, err := execute(t, strings.ReplaceAll(target, envSegment, e.Name), data{Spec: r.spec, Env: e, Image: r.spec.ImageOf(e)})
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// wanted leaves out environments/<name>/ of an environment that the installation does not have.
func wanted(target string, s *spec.Spec) bool {
	dir, rest, _ := strings.Cut(target, "/")
	if dir != "environments" {
		return true
	}
	name, _, _ := strings.Cut(rest, "/")
	if name == "_shared" {
		return true
	}
	_, ok := s.Environment(name)
	return ok
}

func (r renderer) parse(p string) (*template.Template, error) {
	text, err := fs.ReadFile(r.tree, p)
	if err != nil {
		return nil, err
	}
	t, err := r.base.New(p).Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("parse template %s: %w", p, err)
	}
	return t, nil
}

func execute(t *template.Template, target string, d data) (checkout.File, error) {
	var out bytes.Buffer
	if err := t.Execute(&out, d); err != nil {
		return checkout.File{}, fmt.Errorf("generate %s: %w", target, err)
	}
	return checkout.File{Path: target, Content: out.Bytes(), Mode: 0o644}, nil
}

// functions is sprig without what reads the machine, the clock or chance: the same input must give the same bytes.
func functions() template.FuncMap {
	f := sprig.TxtFuncMap()
	for name := range f {
		if impure(name) {
			delete(f, name)
		}
	}
	f["text"] = text
	return f
}

// notText matches what YAML, or one of its older readers, does not take for text when it stands without quotes.
var notText = lazy.Regexp(`(?i)^(?:y|n|yes|no|on|off|true|false|null|~|[-+.0-9_].*|.*:)?$`)

// text is a scalar of the spec as YAML reads it back as text.
func text(s string) string {
	if notText().MatchString(s) {
		return strconv.Quote(s)
	}
	return s
}

func impure(name string) bool {
	for _, prefix := range []string{"rand", "gen", "derive", "encrypt", "decrypt", "uuid", "now", "date", "ago", "env", "expandenv", "getHost", "bcrypt", "htpasswd", "buildCustomCert", "shuffle"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
