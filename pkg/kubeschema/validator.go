package kubeschema

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// objectMetaDefinition is the schema of every object's metadata, in the bundle of the built-in kinds.
const objectMetaDefinition = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

// Validator checks objects for one Kubernetes version. It is safe for concurrent use.
type Validator struct {
	minor      string
	kinds      map[kindID]*kindSchema
	objectMeta *kindSchema
	rules      *ruleCache
	bundles    map[string]*bundle // by path, opened when needed
}

// kindSchema is a kind and, once asked for, its compiled schema.
type kindSchema struct {
	id         kindID
	namespaced bool
	load       func() (*compiled, error)

	once      sync.Once
	schema    *compiled
	validator validation.SchemaValidator
	err       error
}

// compile returns the error of the first call on every later one.
func (k *kindSchema) compile() error {
	k.once.Do(func() {
		if k.schema, k.err = k.load(); k.err == nil {
			k.validator = validation.NewSchemaValidatorFromOpenAPI(k.schema.openapi)
		}
	})
	return k.err
}

// New returns a validator for the built-in kinds of a Kubernetes version ("1.37", "v1.37.2"), the embedded custom
// resources and the extra ones, which win over embedded ones of the same name. It decodes no schema. A version that is
// not embedded gives a *VersionError.
func New(kubernetesVersion string, extra ...CRD) (*Validator, error) {
	minor, err := minorOf(kubernetesVersion)
	if err != nil {
		return nil, err
	}
	entries, err := readIndex()
	if err != nil {
		return nil, err
	}
	v := &Validator{minor: minor, kinds: make(map[kindID]*kindSchema, len(entries)), rules: newRuleCache()}
	v.addEmbedded(entries)
	v.addPlatform()
	for _, crd := range extra {
		id := kindID{crd.APIVersion, crd.Kind}
		v.kinds[id] = &kindSchema{id: id, namespaced: crd.Namespaced, load: func() (*compiled, error) {
			return crd.schema.compile(noReferences)
		}}
	}
	return v, nil
}

// addEmbedded makes the kinds of the index known: those of the validator's Kubernetes version and every CRD.
func (v *Validator) addEmbedded(entries []indexEntry) {
	builtins := &bundle{path: builtinPrefix + v.minor + bundleSuffix, titled: true}
	v.bundles = map[string]*bundle{builtins.path: builtins}
	v.objectMeta = &kindSchema{load: func() (*compiled, error) {
		c, err := builtins.get(objectMetaDefinition)
		if err != nil {
			return nil, err
		}
		return metadataOnly(c), nil
	}}
	for _, entry := range entries {
		if strings.HasPrefix(entry.bundle, builtinPrefix) && entry.bundle != builtins.path {
			continue
		}
		b := v.bundles[entry.bundle]
		if b == nil {
			b = &bundle{path: entry.bundle}
			v.bundles[entry.bundle] = b
		}
		v.kinds[entry.id] = &kindSchema{id: entry.id, namespaced: entry.namespaced, load: func() (*compiled, error) {
			c, err := b.get(entry.definition)
			if err != nil {
				return nil, err
			}
			return withOpenMetadata(c), nil
		}}
	}
}

func noReferences(name string) (*compiled, error) {
	return nil, fmt.Errorf("$ref %q: a CustomResourceDefinition has no references", name)
}

// Validate returns every reason why the API server would refuse to create the object, sorted by path; nil means it would
// accept it. The object is not changed. A List is checked item by item.
func (v *Validator) Validate(object map[string]any) []Violation {
	apiVersion, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	if apiVersion == "v1" && kind == "List" {
		return v.validateList(object)
	}
	schema := v.kinds[kindID{apiVersion, kind}]
	if schema == nil {
		return []Violation{v.noSchema(apiVersion, kind)}
	}
	if err := v.compile(schema); err != nil {
		return []Violation{{Reason: ReasonBadSchema, Message: fmt.Sprintf("%s: %v", ReasonBadSchema, err)}}
	}
	r := &run{Validator: v, kind: schema, object: copyMap(object)}
	violations := tidy(r.all())
	if apiVersion == "v1" && kind == "Secret" {
		redact(violations)
	}
	return violations
}

func (v *Validator) compile(schema *kindSchema) error {
	if err := v.objectMeta.compile(); err != nil {
		return err
	}
	return schema.compile()
}

func (v *Validator) validateList(list map[string]any) []Violation {
	items, ok := list["items"].([]any)
	if !ok {
		return fromFieldErrors(field.ErrorList{field.Required(field.NewPath("items"), "")})
	}
	var violations []Violation
	for i, item := range items {
		at := field.NewPath("items").Index(i)
		object, ok := item.(map[string]any)
		if !ok {
			violations = append(violations, fromFieldErrors(field.ErrorList{field.TypeInvalid(at, item, "must be an object")})...)
			continue
		}
		for _, violation := range v.Validate(object) {
			violation.Path = strings.TrimSuffix(at.String()+"."+violation.Path, ".")
			violations = append(violations, violation)
		}
	}
	return violations
}

// noSchema explains an unknown kind: most often it is a version that is no longer, or not yet, served.
func (v *Validator) noSchema(apiVersion, kind string) Violation {
	violation := Violation{Reason: ReasonNoSchema, Message: fmt.Sprintf("%s: no schema for kind %q of apiVersion %q", ReasonNoSchema, kind, apiVersion)}
	if served := v.servedAs(kind); len(served) > 0 {
		violation.Hint = "the kind is served as " + strings.Join(served, ", ")
	}
	return violation
}

func (v *Validator) servedAs(kind string) []string {
	var versions []string
	for id := range v.kinds {
		if id.kind == kind {
			versions = append(versions, id.apiVersion)
		}
	}
	slices.Sort(versions)
	return versions
}
