// Package helmchart loads, renders, lints and unit-tests Helm charts in process.
//
// Everything is read from an fs.FS (a checkout); nothing here opens a socket, asks a cluster or runs a program. The
// value files of an environment are merged exactly as Helm merges them, and every value keeps the file, line and column
// that won, so that a rule can point at the leaf that causes a finding. Rendering is stricter than Helm's: a value that
// nobody sets is an error, not an empty string.
//
// A Chart is loaded once and may be rendered for several environments at the same time. Only Lint and Unittest need a
// directory on disk (the libraries behind them read files); the caller names it, and what they write there is removed.
package helmchart
