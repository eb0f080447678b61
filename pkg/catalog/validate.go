package catalog

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Validate lists what Backstage would refuse an entity for, in the file's order; none means that it is accepted.
func Validate(e Entity) []Problem {
	c := &checker{entity: e}
	c.check(e.root, envelope(), "")
	c.placeholders(e.root, "")
	c.formats()
	c.kind()
	c.references()
	slices.SortStableFunc(c.problems, byPlace)
	return c.problems
}

func byPlace(a, b Problem) int {
	return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// kind judges kind, apiVersion and spec. An entity that no kind recognises is an error of Backstage's processing.
func (c *checker) kind() {
	n := c.entity.at("kind")
	if n == nil || typeOf(n) != typeString || n.Kind == yaml.ScalarNode && n.Value == "" {
		return // reported with the envelope
	}
	if n.Kind != yaml.ScalarNode {
		c.add(n, "kind", "", "must be written out, not read from elsewhere")
		return
	}
	k, ok := kindOf(n.Value)
	if !ok {
		c.add(n, "kind", "known are "+strings.Join(knownKinds(), ", "), "Backstage knows no kind %q", n.Value)
		return
	}
	if v := c.entity.at("apiVersion"); v != nil && typeOf(v) == typeString && !slices.Contains(k.apiVersions, v.Value) {
		c.add(v, "apiVersion", "", "kind %s has %s, not %q", n.Value, strings.Join(k.apiVersions, " or "), v.Value)
	}
	if spec := c.entity.at("spec"); spec == nil {
		c.add(c.entity.root, "spec", "", "is missing")
	} else if typeOf(spec) == typeObject {
		c.check(spec, k.spec, "spec")
	}
}

func knownKinds() []string {
	kinds := []string{"Template"}
	for name := range coreSpecs() {
		kinds = append(kinds, name)
	}
	slices.Sort(kinds)
	return kinds
}

// formats is FieldFormatEntityPolicy: names, keys, tags and links. Values of a wrong type are the envelope's to report.
func (c *checker) formats() {
	c.format("metadata.name", c.entity.at("metadata", "name"), isName, nameRule)
	c.format("metadata.namespace", c.entity.at("metadata", "namespace"), isDNSLabel, labelRule)
	c.format("kind", c.entity.at("kind"), isKind, "a letter, then letters and digits, 63 at most")
	c.format("apiVersion", c.entity.at("apiVersion"), isAPIVersion, "[domain/]version")
	c.keys("metadata.labels", c.entity.at("metadata", "labels"))
	c.keys("metadata.annotations", c.entity.at("metadata", "annotations"))
	for i, tag := range items(c.entity.at("metadata", "tags")) {
		c.format(index("metadata.tags", i), tag, isTag, "lower-case letters, digits, :, + and # with inner dashes, 63 characters at most")
	}
	for i, link := range items(c.entity.at("metadata", "links")) {
		at := index("metadata.links", i)
		c.format(at+".url", child(link, "url"), isURL, "an absolute URL")
		c.format(at+".title", child(link, "title"), isNotBlank, "not blank")
		c.format(at+".icon", child(link, "icon"), isName, nameRule)
	}
}

const (
	nameRule  = "letters, digits and inner -, _ and ., 63 characters at most"
	labelRule = "lower-case letters, digits and inner dashes, 63 characters at most"
)

// keys judges the keys of labels and annotations, and the values of labels.
func (c *checker) keys(field string, n *yaml.Node) {
	if n == nil || typeOf(n) != typeObject {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := target(n.Content[i])
		if !isKey(key.Value) {
			c.add(n.Content[i], join(field, key.Value), "", "the key must be [domain/]name, name being %s", nameRule)
		}
		if field == "metadata.labels" {
			c.format(join(field, key.Value), target(n.Content[i+1]), isLabelValue, "empty or "+nameRule)
		}
	}
}

// format judges a text; nothing and values of another type are not its business.
func (c *checker) format(field string, n *yaml.Node, valid func(string) bool, rule string) {
	if n == nil || n.Kind != yaml.ScalarNode || typeOf(n) != typeString || valid(n.Value) {
		return
	}
	if n.Value == "" && (field == "metadata.name" || field == "kind" || field == "apiVersion" || field == "metadata.namespace") {
		return // reported as empty
	}
	c.add(n, field, "", "must be %s, not %q", rule, n.Value)
}
