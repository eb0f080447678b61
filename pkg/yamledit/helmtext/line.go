package helmtext

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/ameideio/ameide/pkg/yamledit"
)

// Line is a line of text to have in a file, for example a path of a Vault
// policy in a heredoc.
type Line struct {
	After   *regexp.Regexp // matches the lines it goes below; the last one counts
	Present *regexp.Regexp // matches a line that says the same; nil means the very line
	Text    string         // without indentation; it gets that of the line above
}

// InsertLine adds a line below the last line that matches. The text is
// returned as it is if a line already says so. ErrNotFound if no line matches,
// ErrUnsafe if the last one opens a block in braces that it does not close.
func InsertLine(name, text string, l Line) (string, error) {
	if _, err := parseTemplate(name, text); err != nil {
		return "", err
	}
	last := -1
	for at := 0; at < len(text); at = nextLine(text, at) {
		line := strings.TrimRight(text[at:nextLine(text, at)], "\r\n")
		if strings.TrimSpace(line) == strings.TrimSpace(l.Text) || l.Present != nil && l.Present.MatchString(line) {
			return text, nil
		}
		if l.After.MatchString(line) {
			last = at
		}
	}
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
