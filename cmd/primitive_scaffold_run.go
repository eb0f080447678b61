package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/templates"
)

// compare plans the primitive's files and holds them against both checkouts. Nothing is written before both are judged.
func (o scaffoldOptions) compare(p *primitive, code *os.Root, t *tree) (*scaffolding, error) {
	if o.definition {
		plan, err := scaffold.NewDefinitionPlan(templates.Primitives(), p.values)
		if err != nil {
			return nil, err
		}
		job := &scaffolding{primitive: p}
		return job, job.add(codeCheckout, code, plan)
	}
	if err := scaffold.CheckExisting(code.FS(), p.values); err != nil {
		return nil, refused(err, "")
	}
	plans, err := scaffold.NewPlans(templates.Primitives(), p.values, scaffold.Parts{GitOps: o.withGitOps, Harness: o.harness, Contract: p.contract})
	if err != nil {
		return nil, err
	}
	job := &scaffolding{primitive: p, workspace: hasWorkspace(code)}
	if err := job.add(codeCheckout, code, plans.Code); err != nil || !o.withGitOps {
		return job, err
	}
	if err := o.placeFor(p.values, code, t); err != nil {
		return nil, err
	}
	return job, job.add(gitopsCheckout, t.root, plans.GitOps)
}

// placeFor refuses a directory that manifests do not belong into.
func (o scaffoldOptions) placeFor(v scaffold.Values, code *os.Root, t *tree) error {
	same, err := sameDirectory(code, t.root)
	if err != nil {
		return unavailable(err, "")
	}
	if same || !v.Custom {
		return t.mustLookLikeGitOps()
	}
	return nil
}

func sameDirectory(a, b *os.Root) (bool, error) {
	one, err := a.Stat(".")
	if err != nil {
		return false, err
	}
	other, err := b.Stat(".")
	return err == nil && os.SameFile(one, other), err
}

func hasWorkspace(root *os.Root) bool {
	info, err := root.Stat("go.work")
	return err == nil && info.Mode().IsRegular()
}

// scaffolding is a primitive held against the checkouts that it goes into.
type scaffolding struct {
	*primitive
	workspace bool // the code's checkout has a Go workspace
	parts     []scaffoldingPart
}

// scaffoldingPart is what happens in one checkout.
type scaffoldingPart struct {
	name    string // code or gitops
	root    *os.Root
	changes *checkout.Changes
}

// The checkouts that a primitive goes into.
const (
	codeCheckout   = "code"
	gitopsCheckout = "gitops"
)

func (s *scaffolding) add(name string, root *os.Root, plan checkout.Plan) error {
	changes, err := checkout.Compare(root.FS(), plan, checkout.Options{Partial: true, Collect: true})
	if err != nil {
		return unavailable(err, "")
	}
	s.parts = append(s.parts, scaffoldingPart{name, root, changes})
	return nil
}

func (s *scaffolding) count(a checkout.Action) int {
	n := 0
	for _, part := range s.parts {
		n += part.changes.Count(a)
	}
	return n
}

// run writes what is missing, unless something is in the way of any file of either checkout.
func (s *scaffolding) run(ctx context.Context, env Env, o scaffoldOptions) error {
	if n := s.count(checkout.Collide); n > 0 {
		err := refused(fmt.Errorf("nothing was written: something is in the way of %d files", n), "move away what is named above, or choose another name")
		return errors.Join(s.print(env, o), err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !o.dryRun {
		if err := s.apply(); err != nil {
			return unavailable(err, "")
		}
	}
	return s.print(env, o)
}

// apply writes one checkout after the other. What the first has already is said when the second fails.
func (s *scaffolding) apply() error {
	written := ""
	for _, part := range s.parts {
		if err := checkout.Apply(part.root, part.changes); err != nil {
			return fmt.Errorf("%s%w", written, err)
		}
		if n := part.changes.Count(checkout.Create); n > 0 {
			written = fmt.Sprintf("%d files of the %s are written; in the next checkout: ", n, part.name)
		}
	}
	return nil
}
