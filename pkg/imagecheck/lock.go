package imagecheck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// LockName is the lock file's usual name, at the root of a checkout.
const LockName = "ameide.images.lock"

// lockVersion is the only format that is read.
const lockVersion = 1

// Lock is what was determined about images, for checks without a network. It holds facts and no verdicts, so that another
// list of platforms is judged from the same file; and no times, so that equal facts are equal bytes.
type Lock struct {
	Version int         `json:"version"`
	Images  []LockEntry `json:"images"` // sorted by image
}

// LockEntry is one image as it was asked for. Deep tells that its programs were examined for the platforms in Detailed.
type LockEntry struct {
	Image    string     `json:"image"`
	Detailed []Platform `json:"detailed,omitempty"`
	Deep     bool       `json:"deep,omitempty"`
	Commands [][]string `json:"commands,omitempty"` // that Deep followed; none is the image's own
	Facts
}

// ParseLock reads a lock file.
func ParseLock(name string, data []byte) (*Lock, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var l Lock
	if err := d.Decode(&l); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if l.Version != lockVersion {
		return nil, fmt.Errorf("%s: version %d, this program reads %d", name, l.Version, lockVersion)
	}
	return &l, nil
}

// Bytes is the file: sorted, so that the same facts are the same bytes.
func (l *Lock) Bytes() ([]byte, error) {
	l.Version = lockVersion
	slices.SortFunc(l.Images, func(a, b LockEntry) int { return strings.Compare(a.Image, b.Image) })
	if l.Images == nil {
		l.Images = []LockEntry{}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(l)
	return out.Bytes(), err
}

// Find is the entry of an image; nil without one.
func (l *Lock) Find(image string) *LockEntry {
	for i := range l.Images {
		if l.Images[i].Image == image {
			return &l.Images[i]
		}
	}
	return nil
}

// Put replaces the entry of an image.
func (l *Lock) Put(image string, need Need, f *Facts) {
	e := LockEntry{Image: image, Deep: need.Deep, Facts: *f}
	if need.Deep {
		e.Commands = need.Commands
	}
	if need.Config || need.Deep {
		e.Detailed = need.Platforms
	}
	if old := l.Find(image); old != nil {
		*old = e
		return
	}
	l.Images = append(l.Images, e)
}

// Keep drops the entries of images that are not used any more and returns their names, sorted.
func (l *Lock) Keep(used func(image string) bool) []string {
	stale := l.Stale(used)
	l.Images = slices.DeleteFunc(l.Images, func(e LockEntry) bool { return !used(e.Image) })
	return stale
}

// Stale names the entries of images that are not used any more, sorted.
func (l *Lock) Stale(used func(image string) bool) []string {
	out := []string{}
	for _, e := range l.Images {
		if !used(e.Image) {
			out = append(out, e.Image)
		}
	}
	slices.Sort(out)
	return out
}

// Answer is what the lock knows about an image, or why that is not enough.
func (l *Lock) Answer(image string, need Need) Answer {
	ref, err := ParseRef(image)
	if err != nil {
		return Answer{Err: err}
	}
	e := l.Find(image)
	switch {
	case e == nil:
		return Answer{Ref: ref, Err: classify(image, failure(Unlocked, "the lock file does not know it"))}
	case need.Deep && !e.Deep:
		return Answer{Ref: ref, Err: classify(image, failure(Unlocked, "the lock file's entry is stale: it was made without --deep"))}
	case need.Deep && !slices.EqualFunc(need.Commands, e.Commands, slices.Equal[[]string]):
		return Answer{Ref: ref, Err: classify(image, failure(Unlocked, "the lock file's entry is stale: other commands are started now"))}
	case ref.Pinned() && e.Digest != ref.Digest:
		return Answer{Ref: ref, Err: classify(image, failure(Unlocked, "the lock file's entry is stale: it is about %s", e.Digest))}
	}
	if need.Config || need.Deep {
		for _, p := range need.Platforms {
			if e.child(p) != nil && !slices.Contains(e.Detailed, p) {
				return Answer{Ref: ref, Err: classify(image, failure(Unlocked, "the lock file's entry is stale: it says too little about %s", p))}
			}
		}
	}
	return Answer{Ref: ref, Facts: &e.Facts}
}

// Moved is the issue of a tag that names other content now than when the lock file was written; false when it does not.
func (l *Lock) Moved(image string, f *Facts) (Issue, bool) {
	e := l.Find(image)
	if e == nil || e.Digest == f.Digest {
		return Issue{}, false
	}
	return Issue{
		Check: CheckLock, Severity: WarningSeverity,
		Message: fmt.Sprintf("the lock file is stale: it knows %s, the registry serves %s", e.Digest, f.Digest),
		Hint:    "if the new content is meant, run it again with --update-lock",
	}, true
}
