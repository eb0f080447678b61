package factory

import (
	"io/fs"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/portal"
	"github.com/ameideio/ameide/pkg/spec"
)

// NewPlan is the installation as files: what templates, the tree of package templates, generate for the named environments
// and for the portal's forms, and what other people's files in the checkout need in addition. An error names the file and
// line that is in the way; then there is no plan.
func NewPlan(templates, tree fs.FS, s *spec.Spec, envs []string) (checkout.Plan, error) {
	gitops, err := fs.Sub(templates, "gitops")
	if err != nil {
		return nil, err
	}
	var plan, forms checkout.Plan
	var side errgroup.Group // these read nothing of the checkout, and take longer than all the rest
	side.Go(func() (err error) { plan, err = generated(gitops, s, envs); return err })
	side.Go(func() (err error) { forms, err = portal.Templates(templates, s); return err })
	w := newWorkspace(tree, s)
	selected := map[string]bool{}
	for _, e := range envs {
		selected[e] = true
	}
	err = w.edits(selected)
	if failed := side.Wait(); err == nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	if plan, err = w.inForeignCharts(plan); err != nil {
		return nil, err
	}
	plan = slices.Concat(plan, w.files(), forms)
	for _, name := range slices.Sorted(maps.Keys(w.absent)) {
		plan = append(plan, checkout.File{Path: name, Kind: checkout.Absent, Reason: "the platform's chart is not in this checkout: its part for the portal is missing"})
	}
	return plan, nil
}
