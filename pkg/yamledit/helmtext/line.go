package helmtext

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ameideio/ameide/pkg/yamledit"
)

// Line is a line of text to have in a file, for example a path of a Vault
// policy in a heredoc.
type Line struct {
	Block   *regexp.Regexp // matches the lines that begin a block, such as one policy of several; nil for one block
	Own     *regexp.Regexp // matches the beginning of the block that it belongs into; else the only one with a line to go below
	After   *regexp.Regexp // matches the lines it goes below; the last one of the block counts
	Present *regexp.Regexp // matches a line that says the same; nil means the very line
	Text    string         // without indentation; it gets that of the line above
}

// InsertLine adds a line below the last line of its block that matches. The
// text is returned as it is if a line of the block already says so.
// ErrNotFound if no line matches, ErrAmbiguous if lines of several blocks do
// and none is its own, ErrUnsafe if the last one opens a block in braces that
// it does not close.
func InsertLine(name, text string, l Line) (string, error) {
	if _, err := parseTemplate(name, text); err != nil {
		return "", err
	}
	block, err := l.block(name, text)
	if err != nil {
		return "", err
	}
	if block.present {
		return text, nil
	}
	last := block.last
	if last < 0 {
		return "", &yamledit.Error{File: name, Kind: yamledit.ErrNotFound,
			Problem: fmt.Sprintf("no line matches %q", l.After), Hint: fmt.Sprintf("add the line %q by hand", l.Text)}
	}
	line := text[last:nextLine(text, last)]
	if strings.Count(line, "{") != strings.Count(line, "}") || strings.HasSuffix(strings.TrimRight(line, "\r\n"), `\`) {
		return "", refuse(name, text, last, yamledit.ErrUnsafe, "the line goes on below, so nothing can be put under it", handEdit)
	}
	in := insertion{nextLine(text, last), []string{indentAt(text, last) + strings.TrimSpace(l.Text)}}
	return in.apply(name, text)
}

// lineBlock is a part of a text, as far as one line is concerned.
type lineBlock struct {
	own     bool
	present bool // it says the line already
	last    int  // where the last line begins that the line goes below; -1 for none
}

// block finds the block that the line belongs into.
func (l Line) block(name, text string) (lineBlock, error) {
	blocks := []lineBlock{{last: -1}}
	for at := 0; at < len(text); at = nextLine(text, at) {
		line := strings.TrimRight(text[at:nextLine(text, at)], "\r\n")
		if l.Block != nil && l.Block.MatchString(line) {
			blocks = append(blocks, lineBlock{own: l.Own.MatchString(line), last: -1})
		}
		b := &blocks[len(blocks)-1]
		b.present = b.present || strings.TrimSpace(line) == strings.TrimSpace(l.Text) || l.Present != nil && l.Present.MatchString(line)
		if l.After.MatchString(line) {
			b.last = at
		}
	}
	if i := slices.IndexFunc(blocks, func(b lineBlock) bool { return b.own }); i >= 0 {
		return blocks[i], nil
	}
	blocks = slices.DeleteFunc(blocks, func(b lineBlock) bool { return b.last < 0 && !b.present })
	switch len(blocks) {
	case 0:
		return lineBlock{last: -1}, nil
	case 1:
		return blocks[0], nil
	}
	return lineBlock{}, refuse(name, text, blocks[1].last, yamledit.ErrAmbiguous, "the line may belong here or further up", fmt.Sprintf("add the line %q by hand where it belongs", l.Text))
}
