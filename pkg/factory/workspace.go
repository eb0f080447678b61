package factory

import (
	"bytes"
	"io/fs"
	"maps"
	"slices"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/yamledit"
)

// workspace holds other people's files while they are edited in memory: nothing reaches the checkout before every edit
// has worked.
type workspace struct {
	fsys    fs.FS
	spec    *spec.Spec
	sources map[string][]byte             // as read; nil for a file that does not exist
	docs    map[string]*yamledit.Document // YAML files, as edited so far
	texts   map[string][]byte             // Helm templates, as edited so far
	absent  map[string]bool               // templates whose chart is not in this checkout
}

func newWorkspace(fsys fs.FS, s *spec.Spec) *workspace {
	return &workspace{
		fsys: fsys, spec: s,
		sources: map[string][]byte{}, docs: map[string]*yamledit.Document{},
		texts: map[string][]byte{}, absent: map[string]bool{},
	}
}

// read is a file's bytes, nil when it does not exist.
func (w *workspace) read(file string) ([]byte, error) {
	if src, ok := w.sources[file]; ok {
		return src, nil
	}
	src, err := checkout.Read(w.fsys, file)
	if err != nil {
		return nil, err
	}
	w.sources[file] = src
	return src, nil
}

// existing is a YAML file, nil when the checkout has none.
func (w *workspace) existing(file string) (*yamledit.Document, error) {
	if src, err := w.read(file); err != nil || src == nil {
		return nil, err
	}
	return w.document(file)
}

// editText edits a Helm template. A chart that this checkout does not have is left to the report.
func (w *workspace) editText(file string, edit func(name, text string) (string, error)) error {
	src, err := w.read(file)
	if err != nil {
		return err
	}
	if src == nil {
		w.absent[file] = true
		return nil
	}
	text, ok := w.texts[file]
	if !ok {
		text = src
	}
	edited, err := edit(file, string(text))
	if err != nil {
		return err
	}
	w.texts[file] = []byte(edited)
	return nil
}

// files are the edited files as a plan: those that changed or were looked at, sorted.
func (w *workspace) files() []checkout.File {
	var files []checkout.File
	for _, name := range slices.Sorted(maps.Keys(w.docs)) {
		content := w.docs[name].Bytes()
		if w.sources[name] == nil && len(content) == 0 {
			continue // looked for, not there, nothing to say in it
		}
		files = append(files, w.file(name, content))
	}
	for _, name := range slices.Sorted(maps.Keys(w.texts)) {
		files = append(files, w.file(name, w.texts[name]))
	}
	return files
}

func (w *workspace) file(name string, content []byte) checkout.File {
	f := checkout.File{Path: name, Content: content, From: w.sources[name], Kind: checkout.Edited}
	switch src := w.sources[name]; {
	case src == nil:
		f.Reason = "the platform's file is not here: created with the portal's part alone"
	case !bytes.Equal(src, content):
		f.Reason = "the portal's part added"
	}
	return f
}
