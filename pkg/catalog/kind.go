package catalog

// kind is what Backstage knows of one kind of entity.
type kind struct {
	apiVersions []string
	spec        *shape
}

// kindOf finds a kind by its name; the case counts.
func kindOf(name string) (kind, bool) {
	core := []string{"backstage.io/v1alpha1", "backstage.io/v1beta1"}
	if name == "Template" {
		return kind{[]string{"scaffolder.backstage.io/v1beta3"}, templateSpec()}, true
	}
	spec, ok := coreSpecs()[name]
	return kind{core, spec}, ok
}

// coreSpecs are the kinds of catalog-model, schema/kinds/*.v1alpha1.schema.json.
func coreSpecs() map[string]*shape {
	profile := texts("displayName", "email", "picture")
	return map[string]*shape{
		"Component": texts("type", "lifecycle", "owner", "system", "subcomponentOf").
			with("providesApis", list(text())).with("consumesApis", list(text())).with("dependsOn", list(text())).
			requires("type", "lifecycle", "owner"),
		"API":      texts("type", "lifecycle", "owner", "system", "definition").requires("type", "lifecycle", "owner", "definition"),
		"System":   texts("owner", "domain", "type").requires("owner"),
		"Domain":   texts("owner", "subdomainOf", "type").requires("owner"),
		"Resource": texts("type", "owner", "system").with("dependsOn", list(text())).requires("type", "owner"),
		"Group": texts("type", "parent").with("profile", profile).
			with("children", list(text())).with("members", list(text())).requires("type", "children"),
		"User": mapping(map[string]*shape{"profile": profile, "memberOf": list(text())}).requires("memberOf"),
		"Location": texts("type", "target").with("targets", list(text())).
			with("presence", &shape{types: []valueType{typeString}, enum: []string{"required", "optional"}}),
	}
}

// templateSpec is scaffolder-common's Template.v1beta3.schema.json.
func templateSpec() *shape {
	permissions := mapping(map[string]*shape{"tags": list(anyText())})
	page := mapping(map[string]*shape{"backstage:permissions": permissions})
	step := mapping(map[string]*shape{
		"id": anyText(), "name": anyText(), "action": anyText(), "input": mapping(nil),
		"if": {types: []valueType{typeString, typeBool}, empty: true}, "backstage:permissions": permissions,
	}).requires("action")
	output := mapping(map[string]*shape{
		"links": list(texts("url", "entityRef", "title", "icon")),
		"text":  list(texts("title", "icon").with("content", anyText())),
	})
	output.extra = anyText()
	labels := mapping(map[string]*shape{"backButtonText": anyText(), "createButtonText": anyText(), "reviewButtonText": anyText()})
	return texts("type", "owner").
		with("parameters", &shape{types: []valueType{typeObject, typeArray}, fields: page.fields, items: page}).
		with("presentation", mapping(map[string]*shape{"buttonLabels": labels})).
		with("EXPERIMENTAL_recovery", mapping(map[string]*shape{"EXPERIMENTAL_strategy": anyText()})).
		with("EXPERIMENTAL_formDecorators", list(mapping(map[string]*shape{"id": anyText(), "input": mapping(nil)}))).
		with("steps", list(step)).with("output", output).requires("type", "steps")
}

// envelope is Entity.schema.json and EntityMeta.schema.json, without the root fields that only the catalog itself sets.
func envelope() *shape {
	strings := mapping(nil)
	strings.extra = anyText()
	metadata := texts("uid", "etag", "name", "namespace", "title").with("description", anyText()).
		with("labels", strings).with("annotations", strings).with("tags", list(text())).
		with("links", list(texts("url", "title", "icon", "type").requires("url"))).requires("name")
	root := texts("apiVersion", "kind").with("metadata", metadata).with("spec", mapping(nil)).requires("apiVersion", "kind", "metadata")
	root.closed = true
	return root
}
