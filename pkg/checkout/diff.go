package checkout

import (
	"strings"

	udiff "github.com/aymanbagabas/go-udiff"
)

// LineKind is what a line of a diff is.
type LineKind int

// The kinds of lines of a unified diff.
const (
	Header  LineKind = iota // the two names
	Hunk                    // @@ -1,2 +1,3 @@
	Context                 // in both, or the remark that the last line has no ending
	Added
	Removed
)

// DiffLine is one line of a unified diff, without its line feed.
type DiffLine struct {
	Kind LineKind
	Text string // with the mark in front
}

// Diff is the change as a unified diff that `git apply` and `patch -p1` accept, empty when nothing is written.
func (c Change) Diff() string {
	if c.New == nil {
		return ""
	}
	from := "a/" + c.Path
	if c.Old == nil {
		from = "/dev/null"
	}
	old := string(c.Old)
	text, err := udiff.ToUnified(from, "b/"+c.Path, old, edits(old, string(c.New)), udiff.DefaultContextLines)
	if err != nil { // edits that were computed from the text always fit it
		panic(err)
	}
	return text
}

// DiffLines is Diff line by line, for those who colour it. A removed line that starts with "--" looks like a header;
// its place tells them apart.
func (c Change) DiffLines() []DiffLine {
	var lines []DiffLine
	kind := Header
	for text := range strings.Lines(c.Diff()) {
		text = strings.TrimSuffix(text, "\n")
		switch {
		case strings.HasPrefix(text, "@@"):
			kind = Hunk
		case kind != Header:
			kind = bodyKind(text)
		}
		lines = append(lines, DiffLine{kind, text})
	}
	return lines
}

func bodyKind(text string) LineKind {
	switch {
	case strings.HasPrefix(text, "+"):
		return Added
	case strings.HasPrefix(text, "-"):
		return Removed
	}
	return Context
}

// edits turns old into new, whole lines at a time.
func edits(old, new string) []udiff.Edit {
	a, b := splitLines(old), splitLines(new)
	var list []udiff.Edit
	offset, line := 0, 0
	for _, h := range diffLines(a, b) {
		for ; line < h.a0; line++ {
			offset += len(a[line])
		}
		e := udiff.Edit{Start: offset, New: strings.Join(b[h.b0:h.b1], "")}
		for ; line < h.a1; line++ {
			offset += len(a[line])
		}
		e.End = offset
		list = append(list, e)
	}
	return list
}
