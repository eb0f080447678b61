package kubeschema

import (
	"errors"
	"fmt"

	"sigs.k8s.io/yaml"
)

// CRD is one served version of a custom resource that is not embedded.
type CRD struct {
	APIVersion string // "ameide.io/v1"
	Kind       string
	Namespaced bool
	schema     *node
}

// crdDocument is what is read of a CustomResourceDefinition.
type crdDocument struct {
	Kind string `json:"kind"`
	Spec struct {
		Group string `json:"group"`
		Scope string `json:"scope"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Served bool   `json:"served"`
			Schema struct {
				OpenAPIV3Schema *node `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

// ParseCRDs reads the CustomResourceDefinitions of a YAML file, one or several documents, for New. Documents of other
// kinds are skipped; a CRD without a schema for a served version is an error.
func ParseCRDs(data []byte) ([]CRD, error) {
	var crds []CRD
	for _, doc := range splitDocuments(data) {
		var def crdDocument
		if err := yaml.Unmarshal(doc.text, &def); err != nil {
			return nil, fmt.Errorf("read CustomResourceDefinition in the document at line %d: %w", doc.line, err)
		}
		if def.Kind != "CustomResourceDefinition" {
			continue
		}
		versions, err := def.served()
		if err != nil {
			return nil, fmt.Errorf("read CustomResourceDefinition in the document at line %d: %w", doc.line, err)
		}
		crds = append(crds, versions...)
	}
	return crds, nil
}

func (d *crdDocument) served() ([]CRD, error) {
	if d.Spec.Group == "" || d.Spec.Names.Kind == "" {
		return nil, errors.New("spec.group and spec.names.kind are required")
	}
	var crds []CRD
	for _, version := range d.Spec.Versions {
		if !version.Served {
			continue
		}
		if version.Schema.OpenAPIV3Schema == nil {
			return nil, fmt.Errorf("version %s of %s has no schema.openAPIV3Schema", version.Name, d.Spec.Names.Kind)
		}
		crds = append(crds, CRD{
			APIVersion: d.Spec.Group + "/" + version.Name,
			Kind:       d.Spec.Names.Kind,
			Namespaced: d.Spec.Scope == "Namespaced",
			schema:     version.Schema.OpenAPIV3Schema,
		})
	}
	return crds, nil
}
