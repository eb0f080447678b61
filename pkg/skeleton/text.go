package skeleton

import (
	"regexp"
	"strings"
)

// tokens are what the lexer of Nunjucks takes for its own in text. A lone #} is an error there; %} and }} are text.
var tokens = regexp.MustCompile(`\$\{\{|\{%|\{#|#\}`)

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

func escape(text string) string {
	return tokens.ReplaceAllStringFunc(text, func(token string) string { return output(literal(token)) })
}

func (s *source) String() string {
	s.code("")
	return s.b.String()
}

// output prints an expression.
func output(expression string) string { return "${{ " + expression + " }}" }

// literal is a string of Nunjucks, with the escapes that its lexer knows. Every other character stands for itself.
func literal(s string) string {
	escapes := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	return `"` + escapes.Replace(s) + `"`
}
