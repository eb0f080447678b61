package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"io"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

const (
	passwd = "root:x:0:0:root:/:/nonexistent\nnonroot:x:65532:65532:nonroot:/home/nonroot:/nonexistent\n"
	group  = "root:x:0:\nnonroot:x:65532:\n"
)

// writeRootFS writes a tar with what the binary needs beside itself. Its bytes depend on the module versions alone.
func writeRootFS(w io.Writer) error {
	return writeTar(w, []entry{
		{name: "etc/passwd", mode: 0o644, data: []byte(passwd)},
		{name: "etc/group", mode: 0o644, data: []byte(group)},
		{name: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, data: caBundle()},
		{name: "home/nonroot/", mode: 0o700, owner: uid},
		{name: "tmp/", mode: 0o1777},
		{name: "checkout/", mode: 0o755, owner: uid},
	})
}

// caBundle is Mozilla's roots, at the path where Go looks first on Linux. Roots that are trusted under a constraint are
// left out, because a bundle file cannot carry the constraint.
func caBundle() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return b.Bytes()
}

// entry is a file of a tar, or a folder when its name ends in a slash.
type entry struct {
	name  string
	mode  int64
	owner int
	data  []byte
}

// writeTar writes entries in the given order, all from the epoch, so that the same content is the same bytes.
func writeTar(w io.Writer, entries []entry) error {
	t := tar.NewWriter(w)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: e.mode, Uid: e.owner, Gid: e.owner, Size: int64(len(e.data)), Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		if e.name[len(e.name)-1] == '/' {
			h.Typeflag = tar.TypeDir
		}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := t.Write(e.data); err != nil {
			return err
		}
	}
	return t.Close()
}
