package factory

import (
	"fmt"
	"path"

	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/yamledit"
)

// item is one entry that a list in a component's values must hold. Helm replaces lists as a whole, so the entry goes into
// the shared values and into the values of every environment that has the list itself.
type item struct {
	list string // path of the list, for example managed.roles
	key  string // field that names an entry
	name string // its value
	of   func(envs []spec.Environment) any
}

func (i item) path() string { return fmt.Sprintf("%s[%s=%s]", i.list, i.key, i.name) }

// layered are the value files of one component: shared values and one file for each environment.
type layered struct {
	domain, component string
}

func (l layered) shared() string {
	return path.Join("sources/values/_shared", l.domain, l.component+".yaml")
}

func (l layered) env(name string) string {
	return path.Join("sources/values/env", name, l.domain, l.component+".yaml")
}

// ensureItems edits the shared file and the environments' files so that every environment's effective values hold the
// items. It edits the files of selected environments only, but asks all of them who inherits the shared list.
func (w *workspace) ensureItems(l layered, items []item, selected map[string]bool) error {
	for _, i := range items {
		var inherit []spec.Environment
		for _, e := range w.spec.Environments {
			replaces, err := w.hasList(l.env(e.Name), i.list)
			if err != nil {
				return err
			}
			if !replaces {
				inherit = append(inherit, e)
			} else if selected[e.Name] {
				if err := w.ensure(l.env(e.Name), i.path(), i.of([]spec.Environment{e})); err != nil {
					return err
				}
			}
		}
		if len(inherit) == 0 {
			inherit = w.spec.Environments
		}
		if err := w.ensure(l.shared(), i.path(), i.of(inherit)); err != nil {
			return err
		}
	}
	return nil
}

// hasList tells whether a file writes the list itself and so replaces the shared one.
func (w *workspace) hasList(file, list string) (bool, error) {
	doc, err := w.document(file)
	if err != nil {
		return false, err
	}
	v, ok, err := doc.Get(list)
	return ok && err == nil && v.List(), err
}

// ensure makes a file say a value at a path; the change stays in the workspace.
func (w *workspace) ensure(file, at string, value any) error {
	doc, err := w.document(file)
	if err != nil {
		return err
	}
	text, err := fragment(value)
	if err != nil {
		return err
	}
	edited, err := doc.Ensure(at, text)
	if err != nil {
		return err
	}
	w.docs[file] = edited
	return nil
}

// document is a file as edited so far; a file that does not exist is an empty document.
func (w *workspace) document(file string) (*yamledit.Document, error) {
	if doc, ok := w.docs[file]; ok {
		return doc, nil
	}
	src, err := w.read(file)
	if err != nil {
		return nil, err
	}
	doc, err := yamledit.Parse(file, src)
	if err != nil {
		return nil, err
	}
	w.docs[file] = doc
	return doc, nil
}
