package skeleton

import (
	"strings"
	"sync"
)

// source is Nunjucks as it is written. Text is collected until code follows, because a token may begin in one piece of text
// and end in the next.
type source struct {
	b    strings.Builder
	text strings.Builder
}

func (s *source) literal(text string) { s.text.WriteString(text) }

// code writes a tag. Text that ends in ${ would make one of the tag's own brace: ${ and {% if.
func (s *source) code(code string) {
	text, open := s.text.String(), strings.HasPrefix(code, "{%")
	s.text.Reset()
	if before, ok := strings.CutSuffix(text, "${"); ok && open {
		s.b.WriteString(escape(before) + output(literal("${")))
	} else {
		s.b.WriteString(escape(text))
	}
	s.b.WriteString(code)
}

// escape prints what the lexer of Nunjucks would take for its own in text. A lone #} is an error there; %} and }} are text.
func escape(text string) string {
	if !strings.ContainsAny(text, "{#") {
		return text
	}
	return tokens().Replace(text)
}

// tokens prints the tokens of Nunjucks as text.
var tokens = sync.OnceValue(func() *strings.Replacer {
	var printed []string
	for _, token := range []string{"${{", "{%", "{#", "#}"} {
		printed = append(printed, token, output(literal(token)))
	}
	return strings.NewReplacer(printed...)
})

func (s *source) String() string {
	s.code("")
	return s.b.String()
}

// output prints an expression.
func output(expression string) string { return "${{ " + expression + " }}" }

// literal is a string of Nunjucks, with the escapes that its lexer knows. Every other character stands for itself.
func literal(s string) string {
	if !strings.ContainsAny(s, "\\\"\n\r\t") {
		return `"` + s + `"`
	}
	escapes := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	return `"` + escapes.Replace(s) + `"`
}
