// Package portal writes the Software Templates with which the portal starts primitives: for each kind a template.yaml and
// the skeletons that its steps fetch.
//
// Nothing here knows how a primitive looks or what it is called. The skeletons are templates/primitives compiled to Nunjucks
// by package skeleton; the values of the steps are the same derivations, as expressions over the form's parameters; the
// namespaces and repositories are the table of package tenancy. So the portal writes what `ameide primitive scaffold` writes,
// byte for byte.
//
// Backstage applies a parameter's default in the browser only, and drops empty strings from a step's input: no expression
// depends on a default, and a skeleton finds an absent string empty.
package portal
