// Package appset answers offline what Argo CD would make of a GitOps checkout: it builds the Kustomize overlays that
// carry the ApplicationSets, evaluates the ApplicationSets, and returns the Applications with their value files in order.
//
// The semantics are those of Argo CD's ApplicationSet controller (applicationset/generators, applicationset/utils and
// applicationset/controllers/template of argo-cd v2.14 to v3.5): the generators list, git, matrix and merge with
// selectors, Go templates with sprig, templatePatch and RollingSync. Git patterns are doublestar globs, as with
// applicationsetcontroller.enable.new.git.file.globbing. Symbolic links and files outside the tree are read through the
// fs.FS that the caller passes, so a tree opened with os.Root cannot be left.
//
// What the package does not understand is a Problem with file and line, never silently skipped: another repository,
// generators that ask a cluster or a server, goTemplate: false, generator templates, Kustomize features that could
// change an ApplicationSet. Nothing here opens a socket or reads the environment.
package appset
