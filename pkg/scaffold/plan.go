package scaffold

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/skeleton"
	"github.com/ameideio/ameide/pkg/tenancy"
)

// Suffix of a template's file name; it is no part of the name that is written.
const Suffix = ".tmpl"

// Marker is what every scaffolded test says that waits for its business logic.
const Marker = "AMEIDE_SCAFFOLD"

// Parts are what a primitive may have beside its code.
type Parts struct {
	GitOps   bool      // the manifests
	Harness  bool      // the runner of its integration tests, where its kind has one
	Contract *Contract // instead of the skeleton's own; may be nil
}

// NewDefinitionPlan writes the design-time artifact that a process or an agent executes, and nothing else.
func NewDefinitionPlan(tree fs.FS, v Values) (checkout.Plan, error) {
	return write(tree, v, []layer{{path.Join("_design", string(v.Kind)), "", false}})
}

// Plans are a primitive's files, one plan for each checkout. GitOps is empty unless it was asked for.
type Plans struct{ Code, GitOps checkout.Plan }

// layer is a folder of the templates and where it goes.
type layer struct {
	from, to string
	optional bool // a kind may do without it
}

// NewPlans writes every layer of a primitive. tree is templates.Primitives. An error is a template's, and names file, line
// and column.
func NewPlans(tree fs.FS, v Values, parts Parts) (Plans, error) {
	own := path.Join(string(v.Kind), string(v.Lang))
	code := []layer{{"_common/code", v.Dir, false}, {path.Join(own, "code"), v.Dir, false}, {"_common/repo", "", false}}
	if parts.Harness {
		code = append(code, layer{path.Join(own, "harness"), v.Dir, true})
	}
	var plans Plans
	var err error
	if plans.Code, err = write(tree, v, code); err != nil {
		return Plans{}, err
	}
	if parts.Contract != nil {
		plans.Code = replaceContract(plans.Code, v, parts.Contract)
	}
	if parts.GitOps {
		plans.GitOps, err = write(tree, v, []layer{manifests(v)})
	}
	return plans, err
}

// manifests is the layer for where the primitive runs. The platform's ApplicationSet deploys into the platform's own
// namespaces only: everything else brings its Applications along. What the platform runs for one tenant lies in that
// tenant's folder of the platform's repository.
func manifests(v Values) layer {
	switch {
	case v.Custom:
		return layer{"_gitops/tenant", "", false}
	case v.SKU != string(tenancy.SKUShared):
		return layer{"_gitops/tenant", path.Join("tenants", v.Tenant), false}
	}
	return layer{"_gitops/platform", "", false}
}

func write(tree fs.FS, v Values, layers []layer) (checkout.Plan, error) {
	var plan checkout.Plan
	for _, l := range layers {
		if _, err := fs.Stat(tree, l.from); err != nil && l.optional {
			continue
		}
		err := fs.WalkDir(tree, l.from, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			f, err := file(tree, name, v)
			f.Path = path.Join(l.to, strings.TrimPrefix(f.Path, l.from+"/"))
			plan = append(plan, f)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return plan, nil
}

// file is one template executed, under its name below the templates' root.
func file(tree fs.FS, name string, v Values) (checkout.File, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return checkout.File{}, err
	}
	content, err := skeleton.Execute("templates/primitives/"+name, string(text), v)
	if err != nil {
		return checkout.File{}, err
	}
	target, err := skeleton.Path(strings.TrimSuffix(name, Suffix), v)
	if err != nil {
		return checkout.File{}, fmt.Errorf("templates/primitives/%s: %w", name, err)
	}
	return checkout.File{Path: target, Content: []byte(content), Mode: Mode(target), Kind: checkout.Once}, nil
}

// replaceContract puts somebody's proto files in the place of the skeleton's own.
func replaceContract(plan checkout.Plan, v Values, c *Contract) checkout.Plan {
	root := path.Join(v.Dir, "proto")
	var out checkout.Plan
	for _, f := range plan {
		if !strings.HasPrefix(f.Path, root+"/") || path.Ext(f.Path) != ".proto" {
			out = append(out, f)
		}
	}
	for _, f := range c.Files {
		out = append(out, checkout.File{Path: path.Join(root, f.Path), Content: f.Content, Kind: checkout.Once})
	}
	return out
}

// WithContract is the values of a primitive that has somebody's contract. Complete has its services already.
func (v Values) WithContract(c *Contract) Values {
	v.ProtoPackage = c.Package
	v.ProtoPath = strings.ReplaceAll(c.Package, ".", "/")
	v.ProtoFile = path.Base(c.Files[0].Path)
	return v
}
