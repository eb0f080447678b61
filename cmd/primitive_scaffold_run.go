package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/scaffold"
	"github.com/ameideio/ameide/templates"
)

// plans are the primitive's files.
func (o scaffoldOptions) plans(p *primitive) (scaffold.Plans, error) {
	if o.definition {
		code, err := scaffold.NewDefinitionPlan(templates.Primitives(), p.values)
		return scaffold.Plans{Code: code}, err
	}
	return scaffold.NewPlans(templates.Primitives(), p.values, scaffold.Parts{GitOps: o.withGitOps, Harness: o.harness, Contract: p.contract})
}

// compare holds the primitive's files against both checkouts. Nothing is written before both are judged.
func (o scaffoldOptions) compare(p *primitive, plans scaffold.Plans, code *os.Root, t *tree) (*scaffolding, error) {
	job := &scaffolding{primitive: p}
	if !o.definition {
		if err := scaffold.CheckExisting(code.FS(), p.values); err != nil {
			return nil, refused(err, "")
		}
		job.workspace = hasWorkspace(code)
	}
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
	files, done := checkout.Files(root)
	defer done()
	changes, err := checkout.Compare(files, plan, checkout.Options{Partial: true, Collect: true})
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

// run writes what is missing, and says what it did.
func (s *scaffolding) run(ctx context.Context, env Env, o scaffoldOptions) error {
	err := s.write(ctx, o.dryRun)
	if err != nil && s.count(checkout.Collide) == 0 {
		return err
	}
	return errors.Join(s.print(env, o), err)
}

// write writes what is missing, unless something is in the way of any file of either checkout.
func (s *scaffolding) write(ctx context.Context, dryRun bool) error {
	if err := s.free(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil || dryRun {
		return err
	}
	return applyAll([]*scaffolding{s})
}

// free refuses where something is in the way.
func (s *scaffolding) free() error {
	if n := s.count(checkout.Collide); n > 0 {
		return refused(fmt.Errorf("nothing was written: something is in the way of %d files", n), "move away what is named above, or choose another name")
	}
	return nil
}

// alone tells whether the primitive must be written before others are compared.
func (s *scaffolding) alone() bool {
	return slices.ContainsFunc(s.parts, func(p scaffoldingPart) bool { return !p.changes.Joinable() })
}

// applyAll writes primitives, one checkout after the other. What the first has already is said when the second fails.
func applyAll(jobs []*scaffolding) error {
	written := ""
	for _, name := range []string{codeCheckout, gitopsCheckout} {
		var root *os.Root
		var all []*checkout.Changes
		for _, job := range jobs {
			for _, part := range job.parts {
				if part.name == name {
					root, all = part.root, append(all, part.changes)
				}
			}
		}
		if len(all) == 0 {
			continue
		}
		changes, err := checkout.Join(all)
		if err == nil {
			err = checkout.Apply(root, changes)
		}
		if err != nil {
			return unavailable(fmt.Errorf("%s%w", written, err), "")
		}
		if n := changes.Count(checkout.Create); n > 0 {
			written = fmt.Sprintf("%d files of the %s are written; in the next checkout: ", n, name)
		}
	}
	return nil
}
