// Package yamledit edits YAML files that belong to somebody else and changes
// only the bytes that must change.
//
// No YAML library writes a commented values file back as it was: they all
// re-indent, re-flow or move comments. Here the parser is used for positions
// only. Every edit is a set of byte splices into the file as it was read, and
// the result is parsed again: it must equal the old document plus exactly the
// intended change, otherwise the edit fails and nothing is returned. Comments,
// order, quoting, anchors, blank lines, line endings, a byte order mark and a
// missing final newline therefore stay as they are.
//
// A [Document] is immutable; every operation returns a new one. An operation
// on a document that already says what is wanted returns the document itself.
//
// Templates of Helm charts are not YAML; package helmtext edits those.
package yamledit
