package appset

import (
	"errors"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
)

var templateLine = regexp.MustCompile(`^template: [^:]*:(\d+)(?::\d+)?: `)

// renderer executes Go templates with Argo CD's functions. It keeps what it has parsed: a template is the same text
// for every Application of a set.
type renderer struct {
	base   *template.Template
	parsed map[string]*template.Template
}

// newRenderer takes spec.goTemplateOptions; text/template panics on an option it does not know, so they are checked.
func newRenderer(options *node) (*renderer, error) {
	base := template.New("template").Funcs(templateFuncs())
	if options != nil {
		for _, o := range options.items {
			switch o.text() {
			case "missingkey=default", "missingkey=invalid", "missingkey=zero", "missingkey=error":
				base.Option(o.text())
			default:
				return nil, problemf(o.pos, "unknown Go template option %q", o.text())
			}
		}
	}
	return &renderer{base: base, parsed: map[string]*template.Template{}}, nil
}

// templateFuncs are sprig's without the ones that look at the controller's machine, and Argo CD's own.
func templateFuncs() template.FuncMap {
	funcs := template.FuncMap(sprig.GenericFuncMap())
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(funcs, name)
	}
	maps.Copy(funcs, template.FuncMap{
		"normalize": sanitizeName, "slugify": slugify,
		"toYaml": toYAML, "fromYaml": fromYAML[map[string]any], "fromYamlArray": fromYAML[[]any],
	})
	return funcs
}

func toYAML(v any) (string, error) {
	data, err := yaml.Marshal(v)
	return strings.TrimSuffix(string(data), "\n"), err
}

func fromYAML[T any](text string) (T, error) {
	var out T
	err := yaml.Unmarshal([]byte(text), &out)
	return out, err
}

// dataError is a template that failed on its parameters; every other failure is the template's own.
type dataError struct{ error }

// text executes the template that a string node is; the error points at the template's line where it has several.
func (r *renderer) text(n *node, params map[string]any) (string, error) {
	out, err := r.execute(n.text(), params)
	if err == nil {
		return out, nil
	}
	pos, msg := n.pos, err.Error()
	var ofData dataError
	p := &Problem{data: errors.As(err, &ofData)}
	if m := templateLine.FindStringSubmatch(msg); m != nil {
		line, _ := strconv.Atoi(m[1])
		msg = msg[len(m[0]):]
		pos.Line += line - 1
		if n.block {
			pos.Line++
		}
	}
	p.Position, p.Message = pos, "template: "+msg
	return "", p
}

func (r *renderer) execute(text string, params map[string]any) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t := r.parsed[text]
	if t == nil {
		c, err := r.base.Clone()
		if err == nil {
			t, err = c.Parse(text)
		}
		if err != nil {
			return "", err
		}
		r.parsed[text] = t
	}
	var out strings.Builder
	if err := t.Execute(&out, params); err != nil {
		return "", dataError{err}
	}
	return out.String(), nil
}

// tree renders every string and every map key below a node; positions stay.
func (r *renderer) tree(n *node, params map[string]any) (*node, error) {
	out := *n
	var err error
	switch {
	case n.list:
		out.items = make([]*node, len(n.items))
		for i, item := range n.items {
			if out.items[i], err = r.tree(item, params); err != nil {
				return nil, err
			}
		}
	case n.fields != nil:
		out.keys, out.fields = nil, map[string]*node{}
		for _, key := range n.keys {
			if err = r.field(&out, n, key, params); err != nil {
				return nil, err
			}
		}
	default:
		if _, ok := n.scalar.(string); ok {
			out.scalar, err = r.text(n, params)
		}
	}
	return &out, err
}

func (r *renderer) field(out, n *node, key string, params map[string]any) error {
	name, err := r.text(&node{pos: n.fields[key].pos, scalar: key}, params)
	if err != nil {
		return err
	}
	value, err := r.tree(n.fields[key], params)
	if err != nil {
		return err
	}
	out.set(name, value)
	return nil
}
