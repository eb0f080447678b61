package catalog

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reference is one mention of another entity.
type reference struct {
	field  string
	node   *yaml.Node
	kind   string // assumed when the text names none; empty means that it must
	entity Entity // that mentions it
}

// relation says which field of a kind refers to what.
type relation struct{ field, kind string }

// relationsOf are the fields that BuiltinKindsEntityProcessor and the scaffolder's entity processor read as references,
// with the kind that each assumes.
func relationsOf(kind string) []relation {
	owner, system := relation{"owner", "Group"}, relation{"system", "System"}
	depends, dependency := relation{"dependsOn", ""}, relation{"dependencyOf", ""}
	switch kind {
	case "Component":
		return []relation{owner, {"subcomponentOf", "Component"}, {"providesApis", "API"}, {"consumesApis", "API"}, depends, dependency, system}
	case "API":
		return []relation{owner, system}
	case "Resource":
		return []relation{owner, depends, dependency, system}
	case "System":
		return []relation{owner, {"domain", "Domain"}}
	case "Domain":
		return []relation{owner, {"subdomainOf", "Domain"}}
	case "Group":
		return []relation{{"parent", "Group"}, {"children", "Group"}, {"members", "User"}}
	case "User":
		return []relation{{"memberOf", "Group"}}
	case "Template":
		return []relation{owner}
	}
	return nil
}

// referencesOf lists every reference of an entity in the order of relationsOf.
func referencesOf(e Entity) []reference {
	var all []reference
	for _, r := range relationsOf(e.Kind) {
		n := e.at("spec", r.field)
		if n == nil {
			continue
		}
		if typeOf(n) == typeString {
			all = append(all, reference{"spec." + r.field, n, r.kind, e})
		}
		for i, item := range items(n) {
			if typeOf(item) == typeString {
				all = append(all, reference{index("spec."+r.field, i), item, r.kind, e})
			}
		}
	}
	return all
}

// references judges the syntax of every reference: a wrong one stops the entity's processing.
func (c *checker) references() {
	for _, r := range referencesOf(c.entity) {
		if _, err := r.target(); err != nil && r.node.Value != "" {
			c.add(r.node, r.field, "for example component:default/orders", "%v", err)
		}
	}
}

// target is the reference's full form kind:namespace/name in lower case. The rules are parseEntityRef's: a namespace
// that is left out is the referring entity's own.
func (r reference) target() (string, error) {
	ref := r.node.Value
	colon, slash := strings.IndexByte(ref, ':'), strings.IndexByte(ref, '/')
	if slash >= 0 && slash < colon {
		colon = -1
	}
	kind, namespace, name := r.kind, r.entity.Namespace, ref[max(colon, slash)+1:]
	if colon >= 0 {
		kind = ref[:colon]
	}
	if slash >= 0 {
		namespace = ref[colon+1 : slash]
	}
	if name == "" || colon == 0 || slash >= 0 && namespace == "" {
		return "", fmt.Errorf("%q is not a reference [kind:][namespace/]name", ref)
	}
	if kind == "" {
		return "", fmt.Errorf("reference %q must name its kind", ref)
	}
	return strings.ToLower(kind + ":" + namespace + "/" + name), nil
}

func index(field string, i int) string { return field + "[" + strconv.Itoa(i) + "]" }
