package skeleton

import (
	"bytes"
	"encoding/json"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"
)

// Functions are those that a skeleton may call beside the comparisons and and, or, not and len of text/template. The order
// of their arguments is sprig's.
func Functions() template.FuncMap {
	return template.FuncMap{
		"lower":   strings.ToLower,
		"upper":   strings.ToUpper,
		"title":   title,
		"untitle": untitle,
		"replace": func(from, to, s string) string { return strings.ReplaceAll(s, from, to) },
		"join":    func(separator string, list []string) string { return strings.Join(list, separator) },
		"quote":   quote,
	}
}

// title is what the filter title of Nunjucks does: words are what single spaces separate; their first letter becomes a
// capital, the others small.
func title(s string) string {
	words := strings.Split(strings.ToLower(s), " ")
	for i, w := range words {
		first, size := utf8.DecodeRuneInString(w)
		if size > 0 {
			words[i] = string(unicode.ToUpper(first)) + w[size:]
		}
	}
	return strings.Join(words, " ")
}

// untitle makes the first letter small.
func untitle(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToLower(first)) + s[size:]
}

// quote is a JSON string, which is a string in YAML, TypeScript, Python and Go too, as JSON.stringify writes it: it leaves
// <, >, &, U+2028 and U+2029 as they are.
func quote(s string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return "", err
	}
	quoted := strings.TrimSuffix(b.String(), "\n")
	return unescapeSeparators(quoted), nil
}

// unescapeSeparators takes back the escapes of the two line separators. A backslash that is itself escaped does not begin
// one.
func unescapeSeparators(quoted string) string {
	return strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029").Replace(quoted)
}
