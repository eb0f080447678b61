package catalog

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
	"go.yaml.in/yaml/v3"
)

// Advise lists what Backstage accepts of an entity, but takes for something else than its author meant: misspelt keys,
// annotations that the catalog sets itself, users who cannot sign in, templates that fail when somebody runs them.
func Advise(e Entity) []Problem {
	c := &checker{entity: e}
	c.misspelt()
	c.managed()
	if n := e.at("spec", "profile", "email"); n != nil && e.Kind == "User" && !strings.Contains(n.Value, "@") {
		c.add(n, "spec.profile.email", "", "%q is no e-mail address: signing in by e-mail will not find this user", n.Value)
	}
	if e.Kind == "Template" {
		c.pages()
		c.steps()
	}
	slices.SortStableFunc(c.problems, byPlace)
	return c.problems
}

// misspelt finds keys of metadata and spec that Backstage ignores and that are one slip away from one that it reads.
func (c *checker) misspelt() {
	c.near("metadata", envelope().fields["metadata"])
	if k, ok := kindOf(c.entity.Kind); ok {
		c.near("spec", k.spec)
	}
}

func (c *checker) near(field string, s *shape) {
	n := c.entity.at(field)
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := target(n.Content[i]).Value
		if _, known := s.fields[key]; known || len(key) < 4 {
			continue
		}
		for _, name := range fieldNames(s) {
			if levenshtein.Distance(strings.ToLower(key), strings.ToLower(name), nil) <= 1 {
				c.add(n.Content[i], join(field, key), "did you mean "+name+"?", "Backstage ignores this key")
				break
			}
		}
	}
}

func fieldNames(s *shape) []string {
	var all []string
	for name := range s.fields {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// managed finds annotations that the catalog writes over.
func (c *checker) managed() {
	for _, name := range []string{"managed-by-location", "managed-by-origin-location", "orphan"} {
		key := "backstage.io/" + name
		if n := c.entity.at("metadata", "annotations", key); n != nil {
			c.add(n, "metadata.annotations."+key, "remove it", "the catalog sets this annotation itself")
		}
	}
}

// pages finds parameters that a page demands and does not ask for: its form can never be sent.
func (c *checker) pages() {
	n := c.entity.at("spec", "parameters")
	if n == nil {
		return
	}
	for i, page := range append(items(n), n) {
		asked := map[string]bool{}
		properties(page, asked)
		field := index("spec.parameters", i)
		if page == n {
			field = "spec.parameters"
		}
		for j, name := range items(child(page, "required")) {
			if !asked[name.Value] {
				c.add(name, index(field+".required", j), "", "the page requires %q and has no such property", name.Value)
			}
		}
	}
}

// properties collects every name below a `properties` key, as deep as dependencies and oneOf put them.
func properties(n *yaml.Node, names map[string]bool) {
	n = target(n)
	if p := child(n, "properties"); p != nil && p.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(p.Content); i += 2 {
			names[target(p.Content[i]).Value] = true
		}
	}
	for _, c := range n.Content {
		properties(c, names)
	}
}

// scaffolding is what the expressions of a template may use.
type scaffolding struct {
	expression, step, parameter *regexp.Regexp  // compiled for templates only: start-up does not pay for them
	asked                       map[string]bool // parameters
	done                        map[string]bool // earlier steps
}

func newScaffolding() *scaffolding {
	const name = `(?:\.([A-Za-z_]\w*)|\[\s*['"]([^'"]+)['"]\s*\])`
	return &scaffolding{
		expression: regexp.MustCompile(`\$\{\{(.*?)\}\}`),
		step:       regexp.MustCompile(`\bsteps` + name),
		parameter:  regexp.MustCompile(`\bparameters` + name),
		asked:      map[string]bool{},
		done:       map[string]bool{},
	}
}

// steps finds step ids that are given twice, conditions that always hold, and expressions that use a step or a
// parameter that does not exist: the scaffolder renders those as nothing.
func (c *checker) steps() {
	s := newScaffolding()
	if n := c.entity.at("spec", "parameters"); n != nil {
		properties(n, s.asked)
	}
	for i, step := range items(c.entity.at("spec", "steps")) {
		field := index("spec.steps", i)
		c.uses(step, field, s)
		if n := child(step, "if"); n != nil && typeOf(n) == typeString && slices.Contains([]string{"false", "no", "off", "0", "null"}, n.Value) {
			c.add(n, field+".if", "write it without quotes", "the text %q is not empty, so the step always runs", n.Value)
		}
		id := child(step, "id")
		if id == nil {
			s.done["step-"+strconv.Itoa(i+1)] = true // the scaffolder's own name
			continue
		}
		if s.done[id.Value] {
			c.add(id, field+".id", "", "another step is called %q too; its output is lost", id.Value)
		}
		s.done[id.Value] = true
	}
	if output := c.entity.at("spec", "output"); output != nil {
		c.uses(output, "spec.output", s)
	}
}

// uses judges every expression below n.
func (c *checker) uses(n *yaml.Node, field string, s *scaffolding) {
	n = target(n)
	if n.Kind == yaml.ScalarNode {
		for _, e := range s.expression.FindAllStringSubmatch(n.Value, -1) {
			c.known(n, field, e[1], s.step, "an earlier step", s.done)
			c.known(n, field, e[1], s.parameter, "a parameter", s.asked)
		}
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			c.uses(n.Content[i+1], join(field, target(n.Content[i]).Value), s)
		}
	}
	for i, item := range items(n) {
		c.uses(item, index(field, i), s)
	}
}

func (c *checker) known(n *yaml.Node, field, expr string, use *regexp.Regexp, what string, names map[string]bool) {
	for _, m := range use.FindAllStringSubmatch(expr, -1) {
		if name := m[1] + m[2]; !names[name] {
			c.add(n, field, "", "%q is not %s; the expression renders as nothing", name, what)
		}
	}
}
