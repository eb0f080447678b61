package helmtext

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ameideio/ameide/pkg/yamledit"
)

// Item is an item of a YAML list inside a template.
type Item struct {
	List  string // the path of the list, as yamledit.Document.Get takes it
	Field string // the field that identifies an item
	Value string // its value in this item, as the template's text has it
	Text  string // the item's lines, which may have actions; the dash is added
}

// AppendItem adds an item behind the last one of a list, outside of every
// block that the list's items stand in but its key does not: an item below an
// {{- if }} inside the list must not make ours conditional. The text is
// returned as it is if the list has the item. ErrNotFound without the list,
// ErrAmbiguous with several, ErrUnsafe if actions alone produce it.
func AppendItem(name, text string, item Item) (string, error) {
	if _, err := parseTemplate(name, text); err != nil {
		return "", err
	}
	list, err := findList(name, text, item.List)
	if err != nil {
		return "", err
	}
	want := map[string]string{item.Field: item.Value}
	items := list.Items()
	for _, v := range items {
		if ok, err := v.Fields(want); ok || err != nil {
			return text, err
		}
	}
	in, err := placeItem(name, text, list, item)
	if err != nil {
		return "", err
	}
	next, err := in.apply(name, text)
	if err != nil {
		return "", err
	}
	after, err := findList(name, next, item.List)
	if err != nil || len(after.Items()) != len(items)+1 {
		return "", refuse(name, text, in.at, yamledit.ErrUnsafe, "the result would not be the old list plus one item", handEdit)
	}
	if ok, err := after.Items()[len(items)].Fields(want); !ok || err != nil {
		return "", refuse(name, text, in.at, yamledit.ErrUnsafe, "the item would not be the last of the list", handEdit)
	}
	return next, nil
}

// findList reads the list from the text with its actions masked, so that its
// offsets are those of the text.
func findList(name, text, path string) (yamledit.Value, error) {
	doc, err := yamledit.ParseMasked(name, []byte(mask(text)))
	if err != nil {
		return yamledit.Value{}, err
	}
	v, ok, err := doc.Get(path)
	if err != nil {
		return v, err
	}
	if !ok {
		return v, &yamledit.Error{File: name, Path: path, Kind: yamledit.ErrNotFound, Problem: "the template has no such list", Hint: handEdit}
	}
	if !v.List() || v.Flow() || len(v.Items()) == 0 {
		return v, refuse(name, text, v.Key, yamledit.ErrUnsafe, path+" is not written as a block list with items", handEdit)
	}
	return v, nil
}

// mask replaces every action by as many bytes that mean nothing to YAML:
// spaces on lines that hold nothing else, letters elsewhere.
func mask(text string) string {
	out := []byte(text)
	filler := make([]bool, len(out))
	for _, a := range actions(text) {
		for i := a.start; i < a.end; i++ {
			if out[i] != '\n' && out[i] != '\r' {
				out[i], filler[i] = 'x', true
			}
		}
	}
	for at := 0; at < len(out); {
		next := nextLine(text, at)
		blank := true
		for i := at; i < next; i++ {
			blank = blank && (filler[i] || strings.ContainsRune(" \t\r\n", rune(out[i])))
		}
		for i := at; blank && i < next; i++ {
			if filler[i] || out[i] == '\t' {
				out[i] = ' '
			}
		}
		at = next
	}
	return string(out)
}

func placeItem(name, text string, list yamledit.Value, item Item) (insertion, error) {
	all := actions(text)
	column := list.Start - lineStart(text, list.Start)
	at := belowComments(text, nextLine(text, list.End), column)
	home := stack(all, list.Key)
	at, ok := leave(all, text, at, home)
	if !ok {
		return insertion{}, refuse(name, text, list.Key, yamledit.ErrUnsafe, "the list's items are in another block than its key", handEdit)
	}
	at = belowOutput(all, text, at, column, home)
	for _, a := range all {
		if a.trimRight && a.end <= at && strings.TrimSpace(text[a.end:at]) == "" {
			return insertion{}, refuse(name, text, a.start, yamledit.ErrUnsafe, "the action -}} eats the line break before the new item", handEdit)
		}
	}
	gap := 2
	if first := list.Items()[0]; lineOf(text, first.Start) == lineOf(text, list.Start) && first.Start > list.Start {
		gap = first.Start - list.Start
	}
	pad := strings.Repeat(" ", column)
	lines := indented(item.Text, pad+strings.Repeat(" ", gap))
	lines[0] = pad + "-" + strings.Repeat(" ", gap-1) + strings.TrimLeft(lines[0], " ")
	return insertion{at, lines}, nil
}

// belowComments skips the comments that belong to the last item: those that
// follow it directly and stand deeper than its dash.
func belowComments(text string, at, column int) int {
	for at < len(text) && len(indentAt(text, at)) > column && strings.HasPrefix(text[at+len(indentAt(text, at)):], "#") {
		at = nextLine(text, at)
	}
	return at
}

// leave moves from the start of a line to the first line where the open blocks
// are those of home.
func leave(all []action, text string, at int, home []int) (int, bool) {
	if slices.Equal(stack(all, at), home) {
		return at, true
	}
	for _, a := range all {
		if next := nextLine(text, max(a.end-1, 0)); a.end > at && slices.Equal(stack(all, next), home) {
			return next, true
		}
	}
	return at, false
}

var nindent = regexp.MustCompile(`n?indent\s+(\d+)`)

// belowOutput skips the actions on lines of their own that write a part of the
// last item: their output is indented deeper than the dash.
func belowOutput(all []action, text string, at, column int, home []int) int {
	result := at
	for _, a := range all {
		if a.start < at {
			continue
		}
		if strings.TrimSpace(text[at:a.start]) != "" {
			break
		}
		at = a.end
		if !a.output() || outputColumn(a, text) <= column {
			continue
		}
		if end, ok := leave(all, text, nextLine(text, a.end), home); ok {
			result = end
		}
	}
	return result
}

// outputColumn is where the output of an action begins, as far as it says so.
func outputColumn(a action, text string) int {
	if m := nindent.FindStringSubmatch(a.body); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			return n
		}
	}
	return len(indentAt(text, a.start))
}
