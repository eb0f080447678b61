package checkout

import (
	"fmt"
	"slices"
	"strings"
)

// Conflict is one place where the user's edit and the new version collide. Line counts from 1 in the user's file; the
// lines have no endings.
type Conflict struct {
	Line  int
	Base  []string // as ameide wrote it last
	Yours []string
	New   []string
}

// String is the conflict as Git shows one (diff3 style), under a line that says where it is.
func (c Conflict) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "line %d\n", c.Line)
	for _, part := range []struct {
		mark  string
		lines []string
	}{{"<<<<<<< yours", c.Yours}, {"||||||| as ameide wrote it", c.Base}, {"=======", c.New}, {">>>>>>> new version", nil}} {
		out.WriteString(part.mark + "\n")
		for _, l := range part.lines {
			out.WriteString(l + "\n")
		}
	}
	return out.String()
}

// merge combines the user's file with the new version, both derived from base. Lines that one side changed are taken
// from it. Where changes of both touch or overlap and do not say the same there is a conflict, and the text has the new
// version's lines. Line endings are not compared: the user's lines keep theirs, and lines of the new version get those of
// the user's file if it has others than base.
func merge(base, yours, new string) (string, []Conflict) {
	switch {
	case yours == new || base == new:
		return yours, nil
	case base == yours:
		return new, nil
	case strings.ContainsRune(base+yours+new, 0): // not text: there are no lines to merge
		return new, []Conflict{{Line: 1}}
	}
	m := merger{base: splitLines(base), yours: splitLines(yours), new: splitLines(new)}
	if e := ending(m.yours); e != ending(m.base) {
		for i, l := range m.new {
			if strings.HasSuffix(l, "\n") {
				m.new[i] = bare(l) + e
			}
		}
	}
	m.run(diffLines(bares(m.base), bares(m.yours)), diffLines(bares(m.base), bares(m.new)))
	return m.text(), m.conflicts
}

// ending is how most lines end.
func ending(lines []string) string {
	crlf := 0
	for _, l := range lines {
		if strings.HasSuffix(l, "\r\n") {
			crlf++
		}
	}
	if crlf > 0 && 2*crlf >= len(lines) {
		return "\r\n"
	}
	return "\n"
}

type merger struct {
	base, yours, new []string

	out       []string
	conflicts []Conflict
}

func (m *merger) run(mine, theirs []hunk) {
	at, yoursAt, newAt := 0, 0, 0 // done, in base, in yours, in new
	for len(mine) > 0 || len(theirs) > 0 {
		start, end, nm, nt := cluster(mine, theirs)
		m.out = append(m.out, m.yours[yoursAt:yoursAt+start-at]...)
		yoursAt, newAt = yoursAt+start-at, newAt+start-at
		yoursEnd, newEnd := yoursAt+span(mine[:nm], end-start), newAt+span(theirs[:nt], end-start)
		m.settle(nm, nt, [3][2]int{{start, end}, {yoursAt, yoursEnd}, {newAt, newEnd}})
		at, yoursAt, newAt = end, yoursEnd, newEnd
		mine, theirs = mine[nm:], theirs[nt:]
	}
	m.out = append(m.out, m.yours[yoursAt:]...)
}

// cluster is a range of base that holds the next hunk and every further one that touches it, and how many of each side
// those are.
func cluster(mine, theirs []hunk) (start, end, nm, nt int) {
	first := append(slices.Clone(mine[:min(1, len(mine))]), theirs[:min(1, len(theirs))]...)
	next := slices.MinFunc(first, func(a, b hunk) int { return a.a0 - b.a0 })
	start, end = next.a0, next.a0
	for grown := true; grown; {
		grown = false
		for nm < len(mine) && mine[nm].a0 <= end {
			end, nm, grown = max(end, mine[nm].a1), nm+1, true
		}
		for nt < len(theirs) && theirs[nt].a0 <= end {
			end, nt, grown = max(end, theirs[nt].a1), nt+1, true
		}
	}
	return start, end, nm, nt
}

// span is how many lines n lines of base are after hunks.
func span(hunks []hunk, n int) int {
	for _, h := range hunks {
		n += (h.b1 - h.b0) - (h.a1 - h.a0)
	}
	return n
}

// settle decides a cluster of nm and nt hunks; at holds its lines in base, yours and new.
func (m *merger) settle(nm, nt int, at [3][2]int) {
	base, yours, new := m.base[at[0][0]:at[0][1]], m.yours[at[1][0]:at[1][1]], m.new[at[2][0]:at[2][1]]
	switch {
	case nt == 0 || slices.Equal(bares(yours), bares(new)):
		m.out = append(m.out, yours...)
	case nm == 0:
		m.out = append(m.out, new...)
	default:
		m.out = append(m.out, new...)
		m.conflicts = append(m.conflicts, Conflict{Line: at[1][0] + 1, Base: bares(base), Yours: bares(yours), New: bares(new)})
	}
}

// text joins the lines. Every line but the last one has an ending; the last one has it when the side has that changed it.
func (m *merger) text() string {
	if len(m.out) == 0 {
		return ""
	}
	e := ending(m.yours)
	for i, l := range m.out {
		if !strings.HasSuffix(l, "\n") {
			m.out[i] = l + e
		}
	}
	closed := closes(m.yours)
	if closed == closes(m.base) {
		closed = closes(m.new)
	}
	if last := len(m.out) - 1; !closed && bare(m.out[last]) != "" { // an empty line is nothing but its ending
		m.out[last] = bare(m.out[last])
	}
	return strings.Join(m.out, "")
}

// closes tells whether the last line has an ending.
func closes(lines []string) bool {
	return len(lines) == 0 || strings.HasSuffix(lines[len(lines)-1], "\n")
}
