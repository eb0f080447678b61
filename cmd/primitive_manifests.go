package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ameideio/ameide/pkg/checkout"
	"github.com/ameideio/ameide/pkg/tenancy"
)

// manifests are the files of the tenant's namespaces, one for each place.
func (t *tree) manifests(places []tenancy.Placement, size tenancy.Size) ([]tenancy.File, error) {
	var files []tenancy.File
	for _, place := range places {
		e, _ := t.spec.Environment(place.Environment)
		file, err := tenancy.ManifestFile(place, tenancy.Bounds{Size: size, Gateway: tenancy.GatewayOf(&t.spec.Spec, e)})
		if err != nil {
			return nil, usage(err, "")
		}
		files = append(files, file)
	}
	return files, nil
}

// printManifests prints every file of the tenant's namespaces, each under its path in the GitOps checkout.
func printManifests(env Env, t *tree, places []tenancy.Placement, size tenancy.Size) error {
	files, err := t.manifests(places, size)
	if err != nil {
		return err
	}
	p := newPrinter(env)
	for _, f := range files {
		p.line("# %s", f.Path)
		p.line("%s", strings.TrimSuffix(string(f.Content), "\n"))
	}
	return p.err
}

// writeManifests writes the files that are missing. Those that exist are the platform team's: a tenant's quota is theirs to
// change.
func writeManifests(env Env, t *tree, places []tenancy.Placement, size tenancy.Size) error {
	files, err := t.manifests(places, size)
	if err != nil {
		return err
	}
	if err := t.mustLookLikeGitOps(); err != nil {
		return err
	}
	var plan checkout.Plan
	for _, f := range files {
		plan = append(plan, checkout.File{Path: f.Path, Content: f.Content, Kind: checkout.Once})
	}
	changes, err := checkout.Compare(t.root.FS(), plan, checkout.Options{Partial: true, Collect: true})
	if err != nil {
		return unavailable(err, "")
	}
	p := newPrinter(env)
	p.changes(changes)
	if n := changes.Count(checkout.Collide); n > 0 {
		return errors.Join(p.err, refused(fmt.Errorf("nothing was written: something is in the way of %d files", n), "move away what is named above"))
	}
	if err := checkout.Apply(t.root, changes); err != nil {
		return unavailable(err, "")
	}
	p.line("")
	p.line("%d created, %d skipped", changes.Count(checkout.Create), changes.Count(checkout.Skip))
	return p.err
}
