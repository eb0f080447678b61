package checkout

import (
	"bytes"
	"fmt"
	"strings"

	udiff "github.com/aymanbagabas/go-udiff"
	"github.com/aymanbagabas/go-udiff/myers"
)

// Conflict is one place where the user's edit and the new version collide. Line counts from 1 in the user's file.
type Conflict struct {
	Line  int
	Base  []string // as it was written last; empty when there is no base
	Yours []string
	New   []string
}

// merge combines the user's file with the new version, both derived from base. Edits of different lines are taken from
// both; edits that touch or overlap and are not the same are conflicts. A file with CRLF line endings keeps them.
func merge(base, yours, new []byte) ([]byte, []Conflict) {
	crlf := bytes.Contains(yours, []byte("\r\n")) && !bytes.Contains(base, []byte("\r\n"))
	b, y, n := string(base), string(yours), string(new)
	if crlf {
		y = strings.ReplaceAll(y, "\r\n", "\n")
	}
	merged, conflicts := merge3(b, y, n)
	if crlf {
		merged = strings.ReplaceAll(merged, "\n", "\r\n")
	}
	return []byte(merged), conflicts
}

func merge3(base, yours, new string) (string, []Conflict) {
	switch {
	case yours == new || base == new:
		return yours, nil
	case base == yours:
		return new, nil
	}
	mine, theirs := myers.ComputeEdits(base, yours), myers.ComputeEdits(base, new)
	var merged []udiff.Edit
	var conflicts []Conflict
	shift := 0 // bytes by which yours is ahead of base
	for len(mine) > 0 || len(theirs) > 0 {
		m, t := cluster(&mine, &theirs)
		if len(m) == 0 || len(t) == 0 || equalEdits(m, t) {
			merged = append(merged, pick(m, t)...)
		} else {
			conflicts = append(conflicts, conflictOf(base, yours, m, t, shift))
		}
		for _, e := range m {
			shift += len(e.New) - (e.End - e.Start)
		}
	}
	if len(conflicts) > 0 {
		return "", conflicts
	}
	out, err := udiff.Apply(base, merged)
	if err != nil { // edits of one text that do not overlap always apply
		panic(err)
	}
	return out, nil
}

// cluster takes the next edit off both lists, and every further one that touches what was taken.
func cluster(mine, theirs *[]udiff.Edit) (m, t []udiff.Edit) {
	var start, end int
	switch {
	case len(*theirs) == 0 || len(*mine) > 0 && (*mine)[0].Start <= (*theirs)[0].Start:
		start, end = (*mine)[0].Start, (*mine)[0].End
	default:
		start, end = (*theirs)[0].Start, (*theirs)[0].End
	}
	touches := func(list []udiff.Edit) bool { return len(list) > 0 && list[0].Start <= end && list[0].End >= start }
	for grown := true; grown; {
		grown = false
		for _, side := range []struct{ from, to *[]udiff.Edit }{{mine, &m}, {theirs, &t}} {
			for touches(*side.from) {
				e := (*side.from)[0]
				*side.to, *side.from = append(*side.to, e), (*side.from)[1:]
				end = max(end, e.End)
				grown = true
			}
		}
	}
	return m, t
}

func pick(m, t []udiff.Edit) []udiff.Edit {
	if len(m) > 0 {
		return m
	}
	return t
}

// equalEdits compares what two clusters make of the same range.
func equalEdits(m, t []udiff.Edit) bool {
	if len(m) != len(t) {
		return false
	}
	for i := range m {
		if m[i] != t[i] {
			return false
		}
	}
	return true
}

func conflictOf(base, yours string, m, t []udiff.Edit, shift int) Conflict {
	start := min(m[0].Start, t[0].Start)
	end := max(m[len(m)-1].End, t[len(t)-1].End)
	return Conflict{
		Line:  1 + strings.Count(yours[:start+shift], "\n"),
		Base:  lines(base[start:end]),
		Yours: lines(applied(base, start, end, m)),
		New:   lines(applied(base, start, end, t)),
	}
}

// applied is the range of base from start to end with edits applied.
func applied(base string, start, end int, edits []udiff.Edit) string {
	var out strings.Builder
	at := start
	for _, e := range edits {
		out.WriteString(base[at:e.Start])
		out.WriteString(e.New)
		at = e.End
	}
	out.WriteString(base[at:end])
	return out.String()
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// String is the conflict as Git shows one.
func (c Conflict) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "line %d\n", c.Line)
	for _, part := range []struct {
		mark  string
		lines []string
	}{{"<<<<<<< yours", c.Yours}, {"||||||| as ameide wrote it", c.Base}, {"======= new version", c.New}} {
		out.WriteString(part.mark + "\n")
		for _, l := range part.lines {
			out.WriteString(l + "\n")
		}
	}
	out.WriteString(">>>>>>>\n")
	return out.String()
}
