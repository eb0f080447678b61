package portal

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/pkg/skeleton"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/tenancy"
)

// valuesType is what the skeletons are compiled for.
func valuesType() reflect.Type { return reflect.TypeFor[scaffold.Values]() }

// form is what an expression may refer to: the parameters of one kind's form, and the installation.
type form struct {
	kind       scaffold.Kind
	definition bool // of the design-time artifact that the kind executes
	langs      []scaffold.Lang
	spec       *spec.Spec
	rules      *scaffold.Derivations
	known      map[string]string // expressions of derived values, by their name in JSON
	compiled   *compiled
}

// word is the kind as the terminal's --kind takes it.
func (f *form) word() string {
	if f.definition {
		return scaffold.DefinitionWord(f.kind)
	}
	return string(f.kind)
}

// values is the input `values` of the steps that fetch a skeleton: each field of scaffold.Values under its JSON name, without
// those that the form does not ask for because the kind has none.
func (f *form) values() (*yaml.Node, error) {
	f.known = map[string]string{}
	derived := map[string]*yaml.Node{}
	for name, template := range f.rules.All() {
		n, err := f.expressions(name, template)
		if err != nil {
			return nil, err
		}
		derived[name] = n
		f.known[name] = strings.TrimSuffix(strings.TrimPrefix(n.Value, "${{ "), " }}")
	}
	out := &yaml.Node{Kind: yaml.MappingNode}
	for _, field := range reflect.VisibleFields(valuesType()) {
		if field.Anonymous {
			continue
		}
		name := skeleton.JSONName(field)
		if !scaffold.Has(f.kind, name) {
			continue
		}
		n := derived[name]
		switch {
		case name == "places":
			n = f.places()
		case n == nil:
			code, ok := f.field(field.Name)
			if !ok {
				return nil, fmt.Errorf("nothing in the form or in values.yaml gives the value %s", name)
			}
			n = scalar(code)
		}
		out.Content = append(out.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, n)
	}
	return out, nil
}

// expressions is a structure of templates as one of expressions.
func (f *form) expressions(name string, n *yaml.Node) (*yaml.Node, error) {
	c := *n
	c.HeadComment, c.LineComment, c.FootComment = "", "", ""
	c.Content = nil
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			c.Content = append(c.Content, child)
			continue
		}
		e, err := f.expressions(name, child)
		if err != nil {
			return nil, err
		}
		c.Content = append(c.Content, e)
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		return &c, nil
	}
	code, err := skeleton.Expression(name, n.Value, valuesType(), f.field)
	return scalar(code), err
}

// scalar is an expression alone, which keeps its type in Backstage.
func scalar(code string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.SingleQuotedStyle, Value: "${{ " + code + " }}"}
}

// field is the expression that stands for a field of the values before there are any.
func (f *form) field(goName string) (string, bool) {
	field, ok := valuesType().FieldByName(goName)
	if !ok {
		return "", false
	}
	name := skeleton.JSONName(field)
	switch name {
	case "kind":
		return quoted(string(f.kind)), true
	case "lang":
		if len(f.langs) == 1 || f.definition {
			return quoted(string(f.langs[0])), true
		}
	case "organization":
		return quoted(f.spec.Organization), true
	case "repository":
		return f.choose(repositories(f.spec, func(r tenancy.Repositories) string { return r.Code })), true
	case "gitops_repository":
		return f.choose(repositories(f.spec, func(r tenancy.Repositories) string { return r.GitOps })), true
	}
	if _, isParameter := reflect.TypeFor[scaffold.Params]().FieldByName(goName); isParameter {
		return "parameters." + name, true
	}
	code, ok := f.known[name]
	return code, ok
}

func quoted(s string) string { return `"` + s + `"` }

// text is a node as the lines of a block.
func text(n *yaml.Node) (string, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(n); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
