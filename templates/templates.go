// Package templates holds every file that ameide generates, as files.
//
// A file X.tmpl below gitops/ becomes X at the same path of the GitOps checkout. Its delimiters are [[ and ]], because
// Helm charts and Go templates are full of braces. A path segment {env} stands for each environment in turn. The suffix
// keeps Go's embedding from dropping dotfiles, files that begin with an underscore, and folders with a go.mod.
//
// portal/ has what the Software Templates of the portal are made of, beside those skeletons.
//
// Below primitives/ are the layers that a new primitive is made of, in the dialect of package skeleton; package scaffold
// says which layer goes where. A path segment {name} stands for the primitive's value of that name.
package templates

import (
	"embed"
	"io/fs"
)

//go:embed all:gitops all:portal all:primitives
var files embed.FS

// FS is all of it: gitops/, portal/ and primitives/.
func FS() fs.FS { return files }

// GitOps is the tree of templates for a GitOps checkout.
func GitOps() fs.FS {
	sub, err := fs.Sub(files, "gitops")
	if err != nil { // the path is a constant of this package
		panic(err)
	}
	return sub
}

// Primitives is the tree of the primitives' skeletons, with values.yaml at its root.
func Primitives() fs.FS {
	sub, err := fs.Sub(files, "primitives")
	if err != nil { // the path is a constant of this package
		panic(err)
	}
	return sub
}
