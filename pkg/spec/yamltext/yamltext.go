// Package yamltext says where and why a text cannot be read as YAML, in words for the person who wrote it. The YAML
// library's own messages lack the line, or are a line off.
package yamltext

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Flaw is why a text is not YAML. Line and Column count from 1; 0 means unknown.
type Flaw struct {
	Line    int
	Column  int
	Message string
	Hint    string
}

// Unreadable finds what makes a text no text at all: a byte order mark, bytes that are not UTF-8, control characters.
func Unreadable(text []byte) (Flaw, bool) {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(text, []byte(mark)) {
			return Flaw{1, 1, "the file begins with a byte order mark", "save it as UTF-8 without BOM"}, true
		}
	}
	line, start := 1, 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		column := i - start + 1
		switch {
		case r == utf8.RuneError && size == 1:
			return Flaw{line, column, fmt.Sprintf("byte 0x%02x is not UTF-8", text[i]), "save the file as UTF-8"}, true
		case r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f:
			return Flaw{line, column, fmt.Sprintf("control character 0x%02x", r), "remove it: YAML is text"}, true
		case r == '\n':
			line, start = line+1, i+1
		}
		i += size
	}
	return Flaw{}, false
}

// message takes an error of the YAML library apart.
var message = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?s:(.*))$`)

// Syntax explains an error of go.yaml.in/yaml/v3. Its parser counts the lines of "did not find expected …" from 0, and
// says nothing of a tab except that no token can start there.
func Syntax(text []byte, err error) Flaw {
	if f, ok := tab(text); ok {
		return f
	}
	f := Flaw{Line: 1, Message: "not valid YAML: " + err.Error()}
	m := message.FindStringSubmatch(err.Error())
	if m == nil {
		return f
	}
	f.Message = "not valid YAML: " + m[2]
	if line, err := strconv.Atoi(m[1]); err == nil {
		f.Line = line
		if strings.HasPrefix(m[2], "did not find expected") {
			f.Line = min(line+1, bytes.Count(text, []byte("\n"))+1)
		}
	}
	return f
}

// tab finds the first line that is indented with a tab.
func tab(text []byte) (Flaw, bool) {
	for i, line := range bytes.Split(text, []byte("\n")) {
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		if at := bytes.IndexByte(indent, '\t'); at >= 0 && len(bytes.TrimSpace(line)) > 0 {
			return Flaw{i + 1, at + 1, "a tab in the indentation", "YAML is indented with spaces"}, true
		}
	}
	return Flaw{}, false
}
