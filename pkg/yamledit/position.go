package yamledit

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

const byteOrderMark = "\xef\xbb\xbf"

// lines maps the positions of the YAML scanner (line, column in characters)
// to byte offsets. It breaks lines where the scanner does: CR LF, CR, LF, NEL,
// LS and PS. A leading byte order mark has no column.
type lines struct {
	src   []byte
	start []int
}

func newLines(src []byte) *lines {
	first := 0
	if bytes.HasPrefix(src, []byte(byteOrderMark)) {
		first = len(byteOrderMark)
	}
	l := &lines{src: src, start: []int{first}}
	for i := first; i < len(src); {
		if n := breakAt(src, i); n > 0 {
			i += n
			l.start = append(l.start, i)
			continue
		}
		i++
	}
	return l
}

// breakAt is the length of the line break at offset i, or zero.
func breakAt(src []byte, i int) int {
	switch rest := src[i:]; {
	case bytes.HasPrefix(rest, []byte("\r\n")), bytes.HasPrefix(rest, []byte("\u0085")):
		return 2
	case rest[0] == '\r', rest[0] == '\n':
		return 1
	case bytes.HasPrefix(rest, []byte("\u2028")), bytes.HasPrefix(rest, []byte("\u2029")):
		return 3
	}
	return 0
}

// offset is the byte offset of a line and column, both from one. A position
// behind the last character is the end of the text.
func (l *lines) offset(line, column int) int {
	if line > len(l.start) {
		return len(l.src)
	}
	i := l.start[line-1]
	for c := 1; c < column && i < len(l.src); c++ {
		_, n := utf8.DecodeRune(l.src[i:])
		i += n
	}
	return i
}

// index is the index in start of the line that holds offset.
func (l *lines) index(offset int) int {
	return max(sort.SearchInts(l.start, offset+1)-1, 0)
}

// position is the inverse of offset.
func (l *lines) position(offset int) (line, column int) {
	i := l.index(offset)
	from := min(l.start[i], offset)
	return i + 1, utf8.RuneCount(l.src[from:offset]) + 1
}

// lineStart is the offset of the first character of the line that holds offset.
func (l *lines) lineStart(offset int) int { return l.start[l.index(offset)] }

// nextLine is the offset behind the line break of the line that holds offset.
func (l *lines) nextLine(offset int) int {
	if i := l.index(offset) + 1; i < len(l.start) {
		return l.start[i]
	}
	return len(l.src)
}

// eol is the line break of the line that holds offset, else the first one of
// the file, else LF.
func (l *lines) eol(offset int) string {
	for _, i := range []int{l.index(offset) + 1, 1} {
		if i >= len(l.start) {
			continue
		}
		end := l.start[i]
		text := bytes.TrimRight(l.src[:end], "\r\n")
		if brk := string(l.src[len(text):end]); brk != "" {
			return lastBreak(brk)
		}
	}
	return "\n"
}

func lastBreak(s string) string {
	if n := len(s); n >= 2 && s[n-2:] == "\r\n" {
		return "\r\n"
	}
	return s[len(s)-1:]
}

// blankBefore reports whether only spaces and tabs stand between the start of
// the line and offset.
func (l *lines) blankBefore(offset int) bool {
	return len(bytes.Trim(l.src[l.lineStart(offset):offset], " \t")) == 0
}
