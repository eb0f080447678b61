package portal

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"golang.org/x/sync/errgroup"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/spec"
)

// Dir is the folder of the Software Templates in a GitOps checkout.
const Dir = "sources/backstage/templates"

// Templates plans the Software Template of every kind, and of the design-time artifacts, with its skeletons. tree is that of package templates: portal/ and
// primitives/. An error names the file and line of a skeleton that both engines cannot render.
func Templates(tree fs.FS, s *spec.Spec) ([]checkout.File, error) {
	text, err := fs.ReadFile(tree, "primitives/values.yaml")
	if err != nil {
		return nil, err
	}
	rules, err := scaffold.ParseDerivations(text)
	if err != nil {
		return nil, fmt.Errorf("primitives/values.yaml: %w", err)
	}
	entities, err := entityTemplate(tree)
	if err != nil {
		return nil, err
	}
	words := scaffold.KindWords()
	planned := make([][]checkout.File, len(words))
	compiled := &compiled{files: map[string]func() compilation{}}
	var g errgroup.Group
	for i, word := range words {
		g.Go(func() error {
			kind, definition := scaffold.ParseKind(word)
			f := &form{kind: kind, definition: definition, langs: scaffold.Languages(kind), spec: s, rules: rules, compiled: compiled}
			entity, err := f.entity(tree, entities)
			if err != nil {
				return fmt.Errorf("software template of kind %s: %w", word, err)
			}
			skeletons, err := f.skeletons(tree)
			planned[i] = append([]checkout.File{entity}, skeletons...)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(planned...), nil
}

// entityTemplate is the form, before it is filled in for a kind.
func entityTemplate(tree fs.FS) (*template.Template, error) {
	return template.New("template.yaml.tmpl").Delims("[[", "]]").Option("missingkey=error").Funcs(sprig.TxtFuncMap()).ParseFS(tree, "portal/template.yaml.tmpl")
}

func (f *form) entity(tree fs.FS, t *template.Template) (checkout.File, error) {
	d, err := f.data(tree)
	if err != nil {
		return checkout.File{}, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, d); err != nil {
		return checkout.File{}, err
	}
	return checkout.File{Path: path.Join(Dir, f.word(), "template.yaml"), Content: out.Bytes(), Mode: 0o644}, nil
}
