package skeleton

import (
	"strings"
	"text/template"
)

// The delimiters of a skeleton. Braces belong to Helm, Go, JavaScript and Nunjucks.
const (
	left  = "[["
	right = "]]"
)

// Execute renders a skeleton with values, a struct. name is for errors, which begin with `template: name:line:column`.
func Execute(name, text string, values any) (string, error) {
	t, err := template.New(name).Delims(left, right).Option("missingkey=error").Funcs(Functions()).Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Execute(&b, values); err != nil {
		return "", err
	}
	return b.String(), nil
}
