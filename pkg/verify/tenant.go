package verify

import (
	"fmt"
	"io/fs"

	"github.com/ameideio/ameide/pkg/appset"
	"github.com/ameideio/ameide/pkg/kubeschema"
	"github.com/ameideio/ameide/pkg/spec"
)

// OfTenant tells a tenant's own GitOps repository: it has primitives and nothing of the platform's.
func OfTenant(tree fs.FS) bool {
	isDir := func(name string) bool {
		info, err := fs.Stat(tree, name)
		return err == nil && info.IsDir()
	}
	return isDir("primitives") && !isDir("argocd") && !isDir("environments") && !isDir("sources")
}

// loadOfTenant loads such a repository. No ApplicationSet reads it, and it has nothing of the portal: it has no environments.
func loadOfTenant(fsys fs.FS, s *spec.Loaded, o LoadOptions) (*Tree, error) {
	schemas, err := kubeschema.New(s.Spec.Kubernetes.Version)
	if err != nil {
		return nil, fmt.Errorf("load schemas: %w", err)
	}
	return &Tree{FS: fsys, Spec: s, Sets: &appset.Result{}, Schemas: schemas, Scratch: o.Scratch, Today: o.Today, ofTenant: true}, nil
}

// appliesTo tells rules that a tenant's repository can be asked from those about the platform.
func (r Rule) appliesTo(t *Tree) bool { return !t.ofTenant || r.Anywhere }
