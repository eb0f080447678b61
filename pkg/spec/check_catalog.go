package spec

import "strings"

// known are the entities that the spec's catalog declares: lower-cased references, as Backstage compares them, to the
// path that declares them.
type known map[string]string

// checkCatalog finds entities that are declared twice and references of the catalog's own parts that lead nowhere. A
// reference into another namespace may lead into a catalog that this spec does not describe.
func (d *decoder) checkCatalog() {
	k := known{}
	d.declare(k)
	c := d.spec.Catalog
	for i, e := range c.Domains {
		d.refer(k, entry("catalog.domains", i)+".owner", "group", e.Owner)
	}
	for i, e := range c.Systems {
		d.refer(k, entry("catalog.systems", i)+".owner", "group", e.Owner)
		d.refer(k, entry("catalog.systems", i)+".domain", "domain", e.Domain)
	}
	for i, e := range c.Groups {
		d.refer(k, entry("catalog.groups", i)+".parent", "group", e.Parent)
		d.refer(k, entry("catalog.groups", i)+".children", "group", e.Children...)
	}
	for i, e := range c.Users {
		d.refer(k, entry("catalog.users", i)+".memberOf", "group", e.MemberOf...)
	}
	for i, e := range c.Primitives {
		path := entry("catalog.primitives", i)
		d.refer(k, path+".owner", "group", e.Owner)
		d.refer(k, path+".system", "system", e.System)
		d.refer(k, path+".definition", "resource", e.Definition)
		d.checkPrimitive(path, e)
	}
}

// checkPrimitive finds keys that the kind of a primitive has no use for.
func (d *decoder) checkPrimitive(path string, p CatalogPrimitive) {
	if p.Proto != "" && p.IsDefinition() {
		d.blame(path+".proto", "", "%s: %s has no proto service", path, p.Kind)
	}
	if p.Definition != "" && p.Kind != "process" && p.Kind != "agent" {
		d.blame(path+".definition", "", "%s: %s executes no definition", path, p.Kind)
	}
}

func (d *decoder) declare(k known) {
	c := d.spec.Catalog
	k["component:default/backstage"] = "the portal itself"
	k["resource:default/backstage-database"] = "the portal itself"
	for i, e := range c.Domains {
		d.add(k, entry("catalog.domains", i), "domain", e.Name)
	}
	for i, e := range c.Systems {
		d.add(k, entry("catalog.systems", i), "system", e.Name)
	}
	for i, e := range c.Groups {
		d.add(k, entry("catalog.groups", i), "group", e.Name)
	}
	for i, e := range c.Users {
		d.add(k, entry("catalog.users", i), "user", e.Name)
	}
	for i, e := range c.Primitives {
		path := entry("catalog.primitives", i)
		d.add(k, path, e.EntityKind(), e.Name)
		if e.Proto != "" {
			d.add(k, path, "api", e.Name)
		}
	}
}

func (d *decoder) add(k known, path, kind, name string) {
	ref := strings.ToLower(kind + ":default/" + name)
	if other, taken := k[ref]; taken {
		d.blame(path+".name", "Backstage compares names without case", "%s declares %s, which %s declares already", path, ref, other)
		return
	}
	k[ref] = path
}

func (d *decoder) refer(k known, path, kind string, refs ...string) {
	for _, ref := range refs {
		full := strings.ToLower(ref)
		if !strings.Contains(full, ":") {
			full = kind + ":" + full
		}
		head, name, _ := strings.Cut(full, ":")
		if !strings.Contains(name, "/") {
			full = head + ":default/" + name
		}
		_, declared := k[full]
		if ref == "" || declared || !strings.Contains(full, ":default/") {
			continue
		}
		d.blame(path, "declare it in catalog, or correct the name", "%s: the catalog has no %s", path, full)
	}
}
