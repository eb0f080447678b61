// Package checkout is the one way files get into a Git checkout.
//
// A Plan says which files must be there. Compare reads the checkout and the lock file and turns the plan into Changes; it
// is pure. Apply is the only writer. What ameide wrote is remembered in the lock file ameide.lock, so that an edit of a
// generated file survives the next run: base (what was written), the user's file and the new version are merged; where
// both sides changed the same lines nothing at all is written.
package checkout
