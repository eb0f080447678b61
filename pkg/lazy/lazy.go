// Package lazy makes what a program may never need when it is needed: a hundred regular expressions cost every run more than
// what it prints about itself, and most runs use few of them.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp is a regular expression that is compiled when it is asked for. A bad one panics then, as regexp.MustCompile does.
func Regexp(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
