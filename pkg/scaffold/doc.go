// Package scaffold writes a new service primitive: a Domain, Process, Agent or UISurface that builds, runs, and fails its
// tests for one reason only, namely that nobody has written the business logic yet.
//
//	p = p.WithDefaults(spec)                           what nobody said
//	problems := Check(p, spec)                         every name, everywhere it will be used
//	v, err := Complete(p, services, spec, derivations) all values that follow
//	plans, err := NewPlans(templates, v, parts)        the files, for the code's checkout and for the manifests'
//
// The files are the layers of templates/primitives in the dialect of package skeleton. The portal's Software Templates are
// compiled from the same layers, so that both write the same bytes. Whether a file exists already is package checkout's
// concern: all of a primitive's files are written once and belong to their owner from then on.
package scaffold
