package portal

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/tenancy"
)

// row says what holds for code of an origin on a SKU. {id} in the answer stands for the tenant.
type row struct {
	origin tenancy.Origin
	sku    tenancy.SKU
	answer string
}

// places are the namespaces, one for each environment.
func (f *form) places() *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	table := tenancy.Table(f.spec.Environments)
	for _, e := range f.spec.Environments {
		var rows []row
		for _, c := range table {
			if c.Environment == e.Name {
				rows = append(rows, row{c.Origin, c.SKU, c.Namespace})
			}
		}
		list.Content = append(list.Content, &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
			{Kind: yaml.ScalarNode, Value: "environment"}, {Kind: yaml.ScalarNode, Value: e.Name},
			{Kind: yaml.ScalarNode, Value: "namespace"}, scalar(f.choose(rows)),
		}})
	}
	return list
}

// repositories are one of the two repositories of all code.
func repositories(s *spec.Spec, which func(tenancy.Repositories) string) []row {
	var rows []row
	for _, origin := range tenancy.Origins() {
		for _, sku := range tenancy.SKUs() {
			code := tenancy.Code{Origin: origin, SKU: sku, Tenant: "{id}"}
			rows = append(rows, row{origin, sku, which(tenancy.RepositoriesOf(code, s))})
		}
	}
	return rows
}

// choose is the expression that picks the answer for the form's origin and SKU. The last answer stands without a condition:
// in a table that begins with the platform it is the one for code that claims least.
func (f *form) choose(rows []row) string {
	var answers []string
	for _, r := range rows {
		if !slices.Contains(answers, r.answer) {
			answers = append(answers, r.answer)
		}
	}
	expression := tenant(answers[len(answers)-1])
	for _, answer := range slices.Backward(answers[:len(answers)-1]) {
		expression = fmt.Sprintf("(%s if %s else %s)", tenant(answer), condition(rows, answer), expression)
	}
	return expression
}

// condition is true for the rows with an answer.
func condition(rows []row, answer string) string {
	var terms []string
	for _, origin := range tenancy.Origins() {
		of := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.origin != origin })
		with := slices.DeleteFunc(slices.Clone(of), func(r row) bool { return r.answer != answer })
		is := fmt.Sprintf("parameters.origin === %q", origin)
		switch {
		case len(with) == 0:
			continue
		case len(with) == len(of):
			terms = append(terms, is)
			continue
		}
		var skus []string
		for _, r := range with {
			skus = append(skus, fmt.Sprintf("parameters.sku === %q", r.sku))
		}
		terms = append(terms, "("+is+" and ("+strings.Join(skus, " or ")+"))")
	}
	return "(" + strings.Join(terms, " or ") + ")"
}

// tenant fills the tenant in.
func tenant(answer string) string {
	if !strings.Contains(answer, "{id}") {
		return quoted(answer)
	}
	return fmt.Sprintf(`(%q | replace("{id}", parameters.tenant or ""))`, answer)
}
