package imagecheck

import (
	"path"
	"strings"
)

// rootfs is the part of an image's file system that leads to programs: executables and links, of the layers seen so far.
// Layers are added from the top; what a higher layer says wins, and whiteouts hide what lies below (OCI image layer
// specification).
type rootfs struct {
	entries map[string]node
	layer   int // number of the layer being added, 0 is the top
	full    bool
}

// node is one path.
type node struct {
	kind  nodeKind
	layer int
	text  string // target of a link; head of a file
}

type nodeKind byte

const (
	file nodeKind = iota
	link          // symbolic, or a hard link made absolute
	gone          // whiteout
	opaque
)

// maxEntries bounds memory: about 150 bytes each. Images of distributions have a few thousand.
const maxEntries = 100_000

func newRootfs() *rootfs { return &rootfs{entries: map[string]node{}} }

// add notes a path of the current layer unless a higher layer decides about it.
func (r *rootfs) add(p string, kind nodeKind, text string) {
	p = clean(p)
	if old, ok := r.entries[p]; ok && (old.layer < r.layer || kind == gone || kind == opaque) || r.hidden(p) {
		return
	}
	if len(r.entries) >= maxEntries {
		r.full = true
		return
	}
	r.entries[p] = node{kind, r.layer, text}
}

// folder notes a folder that the current layer removed and made again: it is empty, not gone. Other folders lead nowhere.
func (r *rootfs) folder(p string) {
	if n, ok := r.entries[clean(p)]; ok && n.kind == gone && n.layer == r.layer {
		r.entries[clean(p)] = node{opaque, r.layer, ""}
	}
}

// hidden tells whether a higher layer removed or replaced a folder above p.
func (r *rootfs) hidden(p string) bool {
	for dir := path.Dir(p); ; dir = path.Dir(dir) {
		if n, ok := r.entries[dir]; ok && n.layer < r.layer {
			return true
		}
		if dir == "/" {
			return false
		}
	}
}

// found is the answer of a lookup.
type found int

const (
	unknown found = iota // the layers seen so far do not tell
	present
	absent
)

// maxLinks is Linux' own bound on links in one path (MAXSYMLINKS).
const maxLinks = 40

// lookup follows links to the file at a path: its real path and head.
func (r *rootfs) lookup(p string) (found, string, string) {
	p = clean(p)
	for range maxLinks {
		next, n, ok := r.step(p)
		switch {
		case !ok:
			return unknown, p, ""
		case n.kind == gone:
			return absent, p, ""
		case n.kind == file:
			if next != p {
				return absent, p, "" // a file where a folder is needed
			}
			return present, p, n.text
		}
		target := n.text
		if !strings.HasPrefix(target, "/") {
			target = path.Join(path.Dir(next), target)
		}
		p = clean(path.Join(target, strings.TrimPrefix(p, next)))
	}
	return absent, p, ""
}

// step is the first node on the way to p that is no mere folder.
func (r *rootfs) step(p string) (string, node, bool) {
	for i := 1; i <= len(p); i++ {
		if i < len(p) && p[i] != '/' {
			continue
		}
		if n, ok := r.entries[p[:i]]; ok && n.kind != opaque {
			return p[:i], n, true
		}
	}
	return "", node{}, false
}

func clean(p string) string { return path.Clean("/" + p) }
