package images

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/ameideio/ameide/pkg/imagecheck"
	"github.com/ameideio/ameide/pkg/yamledit"
)

// Pin is the digest for one reference, and what became of the places that ask for it.
type Pin struct {
	Image  string   `json:"image"`
	Pinned string   `json:"pinned"` // the reference with its digest
	Places []string `json:"places"` // file:line that are written
	Manual []string `json:"manual"` // file:line that somebody must edit, because no value says the image by itself
}

// Edit is a file's new content.
type Edit struct {
	Path string
	Data []byte
}

// Pins decides how to pin images whose verdicts are given (same order): which references change, and the bytes of the
// files in which they are written. Images that are pinned, or did not pass, are left out: nobody should run those for good.
// Nothing is written.
func Pins(fsys fs.FS, items []Item, verdicts []imagecheck.Verdict) ([]Pin, []Edit, error) {
	pins := []Pin{}
	docs := map[string]*yamledit.Document{}
	for n, item := range items {
		ref, err := imagecheck.ParseRef(item.Image)
		v := verdicts[n]
		if err != nil || ref.Pinned() || v.Status != imagecheck.Pass {
			continue
		}
		p := Pin{Image: item.Image, Pinned: ref.WithDigest(v.Digest), Places: []string{}, Manual: []string{}}
		for _, u := range item.Uses {
			if err := p.place(fsys, docs, u, ref, v.Digest); err != nil {
				return nil, nil, err
			}
		}
		pins = append(pins, p)
	}
	var edits []Edit
	for _, path := range slices.Sorted(maps.Keys(docs)) {
		edits = append(edits, Edit{path, docs[path].Bytes()})
	}
	return pins, edits, nil
}

// place splices the digest into the values that one use comes from.
func (p *Pin) place(fsys fs.FS, docs map[string]*yamledit.Document, u Use, ref imagecheck.Ref, digest string) error {
	where := u.Where()
	if slices.Contains(p.Places, where) || slices.Contains(p.Manual, where) {
		return nil
	}
	if u.pin == nil {
		p.Manual = append(p.Manual, where)
		return nil
	}
	path, ok := u.pin.yamlPath()
	if !ok {
		p.Manual = append(p.Manual, where)
		return nil
	}
	doc, err := open(fsys, docs, u.pin.at.File)
	if err != nil {
		return err
	}
	edited, err := doc.Set(path, u.pin.scalar(p.Pinned, ref.Tag, digest))
	if err != nil {
		return fmt.Errorf("pin %s: %w", p.Image, err)
	}
	docs[u.pin.at.File] = edited
	p.Places = append(p.Places, where)
	return nil
}

func open(fsys fs.FS, docs map[string]*yamledit.Document, file string) (*yamledit.Document, error) {
	if d := docs[file]; d != nil {
		return d, nil
	}
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	return yamledit.Parse(file, data)
}
