package skeleton

import (
	"strings"
	"sync"
	"text/template"
)

// The delimiters of a skeleton. Braces belong to Helm, Go, JavaScript and Nunjucks.
const (
	left  = "[["
	right = "]]"
)

// Execute renders a skeleton with values, a struct. name is for errors, which begin with `template: name:line:column`.
func Execute(name, text string, values any) (string, error) {
	t, err := written{name, text}.parsed()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Execute(&b, values); err != nil {
		return "", err
	}
	return b.String(), nil
}

// written is a skeleton as it is written.
type written struct{ name, text string }

// executed has every skeleton that was executed: a list of a thousand primitives executes the same hundred again and again.
var executed sync.Map //nolint:gochecknoglobals // the same text is parsed to the same, whoever asks

func (w written) parsed() (*template.Template, error) {
	if known, ok := executed.Load(w); ok {
		return known.(*template.Template), nil //nolint:forcetypeassert // it holds nothing else
	}
	t, err := template.New(w.name).Delims(left, right).Option("missingkey=error").Funcs(Functions()).Parse(w.text)
	if err != nil {
		return nil, err
	}
	executed.Store(w, t)
	return t, nil
}
