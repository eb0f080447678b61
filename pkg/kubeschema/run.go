package kubeschema

import (
	"context"
	"slices"
	"strings"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// run is the validation of one object, a copy that the steps change as the API server's do.
type run struct {
	*Validator
	kind   *kindSchema
	object map[string]any
}

// all runs the steps of a create request in the API server's order: strict decoding, defaulting, metadata, schema, list
// keys, CEL, and the checks of built-in types. As there, CEL rules do not run on an object of the wrong shape.
func (r *run) all() []Violation {
	structural := r.kind.schema.structural
	violations := r.unknownFields()
	defaulting.Default(r.object, structural)
	defaulting.PruneNonNullableNullsWithoutDefaults(r.object, structural)

	errs := r.metadata()
	errs = append(errs, schemaErrors(r.object, r.kind.validator)...)
	errs = append(errs, objectmeta.Validate(context.Background(), nil, r.object, structural, false)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, structural, r.object)...)
	if len(errs) == 0 {
		r.rules.compileAhead(structural, r.object, true)
		errs = r.rules.validate(nil, structural, r.object, true)
	}
	errs = append(errs, walkChecks(nil, structural, r.object)...)
	return append(violations, fromFieldErrors(errs)...)
}

// unknownFields removes the fields that the schema does not have and reports them.
func (r *run) unknownFields() []Violation {
	structural := r.kind.schema.structural
	options := structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	violations := unknownFields(structural, pruning.PruneWithOptions(r.object, structural, true, options))
	coerce := objectmeta.CoerceOptions{DropInvalidFields: true, ReturnUnknownFieldPaths: true}
	err, paths := objectmeta.CoerceWithOptions(nil, r.object, structural, false, coerce)
	if err != nil {
		violations = append(violations, fromFieldErrors(field.ErrorList{err})...)
	}
	violations = append(violations, unknownFields(structural, paths)...)
	metadata, ok := r.object["metadata"].(map[string]any)
	if !ok {
		return violations
	}
	meta := r.objectMeta.schema.structural
	options = structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	only := map[string]any{"metadata": metadata}
	return append(violations, unknownFields(meta, pruning.PruneWithOptions(only, meta, false, options))...)
}

// withOpenMetadata takes the metadata out of a built-in kind's schema: it is checked apart, for every kind alike.
func withOpenMetadata(c *compiled) *compiled {
	if c.structural.Properties == nil {
		return c
	}
	structural, openapi := *c.structural, *c.openapi
	structural.Properties = make(map[string]structuralschema.Structural, len(c.structural.Properties))
	for name, property := range c.structural.Properties {
		structural.Properties[name] = property
	}
	openapi.Properties = make(map[string]spec.Schema, len(c.openapi.Properties))
	for name, property := range c.openapi.Properties {
		openapi.Properties[name] = property
	}
	structural.Properties["metadata"] = structuralschema.Structural{Generic: structuralschema.Generic{Type: "object"}}
	openapi.Properties["metadata"] = spec.Schema{SchemaProps: spec.SchemaProps{Type: spec.StringOrArray{"object"}}}
	return &compiled{&structural, &openapi}
}

// metadataOnly is the schema of an object that has nothing but metadata: it gives the metadata its right path.
func metadataOnly(meta *compiled) *compiled {
	return &compiled{
		structural: &structuralschema.Structural{
			Generic:    structuralschema.Generic{Type: "object"},
			Properties: map[string]structuralschema.Structural{"metadata": *meta.structural},
		},
		openapi: &spec.Schema{SchemaProps: spec.SchemaProps{
			Type:       spec.StringOrArray{"object"},
			Properties: map[string]spec.Schema{"metadata": *meta.openapi},
		}},
	}
}

// schemaErrors runs the schema. A fraction where an integer belongs is reported twice, once without a path: that one is
// left out.
func schemaErrors(object map[string]any, validator validation.SchemaValidator) field.ErrorList {
	errs := validation.ValidateCustomResource(nil, object, validator)
	return slices.DeleteFunc(errs, func(err *field.Error) bool {
		return strings.HasPrefix(err.Detail, "Checked value must be of type")
	})
}
