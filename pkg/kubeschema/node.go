package kubeschema

import (
	"bytes"
	"encoding/json"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// node is a schema as stored. Its own fields shadow those of JSONSchemaProps with the same JSON names, so that the parts
// of an object can be references and are compiled one by one; everything else is left to the upstream type.
type node struct {
	apiextensionsv1.JSONSchemaProps

	Reference            string           `json:"$ref"`
	Properties           map[string]*node `json:"properties"`
	Items                *node            `json:"items"`
	AdditionalProperties *nodeOrBool      `json:"additionalProperties"`
}

// nodeOrBool is the value of additionalProperties.
type nodeOrBool struct {
	*node
	allows bool
}

// UnmarshalJSON accepts a schema, true or false.
func (n *nodeOrBool) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		n.allows = true
		n.node = &node{}
		return json.Unmarshal(data, n.node)
	}
	return json.Unmarshal(data, &n.allows)
}

// resolver returns the compiled form of a definition that a node refers to.
type resolver func(name string) (*compiled, error)

// compile builds both forms of the node and of everything below it.
func (n *node) compile(resolve resolver) (*compiled, error) {
	if n.Reference != "" {
		return resolve(n.Reference)
	}
	c, err := n.compileLeaf()
	if err != nil {
		return nil, err
	}
	if err := n.compileProperties(c, resolve); err != nil {
		return nil, err
	}
	if n.Items != nil {
		items, err := n.Items.compile(resolve)
		if err != nil {
			return nil, err
		}
		c.structural.Items = items.structural
		c.openapi.Items = &spec.SchemaOrArray{Schema: items.openapi}
	}
	return c, n.compileAdditional(c, resolve)
}

// compileLeaf converts what the node says about itself, in the API server's own steps.
func (n *node) compileLeaf() (*compiled, error) {
	leaf := n.JSONSchemaProps
	leaf.Title = "" // a title stands for a built-in type here, see bundle.titled
	var props apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&leaf, &props, nil); err != nil {
		return nil, err
	}
	structural, err := schema.NewStructural(&props)
	if err != nil {
		return nil, err
	}
	openapi := &spec.Schema{}
	err = validation.ConvertJSONSchemaPropsWithPostProcess(&props, openapi, validation.StripUnsupportedFormatsPostProcess)
	return &compiled{structural, openapi}, err
}

func (n *node) compileProperties(c *compiled, resolve resolver) error {
	if n.Properties == nil {
		return nil
	}
	c.structural.Properties = make(map[string]schema.Structural, len(n.Properties))
	c.openapi.Properties = make(map[string]spec.Schema, len(n.Properties))
	for name, property := range n.Properties {
		p, err := property.compile(resolve)
		if err != nil {
			return err
		}
		c.structural.Properties[name] = *p.structural
		c.openapi.Properties[name] = *p.openapi
	}
	return nil
}

func (n *node) compileAdditional(c *compiled, resolve resolver) error {
	if n.AdditionalProperties == nil {
		return nil
	}
	c.structural.AdditionalProperties = &schema.StructuralOrBool{Bool: n.AdditionalProperties.allows}
	c.openapi.AdditionalProperties = &spec.SchemaOrBool{Allows: n.AdditionalProperties.allows}
	if n.AdditionalProperties.node == nil {
		return nil
	}
	additional, err := n.AdditionalProperties.compile(resolve)
	if err != nil {
		return err
	}
	c.structural.AdditionalProperties.Structural = additional.structural
	c.openapi.AdditionalProperties.Schema = additional.openapi
	return nil
}
