// Package live holds a running environment against what Git declares of it.
//
// Declare says what Git wants, Read looks at what runs and changes nothing, and the rules decide; they are pure. A part
// that could not be looked at carries its own error, so that everything else is still judged: a missing right names the
// RBAC rule that grants it, and nothing that was not seen ever passes.
package live
