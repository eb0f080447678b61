// Package verify checks a GitOps tree without a network: it loads the tree once (spec, Applications, effective values,
// rendered objects), asks every rule, and returns findings with the file and line of the leaf that causes each.
//
// Load reads; Rules lists what is checked; Run decides, and is pure. Formats of the result are package report's.
package verify
