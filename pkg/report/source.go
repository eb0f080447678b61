package report

import (
	"io/fs"
	"strings"
	"unicode"

	"github.com/ameideio/ameide/pkg/lazy"
	"github.com/ameideio/ameide/pkg/verify"
)

// maxSource is the largest file whose lines are shown: a report must not read a dump into memory to underline one word.
const maxSource = 4 << 20

// mask stands for a value that must not be printed.
const mask = "********"

// excerpt is an offending line, and the part of it that is to blame as a half-open range of runes.
type excerpt struct {
	line       string
	start, end int
}

// sources reads lines of the checkout, each file once.
type sources struct {
	tree  fs.FS
	files map[string][]string
}

func newSources(tree fs.FS) *sources { return &sources{tree, map[string][]string{}} }

// line is a line of a file, from 1; false when it cannot be shown.
func (s *sources) line(file string, n int) (string, bool) {
	if s.tree == nil || n < 1 {
		return "", false
	}
	lines, ok := s.files[file]
	if !ok {
		lines = readLines(s.tree, file)
		s.files[file] = lines
	}
	if n > len(lines) {
		return "", false
	}
	return lines[n-1], true
}

// readLines is nil for whatever cannot be read: the finding stands without its source.
func readLines(tree fs.FS, file string) []string {
	info, err := fs.Stat(tree, file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxSource {
		return nil
	}
	data, err := fs.ReadFile(tree, file)
	if err != nil {
		return nil
	}
	return strings.Split(string(data), "\n")
}

// excerpt is what to show of an issue's line. Values that look secret are masked, always those of a sensitive rule.
func (s *sources) excerpt(issue verify.Issue, sensitive bool) (excerpt, bool) {
	raw, ok := s.line(issue.File, issue.Line)
	line := clean(strings.TrimRight(raw, "\r"))
	if !ok || strings.TrimSpace(line) == "" {
		return excerpt{}, false
	}
	if sensitive {
		line = maskValue(line)
	} else {
		line = maskSecrets(line)
	}
	start, end := blame(line, issue)
	return excerpt{line, len([]rune(line[:start])), len([]rune(line[:end]))}, true
}

// blame finds the bytes of a line that an issue is about: the wrong value, else the key, else the whole line.
func blame(line string, issue verify.Issue) (start, end int) {
	key := issue.Field[strings.LastIndexByte(issue.Field, '.')+1:]
	key, _, _ = strings.Cut(key, "[")
	for _, word := range []string{clean(issue.Actual), key} {
		if i := strings.Index(line, word); i >= 0 && word != "" {
			return i, i + len(word)
		}
	}
	trimmed := strings.TrimRight(line, " ")
	return len(line) - len(strings.TrimLeft(line, " ")), len(trimmed)
}

// clean makes foreign text safe for a terminal: tabs become a space, other control and formatting characters (escape
// sequences, bidirectional overrides) and bytes that are no UTF-8 become a replacement character.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// keyValue splits a line of YAML or of a properties file after its first key.
var keyValue = lazy.Regexp(`^(\s*(?:- )?["']?([\w.\-/]+)["']?\s*[:=]\s*)(\S.*)$`)

// userinfo is a password inside a URL.
var userinfo = lazy.Regexp(`(://[^\s/:@]*:)[^\s/@]+@`)

// secretKey is the end of keys whose values are secret.
var secretKey = lazy.Regexp(`(?i)(password|passwd|secret|token|api[_-]?key|private[_-]?key)$`)

// maskSecrets hides values of keys with a secret's name, and passwords in URLs. References (${VAR}, templates) and
// plain switches stay readable.
func maskSecrets(line string) string {
	line = userinfo().ReplaceAllString(line, "${1}"+mask+"@")
	m := keyValue().FindStringSubmatch(line)
	if m == nil || !secretKey().MatchString(m[2]) || harmless(m[3]) {
		return line
	}
	return m[1] + mask
}

// maskValue hides everything after the key, or the whole line where there is no key.
func maskValue(line string) string {
	if m := keyValue().FindStringSubmatch(line); m != nil {
		return m[1] + mask
	}
	return line[:len(line)-len(strings.TrimLeft(line, " "))] + mask
}

func harmless(value string) bool {
	value = strings.Trim(value, `"'`)
	return value == "true" || value == "false" || strings.HasPrefix(value, "${") || strings.HasPrefix(value, "{{") || strings.ContainsAny(value[:1], "&*{[|>#")
}
