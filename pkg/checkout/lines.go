package checkout

import (
	"bytes"
	"slices"
	"sort"
	"strings"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// hunk says that the lines a0 to a1 of one text are the lines b0 to b1 of another; ends are exclusive, either side may be
// empty.
type hunk struct{ a0, a1, b0, b1 int }

// splitLines cuts a text behind every line feed; only the last line may lack one.
func splitLines(text string) []string {
	return slices.Collect(strings.Lines(text))
}

// bare is a line without its ending.
func bare(line string) string {
	if l, ok := strings.CutSuffix(line, "\r\n"); ok {
		return l
	}
	return strings.TrimSuffix(line, "\n")
}

func bares(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = bare(l)
	}
	return out
}

// sameLines tells whether two texts differ in their line endings at most.
func sameLines(a, b []byte) bool {
	return bytes.Equal(a, b) || bytes.Equal(lineFeeds(a), lineFeeds(b))
}

func lineFeeds(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// diffLines is what turns a into b, in order. Lines that occur once in both texts are held fast first (patience diff):
// it keeps hunks apart that a search for the longest common subsequence runs together when texts differ a lot, which is
// where the library's bounded search gives up.
func diffLines(a, b []string) []hunk {
	ids := map[string]rune{}
	x, y := number(ids, a), number(ids, b)
	var hunks []hunk
	a0, b0 := 0, 0
	for _, m := range append(anchors(x, y), [2]int{len(a), len(b)}) {
		for _, d := range lcs.DiffRunes(x[a0:m[0]], y[b0:m[1]]) {
			h := hunk{a0 + d.Start, a0 + d.End, b0 + d.ReplStart, b0 + d.ReplEnd}
			if n := len(hunks); n > 0 && hunks[n-1].a1 == h.a0 && hunks[n-1].b1 == h.b0 {
				hunks[n-1].a1, hunks[n-1].b1 = h.a1, h.b1
				continue
			}
			hunks = append(hunks, h)
		}
		a0, b0 = m[0], m[1]
	}
	return hunks
}

// number gives every different line a number, so that the library can compare lines as runes.
func number(ids map[string]rune, lines []string) []rune {
	out := make([]rune, len(lines))
	for i, l := range lines {
		id, ok := ids[l]
		if !ok {
			id = rune(len(ids))
			ids[l] = id
		}
		out[i] = id
	}
	return out
}

// anchors are pairs of positions of lines that are unique in both texts, increasing on both sides.
func anchors(x, y []rune) [][2]int {
	inX, inY := unique(x), unique(y)
	var pairs [][2]int
	for i, id := range x {
		if _, ok := inX[id]; !ok {
			continue
		}
		if j, ok := inY[id]; ok {
			pairs = append(pairs, [2]int{i, j})
		}
	}
	return increasing(pairs)
}

func unique(lines []rune) map[rune]int {
	at := map[rune]int{}
	count := map[rune]int{}
	for i, id := range lines {
		at[id] = i
		count[id]++
	}
	for id, n := range count {
		if n > 1 {
			delete(at, id)
		}
	}
	return at
}

// increasing is a longest subsequence whose second numbers increase.
func increasing(pairs [][2]int) [][2]int {
	var tails []int // index of the smallest last pair of a subsequence of each length
	before := make([]int, len(pairs))
	for i, p := range pairs {
		n := sort.Search(len(tails), func(k int) bool { return pairs[tails[k]][1] >= p[1] })
		before[i] = -1
		if n > 0 {
			before[i] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, i)
		} else {
			tails[n] = i
		}
	}
	out := make([][2]int, len(tails))
	if len(tails) == 0 {
		return out
	}
	for i, n := tails[len(tails)-1], len(tails)-1; n >= 0; i, n = before[i], n-1 {
		out[n] = pairs[i]
	}
	return out
}
