package cmd

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain takes out of what other people wrote what a terminal would obey: names, statements and errors go there.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if obeyed(r) {
			return ' '
		}
		return r
	}, s)
}

// obeyed tells whether a terminal acts on a rune in place of showing it: control characters, C1 too, and those that turn
// the direction of writing, so that one name looks like another.
func obeyed(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// plainLines is plain for text of several lines.
func plainLines(p []byte) []byte {
	if bytes.IndexFunc(p, func(r rune) bool { return obeyed(r) && r != '\n' && r != '\t' }) < 0 {
		return p
	}
	return bytes.Map(func(r rune) rune {
		if obeyed(r) && r != '\n' && r != '\t' {
			return ' '
		}
		return r
	}, p)
}

// plainJSON escapes in a JSON document what a terminal would obey and encoding/json leaves as it is.
func plainJSON(document []byte) []byte {
	if bytes.IndexFunc(document, func(r rune) bool { return obeyed(r) && r != '\n' }) < 0 {
		return document
	}
	var out []byte
	for _, r := range string(document) {
		if obeyed(r) && r != '\n' {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}
